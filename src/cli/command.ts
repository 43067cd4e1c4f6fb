import type { Terminal } from './terminal.ts';

/** An option of a command: a flag, unless it takes a value. */
export interface Option {
  type: 'boolean' | 'string';
  meaning: string;
}

/** What a command was called with, once it is known to fit its usage. */
export interface Input {
  words: string[];
  flags: Record<string, string | boolean | undefined>;
}

export interface Command {
  name: string;
  /** One line, without a full stop. */
  summary: string;
  /** What follows its name, as the help shows it: `USERNAME [--json]`. */
  usage: string;
  /** Sentences for its help. */
  text: string;
  options?: Record<string, Option>;
  /** How many words may follow. */
  words: { min: number; max: number };
  /** Does it; throws `Failure` where that cannot be. */
  run(input: Input, terminal: Terminal): Promise<void>;
}

export interface Group {
  name: string;
  summary: string;
  text: string;
  commands: Command[];
}

/** A command that reads its arguments by itself. */
export interface Own {
  name: string;
  summary: string;
  help(): Promise<string>;
  /** Resolves with the exit code. */
  runOwn(argv: string[], terminal: Terminal): Promise<number>;
}

export type Entry = Command | Group | Own;

export const json: Record<'json', Option> = { json: { type: 'boolean', meaning: 'Print the answer as JSON.' } };
export const yes: Record<'yes', Option> = {
  yes: { type: 'boolean', meaning: 'Do not ask; needed where nobody can be asked.' },
};
