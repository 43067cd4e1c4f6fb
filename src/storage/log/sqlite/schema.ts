import { randomBytes } from 'node:crypto';
import Database from 'libsql';
import { checkDatabase } from '../../check-database.ts';

/** "Parl" in ASCII, the lower half of what marks the file as a log of this product. */
const applicationId = 0x5061726c;
/** Raised with every change of the tables below, together with a step that brings an older file up to date. */
const version = 2;

/** Milliseconds that a write waits for another process that writes; below the deadline of `createThread`. */
export const busyTimeout = 4_000;

/**
 * `events` is a rowid table in order of arrival: an insert touches the last page only, where a table clustered by
 * conversation dirtied one page per row (27 us of CPU a row against 19, batches of 48 over 100 conversations), and a row
 * never moves to another page, so that an erased text has left no copy behind.
 * `events_seq` is the allocation. `conversations` are the heads, raised in the same transaction as their events.
 * Edits, folds and reactions can be rebuilt from `events`; a message without any of them has no row there.
 */
const tables = `
  CREATE TABLE meta (epoch TEXT NOT NULL, stamp INTEGER NOT NULL);

  CREATE TABLE conversations (
    c INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    random TEXT NOT NULL,
    stamp INTEGER NOT NULL
  );
  CREATE INDEX conversations_stamp ON conversations (stamp);

  CREATE TABLE events (
    row INTEGER PRIMARY KEY,
    c INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    sender TEXT NOT NULL,
    client_id TEXT NOT NULL,
    date INTEGER NOT NULL,
    random TEXT NOT NULL,
    payload TEXT NOT NULL
  );
  CREATE UNIQUE INDEX events_seq ON events (c, seq);
  CREATE UNIQUE INDEX events_client_id ON events (c, sender, client_id);
  CREATE UNIQUE INDEX events_n ON events (c, n) WHERE kind = 0;

  CREATE TABLE edits (c INTEGER, target INTEGER, seq INTEGER, PRIMARY KEY (c, target, seq)) WITHOUT ROWID;
  CREATE TABLE folds (c INTEGER, seq INTEGER, edit_seq INTEGER NOT NULL, PRIMARY KEY (c, seq)) WITHOUT ROWID;
  CREATE TABLE reactions (
    c INTEGER, seq INTEGER, emoji TEXT, user_id TEXT, PRIMARY KEY (c, seq, emoji, user_id)
  ) WITHOUT ROWID;
  CREATE TABLE reaction_counts (
    c INTEGER, seq INTEGER, emoji TEXT, count INTEGER NOT NULL, first_seq INTEGER NOT NULL, PRIMARY KEY (c, seq, emoji)
  ) WITHOUT ROWID;
`;

/** The last reaction that a message's counts know of. Version 2. */
const reacted = `
  CREATE TABLE reacted (c INTEGER, seq INTEGER, last INTEGER NOT NULL, PRIMARY KEY (c, seq)) WITHOUT ROWID;
  INSERT INTO reacted (c, seq, last)
    SELECT DISTINCT k.c, k.seq, v.seq FROM reaction_counts k JOIN conversations v ON v.c = k.c;
`;

export const newEpoch = () => randomBytes(12).toString('base64url');

const number = (database: Database.Database, pragma: string): number => {
  const row = database.prepare(`PRAGMA ${pragma}`).raw().get() as [number];
  return row[0];
};

/** Opens the log for writing, creating it where there is none. Throws an `Error` that names the file and what is wrong with it. */
export const openForWriting = (file: string): Database.Database => {
  examine(file);
  const database = connect(file);
  try {
    // Before anything is written: what is not ours stays as it is.
    const found = number(database, 'user_version');
    const empty = number(database, 'schema_version') === 0;
    if (!empty && number(database, 'application_id') !== applicationId) {
      throw new Error('it is a SQLite database, but not a message log');
    }
    if (found > version) throw new Error(`its version is ${found}, this program knows versions up to ${version}`);
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    database.exec('PRAGMA secure_delete = ON');
    database.exec('PRAGMA temp_store = MEMORY');
    database.exec('PRAGMA cache_size = -16000');
    // Hot pages are copied back once per 16 MiB of log instead of once per 4: some 4 us of CPU a row less (mean of nine layouts, one run each).
    database.exec('PRAGMA wal_autocheckpoint = 4000');
    create(database);
    return database;
  } catch (error) {
    database.close();
    throw unusable(file, error);
  }
};

/** Opens the log that `openForWriting` has prepared; this connection refuses to write. */
export const openForReading = (file: string): Database.Database => {
  const database = connect(file);
  database.exec('PRAGMA busy_timeout = 250');
  database.exec('PRAGMA temp_store = MEMORY');
  database.exec('PRAGMA cache_size = -16000');
  database.exec('PRAGMA query_only = 1');
  return database;
};

const examine = (file: string) => {
  try {
    checkDatabase(file);
  } catch (error) {
    throw unusable(file, error);
  }
};

const connect = (file: string): Database.Database => {
  try {
    return new Database(file, { timeout: busyTimeout });
  } catch (error) {
    throw unusable(file, error);
  }
};

const unusable = (file: string, cause: unknown) =>
  new Error(`The message log ${file} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
  });

/** Two processes may open a new or older file at once: who gets the lock first creates the tables. */
const create = (database: Database.Database) => {
  if (number(database, 'user_version') === version) return;
  database.exec('BEGIN IMMEDIATE');
  const found = number(database, 'user_version');
  if (found < 1) {
    database.exec(tables);
    database.prepare('INSERT INTO meta (epoch, stamp) VALUES (?, 0)').run(newEpoch());
    database.exec(`PRAGMA application_id = ${applicationId}`);
  }
  // Of an older file, the counts are those up to the head.
  if (found < 2) database.exec(reacted);
  database.exec(`PRAGMA user_version = ${version}`);
  database.exec('COMMIT');
};
