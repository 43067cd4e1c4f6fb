import {
  BaseError,
  ForeignKeyConstraintError,
  type Sequelize,
  type Transaction,
  UniqueConstraintError,
} from 'sequelize';
import { ParleyError } from '../../errors.ts';
import type { ErrorCode } from '../../protocol/index.ts';
import type { Dialect } from './dialect.ts';

export type Transact = <T>(work: (transaction: Transaction) => Promise<T>) => Promise<T>;

/** How often a transaction that lost a deadlock runs before its caller is told. */
const attempts = 5;

/** The one place where transactions begin. `work` may run again, hence it does nothing but SQL. */
export const createTransact =
  (sequelize: Sequelize, dialect: Dialect): Transact =>
  async work => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await sequelize.transaction(work);
      } catch (error) {
        if (attempt === attempts || !dialect.retryable(error)) throw error;
        await new Promise(resolve => setTimeout(resolve, Math.random() * 20 * attempt));
      }
    }
  };

const taken = {
  username_key: 'username_taken',
  email_key: 'email_taken',
  name_key: 'name_taken',
} as const satisfies Record<string, ErrorCode>;

/** The columns of a unique violation: SQLite names them, MySQL the index, which ends in its column's name. */
const collided = ({ fields, errors }: UniqueConstraintError) => [
  ...(Array.isArray(fields) ? fields.map(String) : Object.keys(fields)),
  ...errors.map(({ path }) => path ?? ''),
];

const translate = (cause: unknown): unknown => {
  if (cause instanceof UniqueConstraintError) {
    const names = collided(cause);
    for (const [column, code] of Object.entries(taken)) {
      if (names.some(name => name.endsWith(column))) return new ParleyError(code, { cause });
    }
  }
  if (cause instanceof ForeignKeyConstraintError) return new ParleyError('not_found', { cause });
  return cause instanceof BaseError ? new ParleyError('unavailable', { cause }) : cause;
};

export interface Gate {
  /** The store, with every failure of the database translated into one of the catalogue, and closed with the gate. */
  guard<S extends object>(store: S): S;
  /** Refuses new calls with `unavailable` and waits for those under way. */
  close(): Promise<void>;
}

export const createGate = (): Gate => {
  const underWay = new Set<Promise<unknown>>();
  let closed = false;
  const pass = async (call: () => unknown) => {
    if (closed) throw new ParleyError('unavailable');
    try {
      return await call();
    } catch (error) {
      throw translate(error);
    }
  };
  return {
    guard: store =>
      new Proxy(store, {
        get(target, name, receiver) {
          const method: unknown = Reflect.get(target, name, receiver);
          if (typeof method !== 'function') return method;
          return (...args: unknown[]) => {
            const running = pass(() => method.apply(target, args)).finally(() => underWay.delete(running));
            underWay.add(running);
            return running;
          };
        },
      }),
    async close() {
      closed = true;
      await Promise.allSettled(underWay);
    },
  };
};
