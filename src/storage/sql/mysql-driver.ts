import { EventEmitter } from 'node:events';
import mysql, { type Connection, type ConnectionOptions } from 'mysql2';

/**
 * Milliseconds that a statement may take before its connection is given up: longer than a wait for a lock, so that the server can
 * say what it was, and shorter than an operation.
 */
const statementMs = 4_000;
/** Of a change to the schema, which may copy a table. */
const schemaMs = 600_000;
/** An orderly farewell takes no longer: a server that stands still would keep this process from ending. */
const farewellMs = 500;

/** The server is shutting down, cannot be written to any more (a failover), or has killed the connection: a new one may do better. */
const unusable = new Set([1053, 1290, 1836, 1927]);

/** `undone`: neither the statement nor the transaction that it belonged to has had or will have an effect. */
export type Failure = Error & { code?: string; errno?: number; fatal?: boolean; undone?: boolean };
type Done = (error: Failure | null, result?: unknown) => void;

/** What Sequelize calls, and what it looks at. */
interface Inner extends EventEmitter {
  stream: { destroyed: boolean; destroy(): void };
  _closing?: boolean;
  _fatalError?: unknown;
  query(sql: string, done: Done): EventEmitter;
  execute(sql: string, values: unknown[], done: Done): EventEmitter;
  end(done: Done): unknown;
}

const failure = (code: string, facts: Partial<Failure> = {}): Failure =>
  Object.assign(new Error('The database does not answer'), { code, fatal: true, ...facts });

/**
 * What Sequelize takes for the `mysql2` package: the same, but every statement ends, and a failure tells whether it can have had an
 * effect. Where a server takes connections and says nothing, one attempt at a time is made: each that is given up counts there, and
 * after a hundred (`max_connect_errors`) the server locks this host out until somebody helps.
 */
export const createMysqlDriver = (): object => {
  let connecting = 0;
  let silent = false;

  const createConnection = (options: ConnectionOptions): EventEmitter => {
    if (silent && connecting > 0) return refuse();
    const connection: Connection = mysql.createConnection(options);
    let settled = false;
    const settle = (timedOut: boolean) => {
      if (!settled) connecting--;
      if (!settled) silent = timedOut;
      settled = true;
    };
    connecting++;
    connection.once('connect', () => settle(false));
    connection.on('error', ({ code }) => settle(code === 'ETIMEDOUT'));
    return withDeadlines(connection as unknown as Inner);
  };
  return { ...mysql, createConnection };
};

/** A connection that failed before it was tried. */
const refuse = () => {
  const refused = new EventEmitter();
  process.nextTick(() => refused.emit('error', failure('ETIMEDOUT')));
  return refused;
};

const isGone = ({ stream, _closing, _fatalError }: Inner) => stream.destroyed || _closing || _fatalError !== null;

const withDeadlines = (connection: Inner): Inner => {
  const query = connection.query.bind(connection);
  const execute = connection.execute.bind(connection);
  const end = connection.end.bind(connection);
  /** Whether a transaction is open on this connection. */
  let open = false;

  const watch = (sql: string, done: Done): Done => {
    if (/^START TRANSACTION/i.test(sql)) open = true;
    const undone = open ? !/^COMMIT/i.test(sql) : /^SELECT/i.test(sql);
    let over = false;
    const finish: Done = (error, result) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      if (/^(COMMIT|ROLLBACK)/i.test(sql)) open = false;
      if (error && (error.fatal || unusable.has(error.errno ?? 0))) {
        error.undone = undone;
        connection.stream.destroy();
      }
      done(error, result);
    };
    const patience = /^(CREATE|ALTER|DROP)/i.test(sql) ? schemaMs : statementMs;
    const timer = setTimeout(() => finish(failure('PROTOCOL_SEQUENCE_TIMEOUT')), patience);
    return finish;
  };

  /** On a connection that has gone nothing is open: rolling back is done, and all else has not begun. */
  const answerGone = (sql: string, done: Done) => {
    queueMicrotask(() =>
      /^ROLLBACK/i.test(sql) ? done(null, {}) : done(failure('PROTOCOL_CONNECTION_LOST', { undone: true })),
    );
    return new EventEmitter();
  };

  return Object.assign(connection, {
    query(statement: string | { sql: string }, done: Done) {
      const sql = typeof statement === 'string' ? statement : statement.sql;
      return isGone(connection) ? answerGone(sql, done) : query(sql, watch(sql, done));
    },
    execute(sql: string, values: unknown[], done: Done) {
      return isGone(connection) ? answerGone(sql, done) : execute(sql, values, watch(sql, done));
    },
    end(done: Done) {
      if (!isGone(connection)) end(() => undefined);
      setTimeout(() => connection.stream.destroy(), farewellMs).unref();
      done(null);
    },
  });
};
