import { setTimeout as delay } from 'node:timers/promises';
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

/** Milliseconds within which every call is answered: below a command's 5 s. */
const operationMs = 4_500;
/** How often an operation that others undid runs before its caller is told. */
const attempts = 10;
/** Milliseconds after which it does not run again: a run that waits for a lock (2 s) still ends in time, not behind its caller's back. */
const againMs = 2_400;

/** The one place where transactions begin. `work` may run again (see the gate), hence it does nothing but SQL. */
export const createTransact =
  (sequelize: Sequelize): Transact =>
  work => {
    const until = performance.now() + operationMs;
    return sequelize.transaction(async transaction => {
      const result = await work(transaction);
      // Its caller was told by now that this failed.
      if (performance.now() > until) throw late();
      return result;
    });
  };

const late = () => new ParleyError('unavailable', { cause: new Error(`No answer within ${operationMs} ms`) });

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

/** What is said of it where a value is taken that nobody may have twice. */
const takenCode = (error: UniqueConstraintError) => {
  const names = collided(error);
  return Object.entries(taken).find(([column]) => names.some(name => name.endsWith(column)))?.[1];
};

/** A row that somebody else inserted first, after it was looked for: the next run sees it. */
const overtaken = (error: unknown) => error instanceof UniqueConstraintError && takenCode(error) === undefined;

const translate = (cause: unknown, dialect: Dialect): unknown => {
  if (cause instanceof UniqueConstraintError) return new ParleyError(takenCode(cause) ?? 'unavailable', { cause });
  if (cause instanceof ForeignKeyConstraintError) return new ParleyError('not_found', { cause });
  if (dialect.misfit(cause)) return new ParleyError('invalid_input', { cause });
  return cause instanceof BaseError ? new ParleyError('unavailable', { cause }) : cause;
};

export interface Gate {
  /**
   * The store, each of whose methods is one transaction: run again where others undid it, answered in time whatever the database
   * does, with every failure of the database translated into one of the catalogue, and closed with the gate.
   */
  guard<S extends object>(store: S): S;
  /** Refuses new calls with `unavailable` and waits for those under way. */
  close(): Promise<void>;
}

export const createGate = (dialect: Dialect): Gate => {
  const underWay = new Set<Promise<unknown>>();
  let closed = false;

  const pass = async (call: () => unknown) => {
    if (closed) throw new ParleyError('unavailable');
    const until = performance.now() + againMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        const again = dialect.retryable(error) || overtaken(error);
        if (!again || attempt === attempts || performance.now() > until) throw translate(error, dialect);
        await delay(Math.random() * 20 * attempt);
      }
    }
  };

  const inTime = async (running: Promise<unknown>) => {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(late()), operationMs);
    });
    try {
      return await Promise.race([running, patience]);
    } finally {
      clearTimeout(timer);
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
            return inTime(running);
          };
        },
      }),
    async close() {
      closed = true;
      await Promise.allSettled(underWay);
    },
  };
};
