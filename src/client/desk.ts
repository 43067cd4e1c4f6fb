import type { LogEvent, Message, Notification, SignalPayload, User } from '../protocol/index.ts';
import type { Call } from './commands.ts';
import { type Conversations, createConversations } from './conversations.ts';
import { ChatError, closedHere, noAnswer, signedOut } from './errors.ts';
import { createHistory, type History } from './history.ts';
import { createInbox, type Inbox } from './inbox.ts';
import type { OnSignal, Signal } from './incoming.ts';
import type { Locks } from './locks.ts';
import type { Observable } from './observable.ts';
import { createOutbox, type Entry, type Outbox } from './outbox.ts';
import { createPastReceipts } from './past-receipts.ts';
import { createPeople, type People } from './people.ts';
import { createPresence, type PresenceDesk } from './presence.ts';
import { createPreviews } from './previews.ts';
import { createReads, type Reads } from './reads.ts';
import { createSnapshots, type Snapshots } from './snapshots.ts';
import type { ChatStorage } from './store.ts';
import { createSync, type Sync } from './sync.ts';
import { createTyping, type TypingDesk } from './typing.ts';

/** Everything that belongs to one signed-in person, and ends when they sign out. */
export interface Desk {
  readonly people: Pick<People, 'names' | 'ask' | 'hear'>;
  readonly conversations: Conversations;
  readonly outbox: Outbox;
  readonly history: Omit<History, 'open'>;
  /** Loads what is shown of a conversation, and how far others have read in it. */
  open(conversation_id: string): Promise<void>;
  readonly reads: Reads;
  readonly typing: TypingDesk;
  readonly presence: PresenceDesk;
  readonly inbox: Inbox;
  /** What comes live. */
  onLogEvents(events: readonly LogEvent[]): void;
  onSignal: OnSignal;
  /** The connection stands (again), or is gone. */
  connected(): void;
  disconnected(): void;
  /** The list is known, and everything in it up to date and stored, for the first time. Rejects where the desk is closed before. */
  readonly synced: Promise<void>;
  /** What this device held is there; resolves in any case. */
  readonly loaded: Promise<void>;
  /** Writes down what has to be; where the session is over, leaves nothing to read but what was not sent. */
  close(isOver: boolean): Promise<void>;
}

export interface DeskParts {
  user: Observable<User | undefined>;
  me: string;
  storage: ChatStorage;
  /** The storage is not asked before: whoever was here has left. */
  ready: Promise<void>;
  locks: Locks;
  call: Call;
  isOnline: () => boolean;
  clock: { now(): number };
  random: () => number;
  onEvent: (event: LogEvent) => void;
  onNotification: (notification: Notification) => void;
  onError: (error: unknown) => void;
}

