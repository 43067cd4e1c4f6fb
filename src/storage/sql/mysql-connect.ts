import type { ConnectionOptions } from 'mysql2';
import { BaseError, ConnectionError, QueryTypes, Sequelize } from 'sequelize';
import type { Dialect } from './dialect.ts';
import { mysqlDialect } from './mysql-dialect.ts';
import { createMysqlDriver, type Failure } from './mysql-driver.ts';

/** Where a database is, and who asks. */
export interface MysqlPlace {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  tls: boolean;
}

/** Milliseconds until a server that says nothing counts as absent: opening is told within 3 s. */
const connectMs = 2_000;
/** Milliseconds that a call waits for a free connection. */
const acquireMs = 3_500;
/** An unused connection goes after this many milliseconds, well before the server ends it (`wait_timeout`). */
const idleMs = 10_000;

/**
 * Of each connection. READ COMMITTED locks the rows that are there and no gaps, which two who insert lock each other out by. The mode is
 * set, as another one would change how texts are quoted. An instance that froze in a transaction loses its locks after `wait_timeout`.
 */
const session = [
  'SET NAMES utf8mb4',
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  `SET SESSION sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
    innodb_lock_wait_timeout = 2, lock_wait_timeout = 2, wait_timeout = 20`,
];

/** Throws an Error that tells what is wrong and holds no password. */
export const parseMysqlUrl = (url: string): MysqlPlace => {
  // The platform's own errors quote the whole of it.
  if (!URL.canParse(url) || /%(?![0-9a-f]{2})/i.test(url))
    throw new Error('The URL of MySQL is none: write #, /, ? and % in a password as %23, %2F, %3F and %25');
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const unknown = [...searchParams].filter(([name, value]) => name !== 'ssl' || !/^(true|false)$/.test(value));
  if (unknown.length > 0) throw new Error('The URL of MySQL takes no parameter but ssl=true');
  const database = decodeURIComponent(pathname.slice(1));
  if (database === '') throw new Error('The URL of MySQL names no database');
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database,
    tls: searchParams.get('ssl') === 'true',
  };
};

type RawConnection = {
  query(sql: string, done: (error: unknown, rows?: unknown) => void): void;
  end(done: () => void): void;
};

const ask = (connection: RawConnection, sql: string) =>
  new Promise<unknown>((resolve, reject) =>
    connection.query(sql, (error, rows) => (error ? reject(error) : resolve(rows))),
  );

export interface Mysql {
  sequelize: Sequelize;
  dialect: Dialect;
  /** What weakens the promise that a commit survives, as sentences; none on a server that is set up for it. */
  warnings: string[];
}

export interface ConnectOptions {
  poolSize: number;
  /** Runs on each new connection, before its first use and for `ms` milliseconds at most; where it rejects, there is no connection. */
  prepare?: { ms: number; run(ask: (sql: string) => Promise<unknown>): Promise<void> };
}

/**
 * Of which Sequelize's types know nothing. By the version it does nothing, but would open one more connection to ask; and no column
 * is a date to the database, that it had to set a time zone.
 */
const fewerQuestions = { databaseVersion: '8.0.17', keepDefaultTimezone: true };

/** A pool of connections to a server that answered. Rejects within 3 s where it does not, and with a plain Error that says why not. */
export const connectMysql = async (place: MysqlPlace, { poolSize, prepare }: ConnectOptions): Promise<Mysql> => {
  const dialectOptions: ConnectionOptions = {
    connectTimeout: connectMs,
    charset: 'utf8mb4_bin',
    enableKeepAlive: true,
    ...(place.tls && { ssl: { rejectUnauthorized: true, verifyIdentity: true } }),
  };
  const sequelize = new Sequelize({
    dialect: 'mysql',
    dialectModule: createMysqlDriver(),
    host: place.host,
    port: place.port,
    username: place.user,
    password: place.password,
    database: place.database,
    dialectOptions,
    pool: { max: poolSize, min: 0, acquire: acquireMs + (prepare?.ms ?? 0), idle: idleMs, evict: 1_000 },
    ...fewerQuestions,
    retry: { max: 1 },
    logging: false,
    hooks: {
      async afterConnect(connection) {
        const raw = connection as RawConnection;
        try {
          for (const sql of session) await ask(raw, sql);
          await prepare?.run(sql => ask(raw, sql));
        } catch (error) {
          raw.end(() => undefined);
          throw new ConnectionError(error as Error);
        }
      },
    },
  });
  try {
    return { sequelize, ...(await inspect(sequelize)) };
  } catch (error) {
    await sequelize.close();
    throw explain(error, place);
  }
};

/**
 * Compared by code point, trailing spaces included: `utf8mb4_bin` pads. MariaDB has the first, MySQL the second (and new MariaDB knows
 * it by that name, hence the order: all tables of a database must agree).
 */
const collations = ['utf8mb4_nopad_bin', 'utf8mb4_0900_bin'];

const inspect = async (sequelize: Sequelize) => {
  const select = <R extends object>(sql: string) => sequelize.query<R>(sql, { type: QueryTypes.SELECT, raw: true });
  const found = await select<{ name: string }>(
    `SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS WHERE COLLATION_NAME IN ('${collations.join("', '")}')`,
  );
  const collation = collations.find(wanted => found.some(({ name }) => name === wanted));
  if (!collation) throw new Error('This server is too old: it takes MySQL 8.0.17 or MariaDB 10.2 at least');
  const [durable] = await select<Record<'flush' | 'log_bin' | 'sync_binlog', number>>(
    'SELECT @@innodb_flush_log_at_trx_commit AS `flush`, @@log_bin AS `log_bin`, @@sync_binlog AS `sync_binlog`',
  );
  const warnings = [
    ...(Number(durable?.flush) === 1 ? [] : [`innodb_flush_log_at_trx_commit is ${durable?.flush}`]),
    ...(Number(durable?.log_bin) === 0 || Number(durable?.sync_binlog) === 1
      ? []
      : [`sync_binlog is ${durable?.sync_binlog}`]),
  ].map(fact => `MySQL can lose what it has committed when its machine fails: ${fact}, and should be 1`);
  return { dialect: mysqlDialect(collation), warnings };
};

/** Short, and without the password. Without the cause, too, as its message may be empty (several addresses tried). */
const explain = (error: unknown, { host, port, user, database }: MysqlPlace): Error => {
  if (!(error instanceof BaseError)) return error as Error;
  const { errno = 0, code, message } = ('parent' in error ? error.parent : error) as Failure;
  const where = `MySQL at ${host}:${port}`;
  if (errno === 1049) return new Error(`${where} has no database ${database}: it must be created first`);
  if (errno === 1044 || errno === 1045)
    return new Error(`${where} refuses the user ${user} for the database ${database}`);
  if (error instanceof ConnectionError && code) return new Error(`${where} does not answer (${code})`);
  return new Error(`${where}: ${message}`);
};
