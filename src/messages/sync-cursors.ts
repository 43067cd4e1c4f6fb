import type { Actor } from '../actor.ts';
import type { Access, Seen } from '../conversations/access.ts';
import { ParleyError } from '../errors.ts';
import type { Head, Log } from '../ports/log.ts';
import type { Input } from '../protocol/index.ts';

type Cursors = Input<'sync'>['cursors'];

/** What is to be read for one cursor. */
export interface Backlog {
  id: string;
  /** The last seq that the device holds, or may skip. */
  at: number;
  head: number;
  floor: number;
  /** The membership was true of this seq. */
  authorisedAt: number;
  limited?: true;
  reset?: true;
}

/** Conversations of one answer that are looked at side by side. */
const atOnce = 16;

/** Judges each cursor: what of it holds, and where to read on. `left`: what the caller may not see, or not any more. */
export const createSyncCursors = ({ log, access }: { log: Log; access: Access }) => {
  const seeAll = async (actor: Actor, ids: string[]): Promise<Map<string, Seen>> => {
    const seen = new Map<string, Seen>();
    const queue = [...ids];
    const work = async () => {
      for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
        try {
          seen.set(id, await access.see(actor, id));
        } catch (error) {
          if (!(error instanceof ParleyError && error.code === 'not_found')) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, ids.length) }, work));
    return seen;
  };

  /** Whether the device's history is this log's: same epoch, not ahead of it, and the same event where its cursor stands. */
  const holds = async (id: string, cursor: Cursors[string], floor: number, head: Head): Promise<boolean> => {
    if (cursor.epoch !== log.epoch || cursor.seq > head.seq) return false;
    if (cursor.id === undefined || cursor.seq < floor) return true;
    if (cursor.seq === head.seq && head.id !== undefined) return cursor.id === head.id;
    return (await log.at(id, cursor.seq))?.id === cursor.id;
  };

  return async (actor: Actor, cursors: Cursors): Promise<{ backlogs: Backlog[]; left: string[] }> => {
    const ids = Object.keys(cursors);
    const seen = await seeAll(actor, ids);
    // After the authorisation, so that whoever is removed between the two is found out by the removal itself.
    const heads = await log.heads([...seen.keys()]);
    const backlogs: Backlog[] = [];
    for (const [id, { state, floor }] of seen) {
      const cursor = cursors[id];
      if (!cursor) continue;
      const row = heads.get(id) ?? { seq: 0, n: 0 };
      // The head's row may lag behind what the device was told already.
      const head = cursor.seq > row.seq || state.head.seq > row.seq ? await log.head(id) : row;
      const base = { id, head: head.seq, floor, authorisedAt: state.head.seq };
      const before = Math.min(floor - 1, head.seq);
      if (!(await holds(id, cursor, floor, head))) backlogs.push({ ...base, at: before, reset: true });
      else if (cursor.seq < before) backlogs.push({ ...base, at: before, limited: true });
      else backlogs.push({ ...base, at: cursor.seq });
    }
    return { backlogs, left: ids.filter(id => !seen.has(id)) };
  };
};
