import { existsSync, statSync } from 'node:fs';
import Database from 'libsql';

/** Above this size a whole check would hold up the start (about a second per 500 MB); such a file is only opened and looked at. */
const wholeBelowBytes = 256 * 1024 * 1024;

/** Milliseconds that opening a file waits for whoever still has it: of a process that was just killed the system closes one file after the other. */
export const openingPatience = 4_000;

/** Rejects what SQLite finds damaged in an existing file, before anything is written to it. Throws with the reason. */
export const checkDatabase = (file: string): void => {
  if (!existsSync(file)) return;
  const database = new Database(file, { timeout: openingPatience });
  try {
    const pragma = statSync(file).size < wholeBelowBytes ? 'quick_check(1)' : 'schema_version';
    const row: unknown = database.prepare(`PRAGMA ${pragma}`).get();
    const found = typeof row === 'object' && row !== null ? Object.values(row)[0] : undefined;
    if (pragma !== 'schema_version' && found !== 'ok') throw new Error(String(found));
  } finally {
    database.close();
  }
};
