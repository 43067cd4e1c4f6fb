import { randomBytes } from 'node:crypto';
import { type Collections, duplicateKey } from './collections.ts';
import { numbered } from './documents.ts';
import { isMongoError } from './faults.ts';

/**
 * This instance as one that appends. It numbers its events (their `_id` is writer and number) and says every few seconds up to
 * which number all is finished: head rows raised, folds made. When it dies the others find what it left unfinished as a
 * short range of `_id`, whatever any clock says, and finish it (repair.ts). No append costs anything for that.
 */
export interface Writer {
  readonly id: string;
  /** Resolves once others know of this instance; to be awaited before each append, and at once but after a long silence. */
  known(): Promise<void>;
  /** Numbers for so many events; they are open until `finish`. Returns the first. */
  open(count: number): number;
  finish(first: number): void;
  documentId(number: number): ReturnType<typeof numbered>;
  /** Gives a sign of life where one is due. */
  renew(): Promise<void>;
  /** Leaves in order; where something is unfinished the others must still find it. */
  leave(): Promise<void>;
}

/** Milliseconds between signs of life of one that appends, and of one that does not. */
const activeBeat = 2_000;
const idleBeat = 10_000;
/** Milliseconds after which others may have forgotten a silent one: well below what they wait (repair.ts). */
const forgotten = 20_000;

export const prefixOf = (id: string) => Buffer.from(id, 'hex');

/** The start in seconds and three random bytes; a writer of that name must not exist. */
const newId = () => {
  const bytes = randomBytes(7);
  bytes.writeUInt32BE(Math.floor(Date.now() / 1_000));
  return bytes.toString('hex');
};

export const registerWriter = async ({ writers }: Pick<Collections, 'writers'>): Promise<Writer> => {
  const register = async (): Promise<string> => {
    const _id = newId();
    try {
      await writers.insertOne({ _id, confirmed: 0, beat: 0 });
      return _id;
    } catch (error) {
      if (isMongoError(error) && error.code === duplicateKey) return register();
      throw error;
    }
  };
  const id = await register();
  const prefix = prefixOf(id);
  let next = 1;
  let beat = 0;
  let saidAt = performance.now();
  let saidNext = next;
  let renewing: Promise<void> | undefined;
  /** The first numbers of what is open; the oldest comes first. */
  const unfinished = new Set<number>();

  const say = async () => {
    const begunAt = performance.now();
    const upTo = next;
    const [oldest] = unfinished;
    const confirmed = (oldest ?? upTo) - 1;
    beat += 1;
    await writers.updateOne({ _id: id }, { $set: { confirmed, beat } }, { upsert: true });
    saidAt = begunAt;
    // Said again until everything is confirmed.
    saidNext = oldest === undefined ? upTo : 0;
  };
  const sayOnce = () => {
    renewing ??= say().finally(() => {
      renewing = undefined;
    });
    return renewing;
  };

  return {
    id,
    async known() {
      if (performance.now() - saidAt > forgotten) await sayOnce();
    },
    open(count) {
      const first = next;
      next += count;
      unfinished.add(first);
      return first;
    },
    finish: first => void unfinished.delete(first),
    documentId: number => numbered(prefix, number),
    async renew() {
      const silent = performance.now() - saidAt;
      if (silent > idleBeat || (silent > activeBeat && saidNext !== next)) await sayOnce();
    },
    async leave() {
      if (unfinished.size === 0) await writers.deleteOne({ _id: id });
    },
  };
};
