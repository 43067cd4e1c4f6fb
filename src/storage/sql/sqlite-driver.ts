import { Worker } from 'node:worker_threads';
import type { Failure, FromWorker, Statement } from './sqlite-messages.ts';

type Callback = (this: { lastID: number; changes: number }, error: Error | null, rows?: unknown) => void;
type Params = Statement['params'];
type Answer = { rows: Record<string, unknown>[]; changes: number };

export interface SqliteDriver {
  /** What Sequelize takes for the `sqlite3` package. */
  dialectModule: object;
  close(): Promise<void>;
}

const errorOf = ({ message, code }: Failure) => Object.assign(new Error(message), { code });

/**
 * SQLite in a worker thread behind as much of node-sqlite3's callback API as Sequelize 6 uses, so that neither a commit's fsync nor
 * a long query holds up the event loop. Rejects with an Error that names the file where that is no database or cannot be opened.
 */
export const openSqliteDriver = async (file: string): Promise<SqliteDriver> => {
  const url = new URL(import.meta.url.endsWith('.ts') ? './sqlite-worker.ts' : './sqlite-worker.js', import.meta.url);
  const worker = new Worker(url, { workerData: { file } });
  const ended = new Promise<void>(resolve => worker.once('exit', () => resolve()));
  const pending = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  let dead: Error | undefined;
  let counter = 0;

  await new Promise<void>((resolve, reject) => {
    const die = (error: Error) => {
      dead ??= error;
      reject(error);
      for (const waiting of pending.values()) waiting.reject(error);
      pending.clear();
    };
    worker.on('error', die);
    worker.on('exit', () => die(Object.assign(new Error('The database thread has ended.'), { code: 'SQLITE_IOERR' })));
    worker.on('message', (message: FromWorker) => {
      if ('ready' in message) resolve();
      else if ('refused' in message) {
        reject(new Error(`Cannot open ${file} as a SQLite database: ${message.refused.message}`));
      } else {
        const waiting = pending.get(message.id);
        pending.delete(message.id);
        if ('failure' in message) waiting?.reject(errorOf(message.failure));
        else waiting?.resolve(message);
      }
    });
  });

  const ask = (session: number, sql: string, params: Params) =>
    new Promise<Answer>((resolve, reject) => {
      if (dead) return reject(dead);
      const id = ++counter;
      pending.set(id, { resolve, reject });
      worker.postMessage({ id, session, sql, params: plain(params) } satisfies Statement);
    });

  /** Sequelize asks for a table's columns before each SELECT from it: half of all round trips. */
  const columns = new Map<string, Promise<Answer>>();
  const describe = (session: number, sql: string): Promise<Answer> => {
    const known = columns.get(sql) ?? ask(session, sql, undefined);
    columns.set(sql, known);
    known.then(
      ({ rows }) => rows.length === 0 && columns.delete(sql),
      () => columns.delete(sql),
    );
    return known;
  };

  class Database {
    readonly filename: string;
    readonly #session = ++counter;

    constructor(filename: string, _mode: number, opened: (error: Error | null) => void) {
      this.filename = filename;
      queueMicrotask(() => opened(null));
    }

    serialize(work: () => void) {
      work();
    }

    all(sql: string, ...rest: [Params, Callback] | [Callback]) {
      this.#run(sql, rest);
    }

    /** Without a callback it is Sequelize turning foreign keys on for its new connection; the worker's always have them. */
    run(sql: string, ...rest: [Params, Callback] | [Callback] | []) {
      if (rest.length !== 0) this.#run(sql, rest);
    }

    close(closed?: (error: Error | null) => void) {
      closed?.(null);
    }

    #run(sql: string, rest: [Params, Callback] | [Callback]) {
      const [params, callback] = rest.length === 2 ? rest : [undefined, rest[0]];
      if (/^\s*(CREATE|ALTER|DROP)\b/i.test(sql)) columns.clear();
      const answer = sql.startsWith('PRAGMA table_info(')
        ? describe(this.#session, sql)
        : ask(this.#session, sql, params);
      answer.then(
        ({ rows, changes }) => callback.call({ lastID: 0, changes }, null, rows),
        (error: Error) => callback.call({ lastID: 0, changes: 0 }, error),
      );
    }
  }

  return {
    dialectModule: { Database, OPEN_READONLY: 1, OPEN_READWRITE: 2, OPEN_CREATE: 4 },
    async close() {
      if (!dead) worker.postMessage({ close: true });
      await ended;
    },
  };
};

/** Bind values as the driver takes them: names without their sigil, no booleans, dates or undefined. */
const plain = (params: Params): Params => {
  if (params === undefined) return undefined;
  if (Array.isArray(params)) return params.map(value);
  return Object.fromEntries(Object.entries(params).map(([name, bound]) => [name.replace(/^[$:@]/, ''), value(bound)]));
};

const value = (bound: unknown) => {
  if (bound === undefined) return null;
  if (typeof bound === 'boolean') return Number(bound);
  return bound instanceof Date ? bound.toISOString() : bound;
};
