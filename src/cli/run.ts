import { parseArgs } from 'node:util';
import type { Command, Entry, Input } from './command.ts';
import { Misuse } from './failures.ts';
import { helpOf, programHelp, suggest } from './help.ts';
import type { Terminal } from './terminal.ts';

export interface Program {
  entries: readonly Entry[];
  version: () => string;
}

/** Finds the command, reads its arguments, and runs it; resolves with the exit code. Throws `Misuse`, and what the command throws. */
export const runProgram = async (
  { entries, version }: Program,
  argv: string[],
  terminal: Terminal,
): Promise<number> => {
  const [first, ...rest] = argv;
  if (first === '--version' || first === '-v') return tell(terminal, version());
  if (isHelp(first)) return tell(terminal, programHelp(entries));
  if (first === 'help') {
    // `parley help admin grant` and `parley help --help` alike.
    const { entry, path } = find(
      entries,
      rest.filter(word => !isHelp(word)),
    );
    return tell(terminal, entry ? await helpOf(entry, path) : programHelp(entries));
  }
  const { entry, path, left } = find(entries, argv);
  if (!entry) {
    terminal.note(programHelp(entries));
    return 2;
  }
  if ('runOwn' in entry) return entry.runOwn(left, terminal);
  if (left.some(isHelp) && !left.includes('--')) return tell(terminal, await helpOf(entry, path));
  if ('commands' in entry) {
    terminal.note(await helpOf(entry, path));
    return 2;
  }
  await entry.run(read(entry, path, left), terminal);
  return 0;
};

const isHelp = (word: string | undefined) => word === '--help' || word === '-h';

const tell = (terminal: Terminal, text: string) => {
  terminal.line(text);
  return 0;
};

/** Follows the words down the tree. Throws `Misuse` where one leads nowhere. */
const find = (
  entries: readonly Entry[],
  argv: string[],
  above = '',
): { entry?: Entry; path: string; left: string[] } => {
  const [word, ...left] = argv;
  if (word === undefined || isHelp(word)) return { path: above, left: argv };
  const entry = entries.find(({ name }) => name === word);
  if (!entry) {
    const what = word.startsWith('-') ? 'option' : 'command';
    const near = suggest(word, entries);
    const hint = near ? `Did you mean ${near}?` : `See: ${`parley ${above}`.trimEnd()} --help`;
    throw new Misuse(`There is no ${what} ${`${above} ${word}`.trimStart().slice(0, 80)}. ${hint}`);
  }
  const path = `${above} ${word}`.trimStart();
  if (!('commands' in entry)) return { entry, path, left };
  const below = find(entry.commands, left, path);
  return below.entry ? below : { entry, path, left };
};

const read = (command: Command, path: string, argv: string[]): Input => {
  const see = `See: parley ${path} --help`;
  const { values, positionals } = parse(command, argv, see);
  const { min, max } = command.words;
  if (positionals.length < min) throw new Misuse(`parley ${path} needs ${command.usage.split(' [')[0]}. ${see}`);
  if (positionals.length > max) throw new Misuse(`parley ${path} takes fewer arguments. ${see}`);
  return { words: positionals, flags: values };
};

const parse = (command: Command, args: string[], see: string) => {
  const options = Object.fromEntries(
    Object.entries(command.options ?? {}).map(([name, { type }]) => [name, { type }] as const),
  );
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    const wrongArguments = error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    if (!wrongArguments) throw error;
    // The rest of what it says is advice of its own.
    throw new Misuse(`${error.message.split('. ')[0]?.split('\n')[0]}. ${see}`);
  }
};
