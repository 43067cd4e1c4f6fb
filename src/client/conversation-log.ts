import type { LogEvent, Message } from '../protocol/index.ts';
import { isBare, previewOf } from './bare.ts';
import { foldInto } from './fold.ts';
import type { Names } from './people.ts';

/** What is shown of a log: messages without a hole between them, each with what came after folded in. Replaced, never changed. */
export interface Window {
  readonly messages: readonly Message[];
  /** Whether there is more before and behind them. */
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
}

/** A page of history as the server answers it: ascending, folded. */
export interface Page {
  items: readonly Message[];
  hasOlder: boolean;
  hasNewer: boolean;
  /** Where the cursor was when it was asked for: what came since may or may not be in it. */
  asked: number;
}

/** What receiving an event came to: `applied` are those whose turn it was, in order; `gap`: something before it is missing. */
export interface Received {
  applied: LogEvent[];
  gap: boolean;
}

/**
 * What this device holds of one conversation's log. `cursor` is the highest seq up to which every event was applied, so that each counts
 * exactly once (G4), whether it comes live, by sync, or as the answer to a command, in whatever order and however often.
 * The cost of an event does not depend on how long the log is: at most `windowSize` messages are held.
 */
export interface ConversationLog {
  readonly epoch: string;
  cursor(): { epoch: string; seq: number; id?: string };
  /** Undefined until a page was shown. */
  window(): Window | undefined;
  receive(event: LogEvent): Received;
  /** The events before `floor` are not to be had: goes on from there, with nothing to show. */
  skipTo(floor: number): void;
  /** Shows this page instead of what was shown. Returns false where too much has come since it was asked for: ask again. */
  show(page: Page): boolean;
  /** Puts a page that ends before the oldest message shown in front, or one that begins behind the newest behind; lets go of the other end. As `show`. */
  extend(page: Page, where: 'older' | 'newer'): boolean;
  /** Puts the previews of these messages, as they stood no earlier than at `asked`, to those shown that lack theirs. */
  complete(told: readonly Message[], asked: number): void;
  /** Somebody's name changed: names all that is held anew. */
  rename(named: Names): void;
}

/** Events that wait for those before them; beyond it sync brings them. */
const maxAhead = 500;
/** The last events applied, for pages that were read before them. */
const keptRecent = 256;

export const createConversationLog = ({
  epoch,
  seq: start,
  id,
  me,
  shown: initial,
  windowSize = 400,
}: {
  epoch: string;
  /** Where to begin: everything up to it counts as applied. */
  seq: number;
  id?: string;
  /** The id of who is signed in. */
  me: string;
  /** What was shown when it stood there. */
  shown?: Window;
  windowSize?: number;
}): ConversationLog => {
  let cursor = start;
  let cursorId = id;
  let shown = initial;
  const ahead = new Map<number, LogEvent>();
  let recent: LogEvent[] = [];
  let recentAfter = start;

  /** The newest of so many messages, or the oldest. */
  const cut = (messages: readonly Message[], keep: 'newest' | 'oldest') =>
    messages.length <= windowSize
      ? messages
      : keep === 'newest'
        ? messages.slice(-windowSize)
        : messages.slice(0, windowSize);

  const append = (window: Window, message: Message): Window => {
    const last = window.messages.at(-1);
    if (window.hasNewer || (last && last.seq >= message.seq)) return window;
    const messages = cut([...window.messages, message], 'newest');
    return { messages, hasOlder: window.hasOlder || messages[0] !== (window.messages[0] ?? message), hasNewer: false };
  };

  const apply = (event: LogEvent) => {
    cursor = event.seq;
    cursorId = event.id;
    recent.push(event);
    if (recent.length > 2 * keptRecent) {
      recent = recent.slice(-keptRecent);
      recentAfter = (recent[0] as LogEvent).seq - 1;
    }
    if (shown) shown = fold(shown, event);
  };

  /** Of a reply to what is shown here the preview is known. */
  const completed = (event: LogEvent): LogEvent => {
    const target = isBare(event) && shown?.messages.find(({ id }) => id === event.reply_to);
    return target ? { ...event, reply_preview: previewOf(target) } : event;
  };

  const fold = (window: Window, event: LogEvent): Window => {
    if (event.kind === 'message') return append(window, { ...event, reactions: [] });
    const messages = foldInto(window.messages, event, me);
    return messages === window.messages ? window : { ...window, messages };
  };

  /** Brings a window that was read before `cursor` up to it. */
  const renew = (window: Window, asked: number) => {
    for (const event of recent) if (event.seq > asked) window = fold(window, event);
    return window;
  };

  return {
    epoch,
    cursor: () => ({ epoch, seq: cursor, id: cursorId }),
    window: () => shown,

    receive(event) {
      if (event.epoch !== epoch) return { applied: [], gap: true };
      if (event.seq <= cursor) return { applied: [], gap: false };
      if (event.seq > cursor + 1) {
        if (ahead.size < maxAhead) ahead.set(event.seq, event);
        return { applied: [], gap: true };
      }
      const applied: LogEvent[] = [];
      for (let next: LogEvent | undefined = event; next; next = ahead.get(cursor + 1)) {
        ahead.delete(next.seq);
        const whole = completed(next);
        apply(whole);
        applied.push(whole);
      }
      return { applied, gap: ahead.size > 0 };
    },

    complete(told, asked) {
      if (!shown || asked < recentAfter) return;
      const messages = shown.messages.map(held => {
        const reply_preview = isBare(held) && told.find(({ id }) => id === held.id)?.reply_preview;
        return reply_preview ? { ...held, reply_preview } : held;
      });
      shown = renew({ ...shown, messages }, asked);
    },

    rename(named) {
      shown = named(shown);
      recent = named(recent);
      for (const [seq, event] of ahead) ahead.set(seq, named(event));
    },

    skipTo(floor) {
      if (floor - 1 <= cursor) return;
      cursor = floor - 1;
      cursorId = undefined;
      shown = undefined;
      recent = [];
      recentAfter = cursor;
      for (const seq of ahead.keys()) if (seq <= cursor) ahead.delete(seq);
    },

    show({ items, hasOlder, hasNewer, asked }) {
      if (asked < recentAfter) return false;
      // What stands beyond the cursor comes as an event: to show it now would show it before what was said in between.
      const all = items.filter(({ seq }) => seq <= cursor);
      const messages = cut(all, 'newest');
      const page = {
        messages,
        hasOlder: hasOlder || messages.length < all.length,
        hasNewer: hasNewer && all.length === items.length,
      };
      shown = renew(page, asked);
      return true;
    },

    extend({ items, hasOlder, hasNewer, asked }, where) {
      if (asked < recentAfter) return false;
      if (!shown) return true;
      const { messages } = shown;
      if (where === 'older') {
        const oldest = messages[0]?.seq ?? cursor + 1;
        const all = [...items.filter(({ seq }) => seq < oldest), ...messages];
        const kept = cut(all, 'oldest');
        shown = renew({ messages: kept, hasOlder, hasNewer: shown.hasNewer || kept.length < all.length }, asked);
        return true;
      }
      const newest = messages.at(-1)?.seq ?? 0;
      const fresh = items.filter(({ seq }) => seq > newest && seq <= cursor);
      const all = [...messages, ...fresh];
      const kept = cut(all, 'newest');
      const reachesCursor = !hasNewer || items.some(({ seq }) => seq > cursor);
      const next = { messages: kept, hasOlder: shown.hasOlder || kept.length < all.length, hasNewer: !reachesCursor };
      shown = renew(next, asked);
      return true;
    },
  };
};
