import { BaseError } from 'sequelize';
import type { Dialect } from './dialect.ts';
import type { Failure } from './mysql-driver.ts';

/** Deadlock; lock wait timeout; and MariaDB's "record has changed since last read". The server has undone what lost. */
const lost = new Set([1213, 1205, 1020]);
const dataTooLong = 1406;

/** What the driver said, wherever Sequelize has wrapped it. */
const causeOf = (error: unknown): Partial<Failure> =>
  error instanceof BaseError && 'parent' in error ? (error.parent as Failure) : {};

/** MySQL 8 and MariaDB, with the collation that this server has. */
export const mysqlDialect = (collate: string): Dialect => ({
  // In UTC, hence without the hour that local time has twice a year.
  now_ms: "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)",
  greatest: 'GREATEST',
  raise: columns =>
    // VALUES() is what both know: MariaDB has no row alias, MySQL 8 warns only.
    `ON DUPLICATE KEY UPDATE ${columns
      .map(column => `${column} = GREATEST(members.${column}, VALUES(${column}))`)
      .join(', ')}`,
  retryable(error) {
    const { errno = 0, undone = false } = causeOf(error);
    return undone || lost.has(errno);
  },
  misfit: error => causeOf(error).errno === dataTooLong,
  referencesLock: true,
  table: { charset: 'utf8mb4', collate },
});
