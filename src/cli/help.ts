import type { Command, Entry, Group } from './command.ts';

/** Two columns, the left as wide as its widest. */
const list = (rows: [string, string][]) => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
};

/** Columns that fit every terminal. */
const lineWidth = 80;

/** A paragraph, however it is broken in the source, in lines. */
const wrap = (text: string): string => {
  const lines = [''];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + 1 + word.length > lineWidth) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.join('\n');
};

const rowsOf = (entries: readonly Entry[]) => entries.map(({ name, summary }): [string, string] => [name, summary]);

export const programHelp = (entries: readonly Entry[]) => `Usage: parley COMMAND

What an operator does with a Parley server beside running it.

${list([...rowsOf(entries), ['help', 'Tell more about a command: parley help COMMAND']])}

It reads the same settings as the server: the environment, and the file .env of the working directory.
  --version  Print the version.
  --help     Print this, or the help of a command.`;

const groupHelp = (group: Group) => `Usage: parley ${group.name} COMMAND

${wrap(group.text)}

${list(rowsOf(group.commands))}

More about one: parley ${group.name} COMMAND --help`;

const commandHelp = (command: Command, path: string) => {
  const options: [string, string][] = Object.entries(command.options ?? {}).map(([name, { type, meaning }]) => [
    `--${name}${type === 'string' ? ' VALUE' : ''}`,
    meaning,
  ]);
  return `Usage: ${`parley ${path} ${command.usage}`.trim()}

${wrap(`${command.summary}. ${command.text}`)}

${list([...options, ['--help', 'Print this.']])}`;
};

/** The help of what stands at a path such as `admin grant`. */
export const helpOf = async (entry: Entry, path: string): Promise<string> => {
  if ('commands' in entry) return groupHelp(entry);
  if ('runOwn' in entry) return (await entry.help()).trimEnd();
  return commandHelp(entry, path);
};

/** What was probably meant, at most two slips away. */
export const suggest = (word: string, entries: readonly Entry[]): string | undefined => {
  const [best] = entries
    .map(({ name }) => ({ name, slips: distance(word.toLowerCase(), name) }))
    .sort((a, b) => a.slips - b.slips);
  return best && best.slips <= 2 && best.slips < best.name.length ? best.name : undefined;
};

/** Levenshtein. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
};
