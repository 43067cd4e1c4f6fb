import type { Database } from 'libsql';
import { ParleyError } from '../../../errors.ts';
import { type Change, eventId, type Head, maxWindow, type StoredEvent } from '../../../ports/log.ts';
import { type EventRow, eventColumns, toEvent } from './rows.ts';

/** Answers reads from a connection that never writes: bounded windows over an index, hence on the calling thread. */
export const createReader = (database: Database) => {
  const conversation = '(SELECT c FROM conversations WHERE id = ?)';
  const one = (where: string) =>
    database.prepare(`SELECT ${eventColumns} FROM events e WHERE e.c = ${conversation} ${where}`).raw();
  const range = one('AND e.seq > ? AND e.seq <= ? ORDER BY e.seq');
  const at = one('AND e.seq = ?');
  const byClientId = one('AND e.sender = ? AND e.client_id = ?');
  const last = one('ORDER BY e.seq DESC LIMIT 1');
  const heads = database
    .prepare('SELECT v.id, v.seq, v.n, v.random FROM json_each(?) j JOIN conversations v ON v.id = j.value')
    .raw();
  const changes = database
    .prepare('SELECT id, seq, n, stamp FROM conversations WHERE stamp > ? ORDER BY stamp LIMIT ?')
    .raw();
  const reaction = database
    .prepare(
      `SELECT count(*), EXISTS (SELECT 1 FROM reactions r WHERE r.c = k.c AND r.seq = k.seq AND r.user_id = ?3 AND r.emoji = ?4)
       FROM reaction_counts k WHERE k.c = (SELECT c FROM conversations WHERE id = ?1) AND k.seq = ?2`,
    )
    .raw();
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
      const [kinds, mine] = reaction.get([conversation_id, target_seq, user_id, emoji]) as [number, number];
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
