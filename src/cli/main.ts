#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { BootError } from '../boot-error.ts';
import { ConfigError } from '../config.ts';
import { ParleyError } from '../errors.ts';
import { redact } from '../observability/redact.ts';
import { admin } from './commands/admin.ts';
import { doctor } from './commands/doctor.ts';
import { migrate } from './commands/migrate.ts';
import { restored } from './commands/restored.ts';
import { Failure, Interrupted, Misuse } from './failures.ts';
import { runProgram } from './run.ts';
import { createTerminal } from './terminal.ts';

const version = (): string => JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;

const terminal = createTerminal(process);

/** Prints why as one line, and tells the exit code. */
const explain = (error: unknown): number => {
  if (error instanceof Interrupted) {
    terminal.note('parley: interrupted, nothing was changed.');
    return 130;
  }
  terminal.note(`parley: ${sentenceOf(error)}`);
  return error instanceof Misuse ? 2 : 1;
};

const sentenceOf = (error: unknown): string => {
  const told = [Misuse, Failure, ConfigError, BootError, ParleyError].some(kind => error instanceof kind);
  if (told) return (error as Error).message;
  return `something went wrong: ${reasonsOf(redact(error)).join(', because of ')}`;
};

/** What the program or a library caused; redacted, as it may quote what people said. */
const reasonsOf = (described: unknown): string[] => {
  if (typeof described !== 'object' || described === null) return [String(described)];
  const { error, reason, cause } = described as Record<string, unknown>;
  const text = `${error}: ${reason}`.replaceAll(/\s+/g, ' ');
  return [text, ...(cause === undefined ? [] : reasonsOf(cause))];
};

/** Pipes are written in their own time on some systems. */
const end = (code: number) => process.stdout.write('', () => process.exit(code));

// Databases and secret are this user's alone, also in a folder that others may enter.
process.umask(0o077);
// Whoever read the answer has enough of it (`parley admin list | head`).
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
runProgram({ entries: [migrate, admin, doctor, restored], version }, process.argv.slice(2), terminal)
  .catch(explain)
  .then(end);
