import { type Collections, type EventDocument, maxNumber } from './collections.ts';
import { numbered, type Place } from './documents.ts';
import type { Folding } from './folding.ts';
import type { Heads } from './heads.ts';
import { prefixOf, type Writer } from './writer.ts';

/**
 * Finishes what was left between an insert and the raising of the head row: by an instance that died, by a connection that was
 * cut, by a deadline. Nobody has to append or read there for it.
 */
export interface Repair {
  /** Makes sure that the head row covers this event, which was found in the log. */
  cover(conversation_id: string, place: Pick<Place, 'seq'>): Promise<void>;
  /** What this writer has begun there under `first` may be stored, or may even be stored later: looked into until it is finished. */
  doubt(conversation_id: string, first: number): void;
  /** Looks into the doubts that are due. */
  resolve(): Promise<void>;
  /** Looks for writers that have fallen silent, and finishes what they left. */
  sweep(): Promise<void>;
}

/** Milliseconds between looks at a doubt. What a server that stood still had received by then is stored when it goes on. */
const looks = [500, 1_000, 2_000, 4_000, 8_000, 16_000];
/**
 * Calls of `sweep` (one a second) that see no sign of life of a writer before each of the looks at what it left. The first is
 * twice its usual silence; behind the last one it is forgotten.
 */
const silences = [4, 8, 16, 32, 64];
const page = 1_000;
/** Conversations that are repaired at once. */
const width = 8;

interface Doubt {
  numbers: number[];
  looked: number;
  dueAt: number;
}

export const createRepair = ({
  collections: { events, writers },
  heads,
  folding,
  writer,
}: {
  collections: Collections;
  heads: Heads;
  folding: Folding;
  writer: Writer;
}): Repair => {
  const doubts = new Map<string, Doubt>();
  const silent = new Map<string, { beat: number; calls: number; looked: number }>();

  /** `anew`: the row is raised even where it stands right already, as its stamp may have been seen too late. */
  const settle = async (conversation_id: string, anew: boolean) => {
    const last = await heads.last(conversation_id);
    if (last.seq === 0) return;
    const row = await heads.row(conversation_id);
    if (!anew && row && row.head.seq >= last.seq && (row.folded ?? 0) >= last.seq) return;
    await folding.catchUp(conversation_id, last.seq);
    await heads.raise(conversation_id, last, last.seq);
  };

  /** One after the other in `width` lanes; the first error ends all of them. */
  const settleAll = async (conversation_ids: Iterable<string>, work: (conversation_id: string) => Promise<void>) => {
    const queue = [...conversation_ids];
    const lane = async () => {
      for (let id = queue.pop(); id !== undefined; id = queue.pop()) await work(id);
    };
    await Promise.all(Array.from({ length: width }, lane));
  };

  const left = async (id: string, confirmed: number): Promise<Set<string>> => {
    const prefix = prefixOf(id);
    const found = new Set<string>();
    const end = numbered(prefix, maxNumber);
    for (let from = numbered(prefix, confirmed); ; ) {
      const range = { _id: { $gt: from, $lte: end } };
      const options = { sort: { _id: 1 as const }, limit: page, projection: { conversation_id: 1 } };
      const rows = await events.find<Pick<EventDocument, '_id' | 'conversation_id'>>(range, options).toArray();
      for (const { conversation_id } of rows) found.add(conversation_id);
      const last = rows.at(-1);
      if (!last || rows.length < page) return found;
      from = last._id;
    }
  };

  return {
    async cover(conversation_id, { seq }) {
      if ((heads.known(conversation_id)?.raised ?? -1) >= seq) return;
      if (((await heads.row(conversation_id))?.head.seq ?? -1) >= seq) return;
      await settle(conversation_id, false);
    },
    doubt(conversation_id, first) {
      const numbers = [...(doubts.get(conversation_id)?.numbers ?? []), first];
      doubts.set(conversation_id, { numbers, looked: 0, dueAt: performance.now() + looks[0]! });
    },
    async resolve() {
      const now = performance.now();
      const due = [...doubts].flatMap(([id, { dueAt }]) => (dueAt <= now ? [id] : []));
      await settleAll(due, async id => {
        const doubt = doubts.get(id);
        if (!doubt) return;
        await settle(id, doubt.looked === 0);
        doubt.looked += 1;
        const wait = looks[doubt.looked];
        if (wait !== undefined) {
          doubt.dueAt = performance.now() + wait;
        } else if (doubts.get(id) === doubt) {
          doubts.delete(id);
          for (const number of doubt.numbers) writer.finish(number);
        }
      });
    },
    async sweep() {
      const found = (await writers.find().toArray()).filter(({ _id }) => _id !== writer.id);
      const ids = new Set(found.map(({ _id }) => _id));
      for (const id of silent.keys()) if (!ids.has(id)) silent.delete(id);
      for (const { _id, confirmed, beat } of found) {
        const seen = silent.get(_id);
        if (seen?.beat !== beat) {
          silent.set(_id, { beat, calls: 0, looked: 0 });
          continue;
        }
        // Counted in answers of the store: while that is down nobody can give a sign of life.
        seen.calls += 1;
        const due = silences[seen.looked];
        if (due === undefined || seen.calls < due) continue;
        const anew = seen.looked === 0;
        await settleAll(await left(_id, confirmed), id => settle(id, anew));
        seen.looked += 1;
        if (seen.looked === silences.length) await writers.deleteOne({ _id, beat });
      }
    },
  };
};