export const createDesk = (parts: DeskParts): Desk => {
  const { user, me, storage, ready, locks, call, isOnline, clock, random, onError } = parts;
  let closed = false;
  let synced: () => void = () => undefined;
  let unsynced: (error: ChatError) => void = () => undefined;
  const whenSynced = new Promise<void>((resolve, reject) => {
    synced = resolve;
    unsynced = reject;
  });
  // Not everybody asks.
  whenSynced.catch(() => undefined);

  /** What nobody waits for: a failure of the connection is no news, as the next one makes good for it. */
  const quietly = (promise: Promise<unknown>) =>
    void promise.catch((error: unknown) => {
      if (!closed && (!(error instanceof ChatError) || !error.retryable)) onError(error);
    });

  /** The last name of one's own by which an event differed. */
  let odd: string | undefined;
  /** One's own name may have changed on another device: its events show it, and after an absence nobody knows. Whoever calls is told by the answer. */
  const lookAtMyself = (name?: string) => {
    // Whoever has none any more is being erased, and has no profile either.
    if (name !== undefined && (name === '' || name === odd || name === user.get()?.full_name)) return;
    odd = name;
    quietly(call('account:profile', {}));
  };

  const people = createPeople({
    onChange() {
      conversations.rename();
      typing.rename(people.named);
    },
    onError,
  });
  people.recall(user.get());
  const unfollow = user.subscribe(() => people.hear(user.get()));

  const onEvent = (event: LogEvent) => {
    if (event.from.id === me) {
      outbox.settle(event.client_id);
      lookAtMyself(event.from.full_name);
    }
    if (event.from.id !== me && event.kind === 'message') reads.delivered(event.conversation_id, event.seq);
    parts.onEvent(event);
    quietly(previews.hear(event));
  };

  const conversations: Conversations = createConversations({
    me,
    named: people.named,
    onGap: id => sync.soon(id),
    onUnknown: id => sync.soon(id),
    onLetGo: id => quietly(history.latest(id)),
    onChange: id => snapshots.touch(id),
    onEvent,
    onError,
  });
  const snapshots: Snapshots = createSnapshots({
    ...{ user_id: me, storage, before: () => outbox.stored(), onError },
    conversations: {
      ...conversations,
      put(kept) {
        people.recall(kept);
        conversations.put(kept);
      },
    },
  });
  const sync: Sync = createSync({
    ...{ conversations, call, isOnline, random, onError },
    onListed: ({ id, read_seq }) => reads.compare(id, read_seq),
    // A device that dies right after it goes on from here, and skips nothing.
    onSynced: () => void snapshots.save().then(synced),
    onSince: snapshots.setSince,
  });

  const send = async ({ conversation_id, message, client_id, reply_to }: Entry): Promise<Message> => {
    const place = conversation_id.startsWith('to:') ? { to: conversation_id.slice(3) } : { conversation_id };
    const answer = await call('message:send', {
      ...place,
      message,
      client_id,
      reply_to,
    });
    // An answer without its place would be forgotten as sent.
    if (typeof answer.seq !== 'number') throw noAnswer();
    if (!closed) conversations.receive([answer]);
    return answer;
  };

  const outbox: Outbox = createOutbox({
    ...{ user_id: me, storage, ready, locks, send, isOnline, clock, random, onError },
  });
  const previews = createPreviews({ conversations, call });
  const history = createHistory({ conversations, call, onBehind: id => sync.soon(id), onError });
  const reads = createReads({ conversations, call, isOnline, onError });
  const typing = createTyping({
    me,
    tell: (name, conversation_id) => {
      if (!isOnline()) return;
      quietly(
        call(name, { conversation_id }).catch((error: unknown) => {
          // Whoever was removed meanwhile has nobody to tell any more.
          if (!(error instanceof ChatError) || error.code !== 'not_found') throw error;
        }),
      );
    },
    now: clock.now,
    onError,
  });
  const presence = createPresence({
    watch: async user_ids => (await call('presence:watch', { user_ids })).items,
    unwatch: user_ids => quietly(call('presence:unwatch', { user_ids })),
    isOnline,
    onError,
  });

  const pastReceipts = createPastReceipts({ conversations, call, isOnline, quietly });

  const inbox = createInbox({
    ...{ user_id: me, storage, call, isOnline, random, onError },
    onNew: parts.onNotification,
  });

  /** The caller has read on another device: how many messages that leaves, the server knows. */
  const askAnew = async (conversation_id: string) => {
    const conversation = await call('conversation:get', { conversation_id });
    if (!closed) conversations.upsert(conversation);
  };

  const loaded = ready
    .then(() => Promise.all([snapshots.load(), inbox.load()]))
    .then(([since]) => {
      if (since !== undefined) sync.begin(since);
    });

  const signals: { [S in Signal]?: (payload: SignalPayload<S>) => void } = {
    heads: sync.heads,
    'typing:updated': typing.hear,
    'presence:updated': presence.hear,
    'notification:created': inbox.hear,
    'receipt:updated'({ conversation_id, receipts }) {
      if (conversations.addReceipts(conversation_id, receipts)) quietly(askAnew(conversation_id));
    },
  };

  return {
    ...{ people, conversations, outbox, history, reads, typing, presence, inbox },
    async open(id) {
      await history.open(id);
      pastReceipts.look(id);
    },
    synced: whenSynced,
    loaded,

    onLogEvents(events) {
      people.hear(events);
      conversations.receive(events);
    },

    onSignal(name, payload) {
      people.hear(payload);
      signals[name]?.(people.named(payload));
    },

    connected() {
      lookAtMyself();
      presence.resume();
      reads.resume();
      // After the sync: what was sent by another tab or before a crash is settled by its event, and not sent again.
      quietly(
        sync.all().then(() => {
          if (closed) return;
          outbox.resume();
          pastReceipts.resume();
          return previews.resume();
        }),
      );
    },

    disconnected() {
      typing.clear();
      presence.pause();
    },

    async close(isOver) {
      closed = true;
      unsynced(isOver ? signedOut() : closedHere());
      unfollow();
      sync.stop();
      reads.stop();
      typing.clear();
      presence.clear();
      await Promise.all([outbox.close(), inbox.close(isOver), isOver ? snapshots.forget() : snapshots.close()]);
    },
  };
};
