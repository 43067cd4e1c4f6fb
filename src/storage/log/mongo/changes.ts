import mongoose from 'mongoose';
import { type Change, maxWindow } from '../../../ports/log.ts';
import { createRandomText } from '../../../random-text.ts';
import type { Collections, HeadDocument } from './collections.ts';

const { Timestamp } = mongoose.mongo;
type Timestamp = mongoose.mongo.Timestamp;

/**
 * Seconds before the store's own time within which a stamp may be given and not be readable yet. A raise that is not answered
 * within its deadline (below 5 s) is made again, with another stamp.
 */
const settling = 6;
/** Ends of the feed whose last changes are remembered, so that they are not told again to who comes back with the stamp. */
const keptEnds = 32;

/** A place in the feed; rows of one stamp follow each other by their conversation. */
interface Position {
  stamp: bigint;
  id: string;
}

/**
 * `settled`: no row up to here can come up any more. `at`: how far this pass through the feed has come; absent at its beginning.
 * `name`: of what was told on the way here. Two followers may come by one place, having been told different things.
 */
interface Mark {
  settled: bigint;
  name: string;
  at?: Position;
}

/** How `changes` of the port reads: it begins each pass at what had settled in the last one, as stamps become visible in any order. */
export const createChanges = ({ database, heads }: Collections) => {
  const newName = createRandomText(8);
  /** By the name in the stamp that was given out: what was told behind `settled`, conversation and seq, with the row's stamp. */
  const told = new Map<string, Map<string, bigint>>();

  const query = async (filter: object, limit: number) => {
    const reply = await database.command({
      find: heads.collectionName,
      filter,
      sort: { stamp: 1, _id: 1 },
      limit,
      batchSize: limit,
      singleBatch: true,
      readConcern: { level: 'majority' },
    });
    const rows = (reply['cursor'] as { firstBatch: HeadDocument[] }).firstBatch;
    return { rows, time: reply['operationTime'] as Timestamp | undefined };
  };

  const read = async ({ settled, at }: Mark, limit: number) => {
    const ties = at ? await query({ stamp: toTimestamp(at.stamp), _id: { $gt: at.id } }, limit) : undefined;
    if (ties && ties.rows.length === limit) return ties;
    const behind = { stamp: { $gt: toTimestamp(at?.stamp ?? settled) } };
    const { rows, time } = await query(behind, limit - (ties?.rows.length ?? 0));
    return { rows: [...(ties?.rows ?? []), ...rows], time: ties?.time ?? time };
  };

  return async (epoch: string, since: string, limit: number) => {
    const mark = parse(epoch, since);
    const bounded = Math.max(1, Math.min(limit, maxWindow));
    const { rows, time } = await read(mark, bounded + 1);
    const more = rows.length > bounded;
    const page = rows.slice(0, bounded);

    const changes: Change[] = [];
    const keys = new Map(told.get(mark.name));
    for (const { _id, head, stamp } of page) {
      const key = `${_id} ${head.seq}`;
      if (!keys.has(key)) changes.push({ conversation_id: _id, seq: head.seq, n: head.n });
      keys.set(key, toNumber(stamp));
    }

    const last = page.at(-1);
    const end = last && { stamp: toNumber(last.stamp), id: last._id };
    const settled = settle(mark, end, more, time);
    const next: Mark = { settled, name: newName(), ...(more && end && { at: end }) };
    for (const [key, at] of keys) if (at <= settled) keys.delete(key);
    told.set(next.name, keys);
    if (told.size > keptEnds) told.delete(told.keys().next().value as string);
    return { changes, next: format(epoch, next), more };
  };
};

/** Up to where nothing new can come up, after a page that ended at `end` was read at the store's `time` or later. */
const settle = (
  { settled, at }: Mark,
  end: Position | undefined,
  more: boolean,
  time: Timestamp | undefined,
): bigint => {
  // An earlier page of this pass has ended where something may still come up: the next pass begins before that.
  if (at && at.stamp > settled) return settled;
  const known = time ? toNumber(time) : (end?.stamp ?? 0n);
  const still = known - (BigInt(settling) << 32n);
  const reached = more && end && end.stamp < still ? end.stamp : still;
  return reached > settled ? reached : settled;
};

const toNumber = (stamp: Timestamp) => BigInt.asUintN(64, stamp.toBigInt());
const toTimestamp = (number: bigint) => new Timestamp(number);

const format = (epoch: string, { settled, name, at }: Mark) =>
  [epoch, settled.toString(36), name, ...(at ? [at.stamp.toString(36), at.id] : [])].join(' ');

/** Of another epoch, from before a backup was put back, or of no log at all: from the beginning. */
const parse = (epoch: string, since: string): Mark => {
  const [of, settled = '', name = '', stamp = '', ...id] = since.split(' ');
  const number = /^[0-9a-z]{1,13}$/;
  if (of !== epoch || !number.test(settled)) return { settled: 0n, name: '' };
  const mark = { settled: fromBase36(settled), name };
  return number.test(stamp) ? { ...mark, at: { stamp: fromBase36(stamp), id: id.join(' ') } } : mark;
};

const fromBase36 = (text: string) => {
  let number = 0n;
  for (const digit of text) number = number * 36n + BigInt(Number.parseInt(digit, 36));
  return BigInt.asUintN(64, number);
};
