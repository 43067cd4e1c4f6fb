import { useEffect, useState } from 'preact/hooks';

export interface Emoji {
  readonly emoji: string;
  readonly label: string;
  /** One of emojibase's groups, 0 to 9. */
  readonly group: number;
  /** The label as it is searched, a blank before each word; and with it the tags. */
  readonly name: string;
  readonly words: string;
}

type Row = readonly [emoji: string, label: string, tags: string, group: number];

/** Accents and case make no difference to whoever searches. */
export const folded = (text: string) => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();

/** Each language of the page has its list (scripts/build-page.mjs). */
const load = async (language: string, signal: AbortSignal): Promise<Emoji[]> => {
  const [primary] = language.split('-');
  const answer = await fetch(`emoji/${primary}.json`, { signal });
  if (!answer.ok) throw new Error(`The list of emoji was answered with ${answer.status}.`);
  const rows: Row[] = await answer.json();
  return rows.map(([emoji, label, tags, group]) => {
    const name = ` ${folded(label)}`;
    return { emoji, label, group, name, words: `${name} ${folded(tags)}` };
  });
};

/** Every emoji with its name in the language. `retry` asks again after a failure. */
export const useEmoji = (language: string) => {
  const [emoji, setEmoji] = useState<readonly Emoji[]>();
  const [hasFailed, setFailed] = useState(false);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    const leaving = new AbortController();
    load(language, leaving.signal).then(setEmoji, () => {
      if (!leaving.signal.aborted) setFailed(true);
    });
    return () => leaving.abort();
  }, [language, tries]);
  const retry = () => {
    setFailed(false);
    setTries(tries + 1);
  };
  return { emoji, hasFailed, retry };
};

/** More would be no help. */
const maxFound = 120;

/** What is meant by a few letters, the likeliest first: a label that begins so, then one of its words, then a tag, then any part of a word. */
export const findEmoji = (all: readonly Emoji[], text: string): readonly Emoji[] => {
  const query = folded(text.trim());
  const terms = query.split(/\s+/u);
  const rank = ({ emoji, name, words }: Emoji) => {
    if (emoji === text.trim() || name.startsWith(` ${query}`)) return 0;
    if (terms.every(term => name.includes(` ${term}`))) return 1;
    if (terms.every(term => words.includes(` ${term}`))) return 2;
    return terms.every(term => term.length > 2 && words.includes(term)) ? 3 : undefined;
  };
  const ranks: Emoji[][] = [[], [], [], []];
  for (const each of all) ranks[rank(each) ?? -1]?.push(each);
  return ranks.flat().slice(0, maxFound);
};
