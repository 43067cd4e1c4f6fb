import type { Conversation, LogEvent, Receipt } from '../protocol/index.ts';
import { type ConversationLog, createConversationLog, type Window } from './conversation-log.ts';
import { createComputed, createObservable, type Observable, type Settable } from './observable.ts';
import { applyTo, inOrder, merge, read, type Summary, summaryOf } from './summary.ts';

/** How far each member has got, as far as this client was told. */
export type Receipts = ReadonlyMap<string, Receipt>;

/** What is held of one conversation. */
export interface Held {
  log: ConversationLog;
  readonly summary: Settable<Summary>;
  readonly window: Settable<Window | undefined>;
  readonly receipts: Settable<Receipts>;
}

/**
 * What this client knows of the conversations of `me`. Everything that the server says goes in here, in any order and any number of
 * times; what is shown comes out.
 */
export interface Conversations {
  readonly list: Observable<readonly Summary[]>;
  readonly unread: Observable<number>;
  get(id: string): Held | undefined;
  ids(): string[];
  /** A conversation as the server tells it; of what is held, sync goes on. */
  upsert(conversation: Conversation): void;
  /** What was held of it cannot be continued: goes on at its head. */
  restart(conversation: Conversation): void;
  remove(id: string): void;
  receive(events: readonly LogEvent[]): void;
  /** After something was done to the log that is no event. */
  refresh(id: string): void;
  /** The head is at least so far. */
  raise(id: string, head: number): void;
  markRead(id: string, seq: number, n: number): void;
  /** Returns whether the caller's own read cursor moved on another device, so that its `n` must be asked for. */
  addReceipts(id: string, receipts: readonly Receipt[]): boolean;
}

export interface ConversationsParts {
  me: string;
  /** Events are missing before those that came. */
  onGap: (conversation_id: string) => void;
  /** An event of a conversation that is not held: it became the caller's. */
  onUnknown: (conversation_id: string) => void;
  /** Each event of the log, once and in order. */
  onEvent: (event: LogEvent) => void;
  onError: (error: unknown) => void;
}

export const createConversations = ({ me, onGap, onUnknown, onEvent, onError }: ConversationsParts): Conversations => {
  const held = new Map<string, Held>();
  const summaries = () => [...held.values()].map(({ summary }) => summary.get());
  const list = createComputed<readonly Summary[]>(() => inOrder(summaries()), onError);
  const unread = createComputed(() => summaries().reduce((sum, one) => sum + one.unread, 0), onError);

  const changed = () => {
    list.invalidate();
    unread.invalidate();
  };

  const logOf = ({ epoch, head: seq }: Conversation) => createConversationLog({ epoch, seq, me });

  const setSummary = (one: Held, summary: Summary) => {
    if (one.summary.get() === summary) return;
    one.summary.set(summary);
    changed();
  };

  const remove = (id: string) => {
    const one = held.get(id);
    if (!held.delete(id)) return;
    one?.window.set(undefined);
    changed();
  };

  const restart = (conversation: Conversation) => {
    const one = held.get(conversation.id);
    if (one) {
      one.log = logOf(conversation);
      one.window.set(undefined);
      setSummary(one, summaryOf(conversation));
      return;
    }
    held.set(conversation.id, {
      log: logOf(conversation),
      summary: createObservable(summaryOf(conversation), onError),
      window: createObservable<Window | undefined>(undefined, onError),
      receipts: createObservable<Receipts>(new Map(), onError),
    });
    changed();
  };

  const apply = (one: Held, event: LogEvent) => {
    const next = applyTo(one.summary.get(), event, me);
    if (next) setSummary(one, next);
    else remove(event.conversation_id);
    onEvent(event);
  };

  return {
    list,
    unread,
    get: id => held.get(id),
    ids: () => [...held.keys()],
    remove,
    restart,

    upsert(conversation) {
      const one = held.get(conversation.id);
      const cursor = one?.log.cursor();
      // Nothing of it is shown: what lies between need not be fetched.
      const isIdle = one && one.window.get() === undefined && cursor && cursor.seq < conversation.head;
      if (!one || isIdle || cursor?.epoch !== conversation.epoch) restart(conversation);
      else setSummary(one, merge(one.summary.get(), summaryOf(conversation)));
    },

    receive(events) {
      const touched = new Set<Held>();
      const gaps = new Set<string>();
      for (const event of events) {
        const one = held.get(event.conversation_id);
        if (!one) {
          onUnknown(event.conversation_id);
          continue;
        }
        const { applied, gap } = one.log.receive(event);
        for (const each of applied) apply(one, each);
        if (applied.length > 0) touched.add(one);
        if (gap) gaps.add(event.conversation_id);
        else gaps.delete(event.conversation_id);
      }
      for (const { log, window } of touched) window.set(log.window());
      for (const id of gaps) onGap(id);
    },

    refresh(id) {
      const one = held.get(id);
      one?.window.set(one.log.window());
    },

    raise(id, head) {
      const one = held.get(id);
      const summary = one?.summary.get();
      if (one && summary && head > summary.head) setSummary(one, { ...summary, head });
    },

    markRead(id, seq, n) {
      const one = held.get(id);
      if (one) setSummary(one, read(one.summary.get(), seq, n));
    },

    addReceipts(id, receipts) {
      const one = held.get(id);
      if (!one) return false;
      const all = new Map(one.receipts.get());
      for (const { user_id, read_seq, delivered_seq } of receipts) {
        const before = all.get(user_id);
        all.set(user_id, {
          user_id,
          read_seq: Math.max(before?.read_seq ?? 0, read_seq),
          delivered_seq: Math.max(before?.delivered_seq ?? 0, delivered_seq),
        });
      }
      one.receipts.set(all);
      return receipts.some(({ user_id, read_seq }) => user_id === me && read_seq > one.summary.get().read_seq);
    },
  };
};
