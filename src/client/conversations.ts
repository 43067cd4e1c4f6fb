import type { Conversation, LogEvent, Message, Receipt } from '../protocol/index.ts';
import { isBare } from './bare.ts';
import { type ConversationLog, createConversationLog, type Window } from './conversation-log.ts';
import { createComputed, createObservable, type Observable, type Settable } from './observable.ts';
import type { Names } from './people.ts';
import { applyTo, inOrder, merge, read, type Summary, summaryOf } from './summary.ts';

/** How far each member has got, as far as this client was told. */
export type Receipts = ReadonlyMap<string, Receipt>;

/** What can be shown of one conversation, also before it is known and after it is gone. */
export interface Shown {
  readonly summary: Settable<Summary | undefined>;
  readonly window: Settable<Window | undefined>;
  readonly receipts: Settable<Receipts>;
}

/** What is held of one conversation of the caller. */
export interface Held {
  readonly log: ConversationLog;
  readonly summary: Summary;
}

/** A conversation as this device last held it, for an instant start: nothing rests on it, as sync goes on from its cursor. */
export interface Snapshot {
  summary: Summary;
  cursor: { epoch: string; seq: number; id?: string };
  window?: Window;
}

/**
 * What this client knows of the conversations of `me`. Everything that the server says goes in here, in any order and any number of
 * times; what is shown comes out.
 */
export interface Conversations {
  readonly list: Observable<readonly Summary[]>;
  readonly unread: Observable<number>;
  get(id: string): Held | undefined;
  shown(id: string): Shown;
  ids(): string[];
  /** A conversation as the server tells it; of what is held, sync goes on. A new one is held from `from` on, its head where absent. */
  upsert(conversation: Conversation, from?: number): void;
  /** What this device held of it before. */
  put(kept: Snapshot): void;
  /** What was held of it cannot be continued: goes on at its head. */
  restart(conversation: Conversation): void;
  remove(id: string): void;
  receive(events: readonly LogEvent[]): void;
  /** After something was done to the log that is no event. */
  refresh(id: string): void;
  /** Somebody's name changed: names all that is held anew. */
  rename(): void;
  /** The events before `floor` are not to be had. */
  skip(id: string, floor: number): void;
  /** What replies lack that are shown; `asked`: where its cursor stood when these messages were asked for. */
  complete(id: string, told: readonly Message[], asked: number): void;
  /** The head is at least so far. */
  raise(id: string, head: number): void;
  markRead(id: string, seq: number, n: number): void;
  /** Returns whether the caller's own read cursor moved on another device, so that its `n` must be asked for. */
  addReceipts(id: string, receipts: readonly Receipt[]): boolean;
}

export interface ConversationsParts {
  me: string;
  /** Applied to all events and copies that come in; what an answer brings is named already. */
  named: Names;
  /** Events are missing before those that came, or may be: sync is to look. */
  onGap: (conversation_id: string) => void;
  /** An event of a conversation that is not held: it became the caller's. */
  onUnknown: (conversation_id: string) => void;
  /** What was shown of it had to be let go of. */
  onLetGo: (conversation_id: string) => void;
  /** What is held of this conversation changed, or is gone. */
  onChange: (conversation_id: string) => void;
  /** Each event of the log, once and in order. */
  onEvent: (event: LogEvent) => void;
  onError: (error: unknown) => void;
}

