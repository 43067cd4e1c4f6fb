import mongoose from 'mongoose';
import { ParleyError } from '../../../errors.ts';

const { MongoError, MongoServerError } = mongoose.mongo;

/** Thrown before a command is written to a connection. The one whose connection was cut under it has another name. */
const beforeSending = new Set([
  'MongoServerSelectionError',
  'MongoPoolClearedError',
  'MongoPoolClosedError',
  'MongoWaitQueueTimeoutError',
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoServerClosedError',
]);

/** Codes with which a server refuses a command as a whole, before it does anything: unauthorized, authentication, over quota, disk full. */
const refusals = new Set<unknown>([13, 18, 8_000, 14_031]);

export const isMongoError = (error: unknown): error is mongoose.mongo.MongoError => error instanceof MongoError;

/** As the driver tells of it, or the connection itself: a server that is just dying may end it between two looks of the driver. */
export const isStoreFault = (error: unknown): boolean =>
  isMongoError(error) || (error instanceof Error && 'code' in error && /^E[A-Z]+$/.test(String(error.code)));

/** Whether a write surely did nothing: it never left, or was refused as a whole. */
export const didNothing = (error: unknown): boolean => {
  if (!isMongoError(error)) return false;
  if (beforeSending.has(error.name) || error.hasErrorLabel('HandshakeError')) return true;
  return error instanceof MongoServerError && isRefusal(error.code);
};

export const isRefusal = (code: unknown) => refusals.has(code);

/** A failed write as its caller is told. What is no failure of the store stays as it is. */
export const writeFault = (cause: unknown): unknown => {
  if (!isStoreFault(cause)) return cause;
  return new ParleyError(didNothing(cause) ? 'unavailable' : 'unknown_outcome', { cause });
};

/** Settles as `work` does, or rejects with what `late` makes after so many milliseconds; `work` goes on unheard. */
export const within = <T>(ms: number, work: Promise<T>, late: () => unknown): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms);
    const settled = <V>(settle: (value: V) => void) => {
      return (value: V) => {
        clearTimeout(timer);
        settle(value);
      };
    };
    work.then(settled(resolve), settled(reject));
  });

const writeConcern = { w: 'majority', j: true } as const;

/** What a write command reports of its parts. */
export interface WriteReply {
  /** Documents that were inserted, or that an update found or made. */
  n: number;
  writeErrors?: { index: number; code: number; errmsg: string }[];
}

/**
 * A write as a bare command, durable when it resolves: it costs half the CPU of the driver's bulk operations, the driver does
 * not repeat it, and what failed of it comes as an answer. `partial`: such an answer is wanted; else it is thrown.
 */
export const durable = async (
  database: mongoose.mongo.Db,
  command: Record<string, unknown>,
  { partial = false } = {},
): Promise<WriteReply> => {
  const reply = (await database.command(
    { ...command, writeConcern },
    { ignoreUndefined: true },
  )) as unknown as WriteReply;
  const [failed] = reply.writeErrors ?? [];
  if (failed && !partial) throw new MongoServerError({ message: failed.errmsg, code: failed.code });
  return reply;
};
