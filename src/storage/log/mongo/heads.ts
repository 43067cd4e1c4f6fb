import { setTimeout as sleep } from 'node:timers/promises';
import type { Head } from '../../../ports/log.ts';
import type { Collections, HeadDocument } from './collections.ts';
import { type Place, toHead } from './documents.ts';
import { durable, isStoreFault } from './faults.ts';
import { createPump } from './pump.ts';

/** What is known of a log without asking. All of it was true once, hence the log has been there; it may have gone on. */
export interface Known extends Place {
  /** Up to where the head row is known to be raised; -1: unknown. */
  raised: number;
  /** Up to where everything is known to be folded; -1: unknown. */
  folded: number;
}

export interface Heads {
  known(conversation_id: string): Known | undefined;
  /** Adds what was learned; the highest of each is kept. */
  learn(conversation_id: string, place: Place, facts?: { raised?: number; folded?: number }): void;
  row(conversation_id: string): Promise<HeadDocument | undefined>;
  rows(conversation_ids: string[]): Promise<Map<string, Head>>;
  /** The last event that is in the log, whatever is known of it or stands in its row. */
  last(conversation_id: string): Promise<Place>;
  /** Raises the head row, durably when it resolves; never lowers it. Tries again for some seconds before it rejects. */
  raise(conversation_id: string, place: Place, folded: number): Promise<void>;
  remove(conversation_id: string): Promise<void>;
}

/** Logs that something is known of; the longest untouched is dropped beyond it. */
const keptLogs = 20_000;
/** Row updates in one command, and commands at once. Further ones gather meanwhile. */
const maxRaises = 1_000;
const maxCommands = 2;
/** Milliseconds for which raising is tried, and between two tries. */
const patience = 3_000;
const pause = 100;
/** Events in which the end of a log is looked for at first, and at most at once. */
const firstSpan = 64;
const lastSpan = 1_024;

const nowhere: Place = { seq: 0, n: 0, random: '' };

interface Raise {
  place: Place;
  folded: number;
  waiters: { resolve(): void; reject(error: unknown): void }[];
}

export const createHeads = ({ database, events, heads }: Collections): Heads => {
  const knowledge = new Map<string, Known>();
  let waiting = new Map<string, Raise>();

  const learn: Heads['learn'] = (conversation_id, place, { raised = -1, folded = -1 } = {}) => {
    const known = knowledge.get(conversation_id);
    const { seq, n, random } = known && known.seq > place.seq ? known : place;
    // Behind the others, as the one that was touched last.
    knowledge.delete(conversation_id);
    knowledge.set(conversation_id, {
      ...{ seq, n, random },
      raised: Math.max(raised, known?.raised ?? -1),
      folded: Math.max(folded, known?.folded ?? -1),
    });
    if (knowledge.size > keptLogs) knowledge.delete(knowledge.keys().next().value as string);
  };

  const row = async (conversation_id: string) => {
    const found = await heads.findOne({ _id: conversation_id });
    if (!found) return undefined;
    learn(conversation_id, found.head, { raised: found.head.seq, folded: found.folded ?? 0 });
    return found;
  };

  /** The last event from `from` on; undefined where there is none at `from`. In windows, as no server must sort a whole log. */
  const climb = async (conversation_id: string, from: number): Promise<Place | undefined> => {
    let last: Place | undefined;
    let span = firstSpan;
    for (let low = Math.max(from, 1); ; span = Math.min(span * 2, lastSpan)) {
      const window = { conversation_id, seq: { $gte: low, $lt: low + span } };
      const options = { sort: { seq: -1 as const }, limit: 1, projection: { _id: 0, seq: 1, n: 1, random: 1 } };
      const [found] = await events.find<Place>(window, options).toArray();
      if (!found) return last;
      last = found;
      low += span;
      if (found.seq < low - 1) return last;
    }
  };

  const last = async (conversation_id: string): Promise<Place> => {
    const known = knowledge.get(conversation_id);
    const hints = [() => known?.seq, async () => (await row(conversation_id))?.head.seq, () => 0];
    for (const hint of hints) {
      const from = await hint();
      if (from === undefined) continue;
      const found = await climb(conversation_id, from);
      if (found) {
        learn(conversation_id, found);
        return found;
      }
      // Dropped, or put back from a backup: whatever was known of it is wrong.
      knowledge.delete(conversation_id);
    }
    return nowhere;
  };

  const pump = createPump({
    width: maxCommands,
    waits: () => waiting.size > 0,
    work: () => {
      const all = [...waiting];
      waiting = new Map(all.slice(maxRaises));
      return raiseAll(all.slice(0, maxRaises));
    },
  });

  /** Never rejects: whoever waits is told. */
  const raiseAll = async (taken: [string, Raise][]) => {
    for (const until = performance.now() + patience; ; ) {
      try {
        await update(taken);
        for (const [id, { place, folded, waiters }] of taken) {
          learn(id, place, { raised: place.seq, folded });
          for (const { resolve } of waiters) resolve();
        }
        return;
      } catch (error) {
        if (!isStoreFault(error) || performance.now() > until) {
          for (const [, { waiters }] of taken) for (const { reject } of waiters) reject(error);
          return;
        }
        await sleep(pause);
      }
    }
  };

  const update = async (taken: [string, Raise][]) => {
    const updates = taken.map(([_id, { place: head, folded }]) => ({
      q: { _id },
      u: {
        $max: folded >= 0 ? { head, folded } : { head },
        $currentDate: { stamp: { $type: 'timestamp' } },
      },
      upsert: true,
    }));
    await durable(database, { update: heads.collectionName, updates, ordered: false });
  };

  return {
    known: id => knowledge.get(id),
    learn,
    row,
    async rows(conversation_ids) {
      if (conversation_ids.length === 0) return new Map();
      const found = await heads.find({ _id: { $in: conversation_ids } }).toArray();
      return new Map(found.map(({ _id, head }) => [_id, toHead(_id, head)]));
    },
    last,
    raise: (conversation_id, { seq, n, random }, folded) =>
      new Promise((resolve, reject) => {
        const waiter = { resolve, reject };
        const raise = waiting.get(conversation_id);
        if (!raise) {
          waiting.set(conversation_id, { place: { seq, n, random }, folded, waiters: [waiter] });
        } else {
          if (seq > raise.place.seq) raise.place = { seq, n, random };
          raise.folded = Math.max(raise.folded, folded);
          raise.waiters.push(waiter);
        }
        pump();
      }),
    async remove(conversation_id) {
      knowledge.delete(conversation_id);
      await heads.deleteOne({ _id: conversation_id });
      knowledge.delete(conversation_id);
    },
  };
};
