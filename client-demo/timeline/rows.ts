import type { Entry, Message } from 'parley/client';
import type { Dates } from '../language/dates.ts';

/** What stands in a timeline, from the oldest to what is not sent yet. The `key` of a message of one's own is that of its entry. */
export type Row =
  | { readonly kind: 'message'; readonly key: string; readonly message: Message; readonly isFirst: boolean }
  | { readonly kind: 'entry'; readonly key: string; readonly entry: Entry; readonly isFirst: boolean }
  | { readonly kind: 'line'; readonly key: 'line' };

/** What was said on one day. */
export interface Day {
  readonly key: string;
  /** ISO 8601, of its first row. */
  readonly date: string;
  readonly rows: readonly Row[];
}

/** Messages of one author within so many milliseconds stand together, under one name. */
const togetherMs = 5 * 60_000;

interface Before {
  readonly author: string;
  readonly at: number;
}

/** @param after what others said behind this seq was new when the conversation was opened */
export const rowsOf = (
  messages: readonly Message[],
  pending: readonly Entry[],
  {
    me,
    after,
    hasOlder,
    dates,
  }: { me: string; after: number | undefined; hasOlder: boolean; dates: Pick<Dates, 'dayKey'> },
): readonly Day[] => {
  const days: { key: string; date: string; rows: Row[] }[] = [];
  const confirmed = new Set<string>();
  let before: Before | undefined;
  // Where what is new begins further up, nothing here is its beginning.
  let isMarked = after === undefined || (hasOlder && (messages[0]?.seq ?? 0) > after + 1);

  const rowsFor = (date: string): Row[] => {
    const key = dates.dayKey(date);
    const last = days.at(-1);
    // An entry's date is this device's, whose clock may be behind: days never go back.
    if (last && (last.key === key || last.date > date)) return last.rows;
    before = undefined;
    const rows: Row[] = [];
    days.push({ key, date, rows });
    return rows;
  };

  const standsFirst = (author: string, date: string) => {
    const at = Date.parse(date);
    const isFirst = before?.author !== author || at - before.at > togetherMs;
    before = { author, at };
    return isFirst;
  };

  for (const message of messages) {
    const isMine = message.from.id === me;
    const rows = rowsFor(message.date);
    if (!isMarked && !isMine && message.seq > (after ?? 0)) {
      isMarked = true;
      before = undefined;
      rows.push({ kind: 'line', key: 'line' });
    }
    if (isMine) confirmed.add(message.client_id);
    const key = isMine ? message.client_id : message.id;
    rows.push({ kind: 'message', key, message, isFirst: standsFirst(message.from.id, message.date) });
  }
  for (const entry of pending) {
    // For a moment it may be both.
    if (confirmed.has(entry.client_id)) continue;
    const rows = rowsFor(entry.created_at);
    rows.push({ kind: 'entry', key: entry.client_id, entry, isFirst: standsFirst(me, entry.created_at) });
  }
  return days;
};