export const createConversations = ({
  me,
  named,
  onGap,
  onUnknown,
  onLetGo,
  onChange,
  onEvent,
  onError,
}: ConversationsParts): Conversations => {
  const held = new Map<string, { log: ConversationLog; summary: Summary }>();
  /** Where those stood that ceased to be the caller's: what was told once is not told again to whoever is let in again. */
  const left = new Map<string, { epoch: string; seq: number }>();
  const slots = new Map<string, Shown>();
  const summaries = () => [...held.values()].map(({ summary }) => summary);
  const list = createComputed<readonly Summary[]>(() => inOrder(summaries()), onError);
  const unread = createComputed(() => summaries().reduce((sum, one) => sum + one.unread, 0), onError);

  const shown = (id: string): Shown => {
    let slot = slots.get(id);
    if (!slot) {
      slot = {
        summary: createObservable<Summary | undefined>(held.get(id)?.summary, onError),
        window: createObservable<Window | undefined>(held.get(id)?.log.window(), onError),
        receipts: createObservable<Receipts>(new Map(), onError),
      };
      slots.set(id, slot);
    }
    return slot;
  };

  const changed = (id: string) => {
    slots.get(id)?.summary.set(held.get(id)?.summary);
    list.invalidate();
    unread.invalidate();
    onChange(id);
  };

  const setSummary = (id: string, summary: Summary) => {
    const one = held.get(id);
    if (!one || one.summary === summary) return;
    one.summary = summary;
    changed(id);
  };

  const refresh = (id: string) => {
    const one = held.get(id);
    const window = one?.log.window();
    slots.get(id)?.window.set(window);
    const [last, shown] = [one?.summary.last_message, window?.messages.at(-1)];
    if (one && last && isBare(last) && shown?.id === last.id && shown.reply_preview)
      setSummary(id, { ...one.summary, last_message: { ...last, reply_preview: shown.reply_preview } });
    onChange(id);
  };

  const remove = (id: string) => {
    const one = held.get(id);
    if (!one) return;
    held.delete(id);
    left.set(id, one.log.cursor());
    slots.get(id)?.receipts.set(new Map());
    changed(id);
    refresh(id);
  };

  const restart = (conversation: Conversation, seq = conversation.head) => {
    const { id, epoch } = conversation;
    const before = held.get(id);
    const wasShown = before?.log.window() !== undefined;
    const told = summaryOf(conversation);
    // How far this person has read, this device may know better.
    const summary = before?.log.epoch === epoch ? merge(before.summary, told) : told;
    held.set(id, { log: createConversationLog({ epoch, seq, me }), summary });
    changed(id);
    refresh(id);
    if (wasShown) onLetGo(id);
  };

  const apply = (summary: Summary, event: LogEvent) => {
    const next = applyTo(summary, event, me);
    if (next) setSummary(event.conversation_id, next);
    else if (event.seq > summary.head) remove(event.conversation_id);
    // The server told of it as the caller's after this: whoever was let in again would not be told so twice. Sync knows.
    else onGap(event.conversation_id);
    onEvent(event);
  };

  return {
    list,
    unread,
    get: id => held.get(id),
    shown,
    ids: () => [...held.keys()],
    remove,
    restart: conversation => restart(conversation),
    refresh,

    rename() {
      for (const [id, { log, summary }] of held) {
        setSummary(id, named(summary));
        const before = log.window();
        log.rename(named);
        if (log.window() !== before) refresh(id);
      }
    },

    put(kept) {
      const { summary, cursor, window } = named(kept);
      // What came from the server meanwhile is newer.
      if (held.has(summary.id)) return;
      held.set(summary.id, {
        log: createConversationLog({ ...cursor, me, ...(window && { shown: window }) }),
        summary,
      });
      changed(summary.id);
      refresh(summary.id);
    },

    upsert(conversation, from) {
      const one = held.get(conversation.id);
      // A public room that somebody looked at is not theirs; whether it no longer is, sync knows, as this answer may be old.
      if (conversation.role === null) {
        if (one) onGap(conversation.id);
        return;
      }
      const past = left.get(conversation.id);
      const told = past?.epoch === conversation.epoch ? past.seq : 0;
      if (!one) {
        restart(conversation, Math.max(from ?? conversation.head, told));
        // What ended it may have overtaken this answer, and nothing more would be told of it. Sync knows.
        onGap(conversation.id);
      } else if (one.log.epoch !== conversation.epoch) restart(conversation);
      else setSummary(conversation.id, merge(one.summary, summaryOf(conversation)));
    },

    receive(events) {
      const touched = new Set<string>();
      const gaps = new Set<string>();
      for (const event of named(events)) {
        const id = event.conversation_id;
        const one = held.get(id);
        if (!one) {
          onUnknown(id);
          continue;
        }
        const { applied, gap } = one.log.receive(event);
        for (const each of applied) apply(one.summary, each);
        if (applied.length > 0) touched.add(id);
        if (gap) gaps.add(id);
        else gaps.delete(id);
      }
      for (const id of touched) refresh(id);
      for (const id of gaps) onGap(id);
    },

    skip(id, floor) {
      const log = held.get(id)?.log;
      const wasShown = log?.window() !== undefined;
      log?.skipTo(floor);
      refresh(id);
      if (wasShown && log?.window() === undefined) onLetGo(id);
    },

    complete(id, told, asked) {
      held.get(id)?.log.complete(told, asked);
      refresh(id);
    },

    raise(id, head) {
      const summary = held.get(id)?.summary;
      if (summary && head > summary.head) setSummary(id, { ...summary, head });
    },

    markRead(id, seq, n) {
      const summary = held.get(id)?.summary;
      if (summary) setSummary(id, read(summary, seq, n));
    },

    addReceipts(id, receipts) {
      const one = held.get(id);
      if (!one) return false;
      const slot = shown(id);
      const all = new Map(slot.receipts.get());
      for (const { user_id, read_seq, delivered_seq } of receipts) {
        const before = all.get(user_id);
        all.set(user_id, {
          user_id,
          read_seq: Math.max(before?.read_seq ?? 0, read_seq),
          delivered_seq: Math.max(before?.delivered_seq ?? 0, delivered_seq),
        });
      }
      slot.receipts.set(all);
      return receipts.some(({ user_id, read_seq }) => user_id === me && read_seq > one.summary.read_seq);
    },
  };
};
