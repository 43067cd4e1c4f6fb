import type { Database } from 'libsql';
import { ParleyError } from '../../../errors.ts';
import { type Change, eventId, type Head, maxWindow, type StoredEvent } from '../../../ports/log.ts';
import { type EventRow, eventColumns, toEvent } from './rows.ts';

const ofOne = `SELECT ${eventColumns} FROM events e WHERE e.c = (SELECT c FROM conversations WHERE id = ?)`;

/** Exported so that a test can hold their plans to an index each. */
export const queries = {
  range: `${ofOne} AND e.seq > ? AND e.seq <= ? ORDER BY e.seq`,
  at: `${ofOne} AND e.seq = ?`,
  byClientId: `${ofOne} AND e.sender = ? AND e.client_id = ?`,
  last: `${ofOne} ORDER BY e.seq DESC LIMIT 1`,
  heads: 'SELECT v.id, v.seq, v.n, v.random FROM json_each(?) j CROSS JOIN conversations v ON v.id = j.value',
  changes: 'SELECT id, seq, n, stamp FROM conversations WHERE stamp > ? ORDER BY stamp LIMIT ?',
  reaction: `SELECT count(*), EXISTS (
      SELECT 1 FROM conversations v JOIN reactions r ON r.c = v.c WHERE v.id = ?1 AND r.seq = ?2 AND r.emoji = ?3 AND r.user_id = ?4)
    FROM reaction_counts k WHERE k.c = (SELECT c FROM conversations WHERE id = ?1) AND k.seq = ?2`,
};

/** Answers reads from a connection that never writes: bounded windows over an index, hence on the calling thread. */
export const createReader = (database: Database) => {
  const prepare = (sql: string) => database.prepare(sql).raw();
  const range = prepare(queries.range);
  const at = prepare(queries.at);
  const byClientId = prepare(queries.byClientId);
  const last = prepare(queries.last);
  const heads = prepare(queries.heads);
  const changes = prepare(queries.changes);
  const reaction = prepare(queries.reaction);
  const event = (conversation_id: string, row: unknown): StoredEvent | undefined =>
    row === undefined ? undefined : toEvent(conversation_id, row as EventRow);

  return {
    head(conversation_id: string): Head {
      const found = event(conversation_id, last.get([conversation_id]));
      return found ? { seq: found.seq, n: found.n, id: found.id } : { seq: 0, n: 0 };
    },
    heads(conversation_ids: string[]): Map<string, Head> {
      const rows = heads.all([JSON.stringify(conversation_ids)]) as [string, number, number, string][];
      return new Map(rows.map(([id, seq, n, random]) => [id, { seq, n, id: eventId(id, seq, random) }]));
    },
    range(conversation_id: string, after: number, upTo: number): StoredEvent[] {
      const rows = range.all([conversation_id, after, Math.min(upTo, Math.max(after, 0) + maxWindow)]) as EventRow[];
      return rows.map(row => toEvent(conversation_id, row));
    },
    at: (conversation_id: string, seq: number) => event(conversation_id, at.get([conversation_id, seq])),
    byClientId: (conversation_id: string, from: string, client_id: string) =>
      event(conversation_id, byClientId.get([conversation_id, from, client_id])),
    reaction(conversation_id: string, target_seq: number, user_id: string, emoji: string) {
      const [kinds, mine] = reaction.get([conversation_id, target_seq, emoji, user_id]) as [number, number];
      return { mine: mine === 1, kinds };
    },
    /** A stamp is `<epoch>.<number>`: one of another epoch, from before a backup was put back, begins anew. */
    changes(epoch: string, since: string, limit: number): { changes: Change[]; next: string; more: boolean } {
      const [of, number] = since.split('.');
      let stamp = (of === epoch && Number(number)) || 0;
      const bounded = Math.max(1, Math.min(limit, maxWindow));
      const rows = changes.all([stamp, bounded + 1]) as [string, number, number, number][];
      const page = rows.slice(0, bounded);
      for (const row of page) stamp = row[3];
      return {
        changes: page.map(([conversation_id, seq, n]) => ({ conversation_id, seq, n })),
        next: `${epoch}.${stamp}`,
        more: rows.length > bounded,
      };
    },
    ping: () => {
      last.get(['']);
    },
  };
};

/** Runs a read; whatever SQLite says becomes `unavailable` with its cause. */
export const read = async <T>(work: () => T): Promise<T> => {
  try {
    return work();
  } catch (cause) {
    throw new ParleyError('unavailable', { cause });
  }
};
