import { setTimeout as sleep } from 'node:timers/promises';
import { ParleyError } from '../../../errors.ts';
import { type Clock, systemClock } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';
import { createAppender } from './appender.ts';
import { createChanges } from './changes.ts';
import { connect } from './connection.ts';
import { toHead, toPlace } from './documents.ts';
import { createDropping } from './dropping.ts';
import { createEpoch } from './epoch.ts';
import { isStoreFault, within, writeFault } from './faults.ts';
import { createFoldedReader } from './folded-reader.ts';
import { createFolding } from './folding.ts';
import { createHeads } from './heads.ts';
import { createInserter } from './inserter.ts';
import { createReader } from './reader.ts';
import { createRepair } from './repair.ts';
import { prepare } from './schema.ts';
import { startUpkeep } from './upkeep.ts';
import { registerWriter } from './writer.ts';

/** Milliseconds until a call is answered, whatever the store does: five seconds are the promise. */
const deadline = 4_400;
/** Milliseconds that opening the log waits for the server. */
const patience = 3_000;
/** Milliseconds that closing waits for what was begun. */
const drainTime = 5_000;

export interface MongoLog extends Log {
  /** Makes edits, reactions and unsendings of a conversation's messages anew from its events; nobody may append there meanwhile. */
  rebuildFolds(conversation_id: string): Promise<void>;
}

/**
 * The log in MongoDB, through Mongoose; several instances may open the same one, at once and for the first time.
 * Rejects within about 3 seconds where the server does not answer. `poolSize`: connections at most.
 * `onError` is told of what no call reports.
 */
export const openMongoLog = async ({
  uri,
  poolSize,
  clock = systemClock,
  onError = () => undefined,
}: {
  uri: string;
  poolSize: number;
  clock?: Clock;
  onError?: (error: unknown) => void;
}): Promise<MongoLog> => {
  const { connection, collections } = await connect({ uri, poolSize, onError });
  const epoch = createEpoch(collections);
  const begin = async () => {
    await prepare(collections);
    await epoch.read();
    return registerWriter(collections);
  };
  const late = () => new Error(`The log did not answer within ${patience} ms.`);
  const writer = await within(patience, begin(), late).catch(async (error: unknown) => {
    await connection.close();
    throw error;
  });

  const heads = createHeads(collections);
  const folding = createFolding(collections, heads);
  const reader = createReader(collections);
  const folded = createFoldedReader(collections, heads);
  const repair = createRepair({ collections, heads, folding, writer });
  const inserter = createInserter(collections, { maxCommands: Math.max(1, Math.min(4, poolSize - 1)) });
  const append = createAppender({ heads, inserter, folding, repair, reader, writer, clock });
  const readChanges = createChanges(collections);
  const drop = createDropping(collections, heads, folding);
  const stopUpkeep = startUpkeep({ writer, repair, epoch, onError });

  const begun = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  /** What is begun before the log is closed, and ended before its connection is. */
  const begins = <T>(work: () => Promise<T>): Promise<T> => {
    if (closing) return Promise.reject(new ParleyError('unavailable'));
    const promise = work();
    const end = () => void begun.delete(promise);
    begun.add(promise);
    promise.then(end, end);
    return promise;
  };
  const unanswered = () => new Error(`The log did not answer within ${deadline} ms.`);
  const reading = <T>(work: () => Promise<T>): Promise<T> =>
    begins(async () => {
      try {
        return await within(deadline, work(), () => new ParleyError('unavailable', { cause: unanswered() }));
      } catch (cause) {
        throw isStoreFault(cause) ? new ParleyError('unavailable', { cause }) : cause;
      }
    });
  /** A write of several steps, which may be repeated. */
  const writing = <T>(work: () => Promise<T>): Promise<T> =>
    begins(async () => {
      try {
        return await within(deadline, work(), () => new ParleyError('unknown_outcome', { cause: unanswered() }));
      } catch (cause) {
        throw writeFault(cause);
      }
    });

  return {
    append: (id, at, events) => begins(() => append(id, at, events)),
    head: id =>
      reading(async () => {
        const cold = heads.known(id) === undefined;
        const last = await heads.last(id);
        // Else somebody else has just appended, and raises the row. To wait for that here would make this one come late again.
        if (cold && last.seq > 0) await repair.cover(id, last);
        return toHead(id, last);
      }),
    heads: ids => reading(() => heads.rows(ids)),
    range: (id, after, upTo) =>
      reading(async () => {
        const events = await reader.range(id, after, upTo);
        const last = events.at(-1);
        // Who reads on from where this instance has been is about to append there.
        if (last && last.seq > (heads.known(id)?.seq ?? Number.POSITIVE_INFINITY)) heads.learn(id, toPlace(last));
        return events;
      }),
    at: (id, seq) => reading(() => reader.at(id, seq)),
    byClientId: (id, from, client_id) =>
      reading(async () => {
        const found = await reader.byClientId(id, from, client_id);
        // Whoever looks this up is about to acknowledge it.
        if (found) await repair.cover(id, found);
        return found;
      }),
    messages: (id, afterN, upToN, viewer) => reading(() => folded.messages(id, afterN, upToN, viewer)),
    fold: (_, messages, viewer) => reading(() => folded.among(messages, viewer)),
    messageAt: (id, seq, viewer) => reading(() => folded.messageAt(id, seq, viewer)),
    latestMessages: (ids, viewer) => reading(() => folded.latestMessages(ids, viewer)),
    reaction: (id, seq, user_id, emoji) => reading(() => reader.reaction(id, seq, user_id, emoji)),
    changes: (since, limit) => reading(() => readChanges(epoch.current(), since, limit)),
    erase: (id, seq) => writing(() => folding.erase(id, seq)),
    drop: id => begins(() => drop(id)).catch(cause => Promise.reject(writeFault(cause))),
    rebuildFolds: id => begins(() => folding.rebuild(id)),
    get epoch() {
      return epoch.current();
    },
    renewEpoch: () => writing(epoch.renew),
    ping: () => reading(reader.ping),
    close() {
      closing ??= (async () => {
        await Promise.race([Promise.allSettled(begun), sleep(drainTime, undefined, { ref: false })]);
        await stopUpkeep();
        await writer.leave().catch(onError);
        await connection.close();
      })();
      return closing;
    },
  };
};
