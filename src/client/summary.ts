import type { Conversation, LogEvent } from '../protocol/index.ts';
import { foldInto } from './fold.ts';

/**
 * A conversation as it stands in a list: as the server has it, brought forward by the events since. `n` messages up to its head and
 * `read_n` up to the read cursor make `unread` exactly their difference, whatever comes twice or late.
 */
export interface Summary extends Conversation {
  readonly n: number;
  readonly read_n: number;
}

export const summaryOf = (conversation: Conversation): Summary => {
  const n = conversation.last_message?.n ?? conversation.unread;
  return { ...conversation, n, read_n: n - conversation.unread };
};

const withUnread = (summary: Summary): Summary => ({ ...summary, unread: Math.max(0, summary.n - summary.read_n) });

/** Everything up to `seq` is read, which makes `n` messages; never moves back. */
export const read = (summary: Summary, seq: number, n: number): Summary =>
  seq < summary.read_seq || (seq === summary.read_seq && n <= summary.read_n)
    ? summary
    : withUnread({ ...summary, read_seq: seq, read_n: Math.max(summary.read_n, Math.min(n, summary.n)) });

/** What is told anew of a conversation that is held: nothing moves back by it. */
export const merge = (held: Summary, told: Summary): Summary =>
  withUnread({
    ...(told.head >= held.head ? told : held),
    n: Math.max(held.n, told.n),
    read_n: Math.max(held.read_n, told.read_n),
    read_seq: Math.max(held.read_seq, told.read_seq),
    delivered_seq: Math.max(held.delivered_seq, told.delivered_seq),
  });

/** What an event, whose turn it is, makes of a conversation; undefined where it is gone, or no longer `me`'s. */
export const applyTo = (held: Summary, event: LogEvent, me: string): Summary | undefined => {
  const summary = event.seq > held.head ? { ...held, head: event.seq } : held;
  switch (event.kind) {
    case 'message': {
      // What was told of the conversation may have been ahead of its events.
      if (event.n <= summary.n && summary.last_message && summary.last_message.seq >= event.seq) return summary;
      // Where no message was to be had yet, it was not told how many there are: this one is the first behind what counted as unread.
      const unseen = summary.last_message ? 0 : Math.max(0, event.n - 1 - summary.n);
      const next = {
        ...{ ...summary, last_message: { ...event, reactions: [] } },
        ...{ n: Math.max(summary.n, event.n), read_n: summary.read_n + unseen },
      };
      return withUnread(event.from.id === me ? read(next, event.seq, event.n) : next);
    }
    case 'edit':
    case 'unsend':
    case 'react':
    case 'unreact': {
      const last = summary.last_message && foldInto([summary.last_message], event, me)[0];
      return last === summary.last_message || !last ? summary : { ...summary, last_message: last };
    }
    case 'updated': {
      const { name, topic, slow_mode_ms, history } = event;
      const facts = Object.entries({ name, topic, slow_mode_ms, history }).filter(([, value]) => value !== undefined);
      return { ...summary, ...Object.fromEntries(facts) };
    }
    case 'deleted':
      return undefined;
    case 'left':
    case 'removed':
    case 'banned':
      return event.user.id === me ? undefined : summary;
    case 'role':
      return event.user.id === me && event.role ? { ...summary, role: event.role } : summary;
    case 'muted':
      return event.user.id === me ? { ...summary, muted_until: event.muted_until ?? null } : summary;
    default:
      return summary;
  }
};

/** The lobby first, then what was last spoken in. */
export const inOrder = (summaries: Iterable<Summary>): Summary[] =>
  [...summaries].sort((a, b) => {
    const lobby = Number(b.kind === 'lobby') - Number(a.kind === 'lobby');
    if (lobby !== 0) return lobby;
    const [x, y] = [activityOf(a), activityOf(b)];
    return x < y ? 1 : x > y ? -1 : a.id < b.id ? -1 : 1;
  });

const activityOf = ({ last_message, created_at }: Summary) => last_message?.date ?? created_at;
