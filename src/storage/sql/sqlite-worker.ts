import { parentPort, workerData } from 'node:worker_threads';
import Libsql from 'libsql';
import { openingPatience } from '../check-database.ts';
import {
  type Failure,
  type FromWorker,
  readsOnly,
  type Statement,
  type ToWorker,
  writerDeadlineMs,
} from './sqlite-messages.ts';

/*
 * The thread that owns the file. SQLite has one writer at a time, so there is one writing connection, handed from session to
 * session in the order of asking: nobody polls and nobody starves. Reads outside transactions have a connection of their own,
 * which sees only what is committed. The driver is synchronous: with a busy timeout it would block the very thread that must commit, so
 * the timeout is 0 once it is open, and a file that another process has locked is tried again by a timer.
 */

interface Waiting extends Statement {
  until: number;
  timer?: NodeJS.Timeout;
}

const retryMs = 5;
const port = parentPort;
if (!port) throw new Error('This file runs as a worker thread only.');
const { file } = workerData as { file: string };

const tell = (message: FromWorker) => port.postMessage(message);

const failureOf = (error: unknown): Failure => {
  const { message = String(error), code = '' } = error as { message?: string; code?: string };
  const primary = /^SQLITE_[A-Z]+/.exec(code)?.[0] ?? 'SQLITE_ERROR';
  return { message: message.startsWith(primary) ? message : `${primary}: ${message}`, code: primary };
};

const open = () => {
  const connection = new Libsql(file, { timeout: openingPatience });
  connection.pragma('journal_mode = WAL');
  connection.pragma('synchronous = FULL');
  connection.pragma('foreign_keys = ON');
  connection.pragma('busy_timeout = 0');
  return connection;
};

const check = (connection: Libsql.Database) => {
  const [row] = connection.pragma('quick_check(1)') as { quick_check?: string }[];
  if (row?.quick_check !== 'ok')
    throw Object.assign(new Error(`damaged: ${row?.quick_check}`), { code: 'SQLITE_CORRUPT' });
};

const run = (connection: Libsql.Database, { sql, params }: Statement) => {
  if (isControl(sql)) {
    connection.exec(sql);
    return { rows: [], changes: 0 };
  }
  const statement = connection.prepare(sql);
  const values = params === undefined || Object.keys(params).length === 0 ? [] : [params];
  if (!statement.reader) return { rows: [], changes: statement.run(...values).changes };
  const rows = statement.all(...values) as Record<string, unknown>[];
  for (const row of rows) delete row['_metadata'];
  return { rows, changes: 0 };
};

/**
 * A statement outside transactions, in one of its own. Not left to autocommit: where the file is locked, the driver keeps the refused
 * statement open, and then the next write reports success, but is not committed (seen with libsql 0.5.29). BEGIN through `exec` is safe.
 */
const runAlone = (connection: Libsql.Database, statement: Statement) => {
  connection.exec('BEGIN IMMEDIATE');
  try {
    const answer = run(connection, statement);
    connection.exec('COMMIT');
    return answer;
  } catch (error) {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    throw error;
  }
};

const isControl = (sql: string) => /^\s*(BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\b/i.test(sql);

const serve = () => {
  const writer = open();
  check(writer);
  const reader = open();
  /** The session whose statements go to the writing connection now. */
  let holder: number | undefined;
  /** Sessions whose transaction SQLite itself rolled back (a full disk): they may only roll back. */
  const aborted = new Set<number>();
  const waiting: Waiting[] = [];

  /** Runs a statement on the writing connection; true where that connection is free again. */
  const write = (statement: Waiting): boolean => {
    const begun = writer.inTransaction;
    try {
      const alone = !begun && !isControl(statement.sql);
      tell({ id: statement.id, ...(alone ? runAlone : run)(writer, statement) });
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code === 'SQLITE_BUSY' && Date.now() < statement.until) {
        setTimeout(drive, retryMs, statement);
        return false;
      }
      const ending = /^\s*(COMMIT|END|ROLLBACK)\b/i.test(statement.sql);
      if (ending && writer.inTransaction) writer.exec('ROLLBACK');
      else if (begun && !writer.inTransaction && !ending) aborted.add(statement.session);
      tell({ id: statement.id, failure });
    }
    return !writer.inTransaction;
  };

  /** Gives the writing connection to a statement's session, and to the next in the queue when that is done. */
  const drive = (first: Waiting) => {
    for (let next: Waiting | undefined = first; next; next = waiting.shift()) {
      clearTimeout(next.timer);
      holder = next.session;
      if (!write(next)) return;
      holder = undefined;
    }
  };

  const read = (statement: Waiting) => {
    try {
      tell({ id: statement.id, ...run(reader, statement) });
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code === 'SQLITE_BUSY' && Date.now() < statement.until) setTimeout(read, retryMs, statement);
      else tell({ id: statement.id, failure });
    }
  };

  const queue = (statement: Waiting) => {
    if (holder === undefined) return drive(statement);
    statement.timer = setTimeout(() => {
      waiting.splice(waiting.indexOf(statement), 1);
      tell({ id: statement.id, failure: { code: 'SQLITE_BUSY', message: 'SQLITE_BUSY: the writer is taken' } });
    }, writerDeadlineMs);
    waiting.push(statement);
  };

  port.on('message', (message: ToWorker) => {
    if ('close' in message) {
      reader.close();
      writer.close();
      port.close();
      return;
    }
    const statement = { ...message, until: Date.now() + writerDeadlineMs };
    if (statement.session === holder) return drive(statement);
    // Sequelize rolls back after a BEGIN that failed, too.
    if (/^\s*ROLLBACK\b/i.test(statement.sql)) {
      aborted.delete(statement.session);
      return tell({ id: statement.id, rows: [], changes: 0 });
    }
    if (aborted.has(statement.session)) {
      return tell({ id: statement.id, failure: { code: 'SQLITE_ABORT', message: 'SQLITE_ABORT: rolled back' } });
    }
    if (readsOnly(statement.sql)) read(statement);
    else queue(statement);
  });
};

/** Another process may hold the file for a moment (a backup, the instance that is just stopping). */
const start = (until: number) => {
  try {
    serve();
    tell({ ready: true });
  } catch (error) {
    const failure = failureOf(error);
    if (failure.code === 'SQLITE_BUSY' && Date.now() < until) setTimeout(start, retryMs, until);
    else {
      tell({ refused: failure });
      port.close();
    }
  }
};
start(Date.now() + writerDeadlineMs);
