import type { Hit } from 'parley/client';

type Parts = Hit['highlight'];

/** How much of the text stands before the first word that was found. */
const before = 30;

/** The found place of a message, with as much before it as still lets it be seen in two lines. */
export const snippetOf = (parts: Parts): Parts => {
  const first = parts.findIndex(({ match }) => match);
  const lead = parts
    .slice(0, Math.max(first, 0))
    .map(({ text }) => text)
    .join('');
  if (lead.length <= before) return parts;
  // Not within a word, unless that is a very long one.
  const tail = lead.slice(-before);
  const space = tail.search(/\s/u);
  return [
    { text: `…${space < 0 ? [...tail].slice(1).join('') : tail.slice(space + 1)}`, match: false },
    ...parts.slice(first),
  ];
};
