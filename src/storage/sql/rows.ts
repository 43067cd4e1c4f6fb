import type { Model, Sequelize } from 'sequelize';
import type { Dialect } from './dialect.ts';
import type { Models } from './models.ts';
import type { Transact } from './transact.ts';

/** What each store is made of. */
export interface StoreParts {
  sequelize: Sequelize;
  models: Models;
  transact: Transact;
  dialect: Dialect;
}

/** A model instance as the plain row that it holds. */
export const plain = <C extends object>(row: Model<C, C>): C => row.get({ plain: true });

export const plainOr = <C extends object>(row: Model<C, C> | null): C | undefined => (row ? plain(row) : undefined);

/** Exclusive upper bound of all keys that begin with a prefix, where keys are compared by code point: no assigned character is above it. */
export const endOfPrefix = (prefix: string) => `${prefix}\u{10FFFF}`;

/** Statements stay well below the databases' limits on their length and number of values. */
export const chunks = <T>(items: T[], size = 200): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
