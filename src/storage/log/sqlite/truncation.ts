import type { Database } from 'libsql';

/** Milliseconds from an erasure to the emptying of the write-ahead log, which still has the text. */
const delay = 250;
/** Milliseconds that emptying it may wait for a reader in another connection, while appends wait too. */
const patience = 50;

/** Empties the write-ahead log, so that what was erased from the database file is in no file any more. */
export interface Truncation {
  /** Throws SQLite's error; where a reader is in the way it is tried again later. */
  now(): void;
  soon(): void;
  stop(): void;
}

export const createTruncation = (database: Database, { busyTimeout }: { busyTimeout: number }): Truncation => {
  const checkpoint = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').raw();
  let timer: NodeJS.Timeout | undefined;

  const now = () => {
    let done = false;
    database.exec(`PRAGMA busy_timeout = ${patience}`);
    try {
      const [busy] = checkpoint.get() as [number];
      done = busy === 0;
    } finally {
      database.exec(`PRAGMA busy_timeout = ${busyTimeout}`);
      if (!done) soon();
    }
  };

  const soon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      try {
        now();
      } catch (error) {
        // A full or failing disk. `now` has set the next try, and opening the log begins with one.
        process.emitWarning(`The write-ahead log could not be emptied: ${String(error)}`);
      }
    }, delay);
  };

  return { now, soon, stop: () => clearTimeout(timer) };
};
