import type { Database } from 'libsql';
import { type FoldedMessage, maxWindow, type StoredEvent } from '../../../ports/log.ts';
import { type EventRow, eventColumns, parsePayload, toEvent } from './rows.ts';

/** An event, the latest edit of it, and whether anybody ever reacted to it. */
type FoldedRow = [
  ...EventRow,
  conversation_id: string,
  c: number,
  edit_payload: string | null,
  edit_date: number | null,
  reacted: number,
];

/** Without any reaction that is left, one row without an emoji. */
type CountRow = [last: number, emoji: string | null, count: number, me: number];

const columns = `${eventColumns}, v.id, v.c, x.payload, x.date,
  EXISTS (SELECT 1 FROM reacted a WHERE a.c = e.c AND a.seq = e.seq)`;
const latestEdit =
  'LEFT JOIN folds f ON f.c = e.c AND f.seq = e.seq LEFT JOIN events x ON x.c = f.c AND x.seq = f.edit_seq';
const ofOne = `SELECT ${columns} FROM conversations v CROSS JOIN events e ON e.c = v.c ${latestEdit} WHERE v.id = ? AND e.kind = 0`;

/** Exported so that a test can hold their plans to an index each. */
export const foldedQueries = {
  page: `${ofOne} AND e.n > ? AND e.n <= ? ORDER BY e.n`,
  among: `${ofOne} AND e.seq IN (SELECT j.value FROM json_each(?) j) ORDER BY e.seq`,
  single: `${ofOne} AND e.seq = ?`,
  latest: `SELECT ${columns} FROM json_each(?) j CROSS JOIN conversations v ON v.id = j.value
    CROSS JOIN events e ON e.row = (SELECT row FROM events m WHERE m.c = v.c AND m.kind = 0 ORDER BY m.n DESC LIMIT 1)
    ${latestEdit}`,
  // In one statement with the seq up to which they count.
  counts: `SELECT a.last, k.emoji, k.count, EXISTS (
      SELECT 1 FROM reactions r WHERE r.c = k.c AND r.seq = k.seq AND r.emoji = k.emoji AND r.user_id = ?3)
    FROM reacted a LEFT JOIN reaction_counts k ON k.c = a.c AND k.seq = a.seq
    WHERE a.c = ?1 AND a.seq = ?2 ORDER BY k.first_seq`,
};

/** Reads messages with what came after folded in; its cost depends on how many are asked for, and on nothing else. */
export const createFoldedReader = (database: Database) => {
  const page = database.prepare(foldedQueries.page).raw();
  const among = database.prepare(foldedQueries.among).raw();
  const single = database.prepare(foldedQueries.single).raw();
  const latest = database.prepare(foldedQueries.latest).raw();
  const counts = database.prepare(foldedQueries.counts).raw();

  const toFolded = (row: FoldedRow, viewer: string): FoldedMessage => {
    const [seq, n, kind, sender, client_id, date, random, payload, conversation_id, c, editPayload, editDate, reacted] =
      row;
    const event = toEvent(conversation_id, [seq, n, kind, sender, client_id, date, random, payload]);
    const rows = reacted ? (counts.all([c, seq, viewer]) as CountRow[]) : [];
    const folds = {
      reactions: rows.flatMap(([, emoji, count, me]) => (emoji === null ? [] : { emoji, count, me: me === 1 })),
      ...(rows[0] && { reactions_seq: rows[0][0] }),
    };
    if (editPayload === null || editDate === null) return { event, ...folds };
    const { message, mentions, mentions_all } = parsePayload(editPayload);
    return {
      event: { ...event, payload: { ...event.payload, message, mentions, mentions_all } },
      edited_at: new Date(editDate).toISOString(),
      ...folds,
    };
  };

  return {
    messages(conversation_id: string, afterN: number, upToN: number, viewer: string): FoldedMessage[] {
      const end = Math.min(upToN, Math.max(afterN, 0) + maxWindow);
      const rows = page.all([conversation_id, afterN, end]) as FoldedRow[];
      return rows.map(row => toFolded(row, viewer));
    },
    /** In a file that is mapped into memory anyway, reading them again is no dearer than joining them from outside. */
    among(conversation_id: string, messages: StoredEvent[], viewer: string): FoldedMessage[] {
      const seqs = JSON.stringify(messages.slice(0, maxWindow).map(({ seq }) => seq));
      return (among.all([conversation_id, seqs]) as FoldedRow[]).map(row => toFolded(row, viewer));
    },
    messageAt(conversation_id: string, seq: number, viewer: string): FoldedMessage | undefined {
      const row = single.get([conversation_id, seq]) as FoldedRow | undefined;
      return row && toFolded(row, viewer);
    },
    latestMessages(conversation_ids: string[], viewer: string): Map<string, FoldedMessage> {
      const rows = latest.all([JSON.stringify(conversation_ids)]) as FoldedRow[];
      return new Map(rows.map(row => [row[8], toFolded(row, viewer)]));
    },
  };
};
