import type { Output, Profile, User } from '../protocol/index.ts';
import { addressOf } from './address.ts';
import type { ChatClient, ClientEvents, ClientOptions } from './chat-client.ts';
import { type Call, createCall, insist } from './commands.ts';
import { createConnection } from './connection.ts';
import { type ChatConversation, createConversation } from './conversation.ts';
import { createDesk, type Desk } from './desk.ts';
import { createEmitter } from './emitter.ts';
import { closedHere, signedOut } from './errors.ts';
import { guardStorage } from './guarded-storage.ts';
import { safely } from './listeners.ts';
import { createLocks } from './locks.ts';
import { newId } from './new-id.ts';
import { type Computed, createRelay, type Observable } from './observable.ts';
import { openStorage } from './open-storage.ts';
import type { Entry } from './outbox.ts';
import type { Names } from './people.ts';
import { createRest } from './rest.ts';
import { createSession } from './session.ts';
import { whenOpen } from './storage-soon.ts';
import type { Summary } from './summary.ts';

const nothing: readonly never[] = [];
const unchanged: Names = told => told;

/** Does nothing yet: `restore`, `signIn` or `signUp` begin. */
export const createClient = ({
  url = '',
  storage: given,
  name = 'parley',
  fetch,
  onError: told = error => console.error('Parley:', error),
}: ClientOptions = {}): ChatClient => {
  const onError = safely(told);
  const address = addressOf(url);
  const clock = { now: () => Date.now() };
  const storage = given
    ? guardStorage(given, { onTrouble: onError, isOwn: false })
    : whenOpen(openStorage({ name, onTrouble: onError }));
  let kindTold = storage.kind;
  const onKind = () => {
    if (storage.kind === kindTold) return;
    kindTold = storage.kind;
    kind.invalidate();
  };
  const locks = createLocks(name);
  const rest = createRest({ api: address.api, ...(fetch && { fetch }) });
  const session = createSession({ rest, storage, locks, clock, onError });
  const { emit, on } = createEmitter<ClientEvents>(onError);
  let desk: Desk | undefined;
  let deskUser: string | undefined;
  /** The sign-in that it belongs to. */
  let deskOf: string | undefined;
  let handles = new Map<string, ChatConversation>();
  let unwatch: (() => void)[] = [];
  let closed = false;
  let closing = Promise.resolve();
  /** What whoever was signed in left behind is away. */
  let left = Promise.resolve();
  /** Whoever signs out has done so. */
  let gone: Promise<void> = Promise.resolve();

  const mustBeOpen = () => {
    if (closed) throw closedHere();
  };

  const connection = createConnection({
    address,
    session,
    onLogEvents: events => desk?.onLogEvents(events),
    onSignal: (signal, payload) => desk?.onSignal(signal, payload),
    onConnected: () => desk?.connected(),
    onInboxConnected: () => desk?.inbox.look(),
    onError,
  });
  const isOnline = () => connection.state.get().status === 'online';
  const plain = createCall({ rest, session, socket: connection.call });
  /** Of what some answers tell, this client keeps count. */
  const call: Call = async (name, input) => {
    mustBeOpen();
    const people = desk?.people;
    const take = people?.ask() ?? unchanged;
    const told = await plain(name, input);
    // What was changed by it is newer than whatever was told in the meantime.
    if (name === 'account:update') people?.hear(told);
    const answer = take(told);
    if (name === 'account:profile' || name === 'account:update') await session.rename(answer as Profile);
    if (name === 'notification:read') desk?.inbox.read();
    return answer;
  };

  /** What a desk has, and nobody has where there is none. */
  const relays: { of: (desk: Desk) => Observable<unknown>; relay: Computed<unknown> }[] = [];
  const ofDesk = <T>(of: (desk: Desk) => Observable<T>, none: T): Observable<T> => {
    const relay = createRelay(() => (desk ? of(desk).get() : none), onError);
    relays.push({ of, relay });
    return relay;
  };
  const conversations = ofDesk<readonly Summary[]>(({ conversations }) => conversations.list, nothing);
  const unread = ofDesk(({ conversations }) => conversations.unread, 0);
  const names = ofDesk<Names>(({ people }) => people.names, unchanged);
  const unreadNotifications = ofDesk(({ inbox }) => inbox.unread, 0);
  const outbox = ofDesk<readonly Entry[]>(({ outbox }) => outbox.entries, nothing);
  const kind: Computed<'persistent' | 'memory'> = createRelay(() => storage.kind, onError);

  const leave = async (isOver: boolean) => {
    const old = desk;
    desk = undefined;
    handles = new Map();
    for (const stop of unwatch.splice(0)) stop();
    for (const { relay } of relays) relay.invalidate();
    await old?.close(isOver);
  };

  /** Whoever is signed in now has a desk, and nobody else. */
  const follow = () => {
    const id = session.id();
    if (deskOf === id) return;
    deskOf = id;
    const me = session.user.get()?.id;
    const earlier = left;
    // Whoever signs in again goes on where they were: nothing is told twice or skipped.
    left = leave(me !== deskUser)
      .then(() => earlier)
      .catch(onError);
    deskUser = me;
    if (closed || me === undefined) return;
    // Of whoever was replaced.
    connection.stop();
    const mine = createDesk({
      ...{ user: session.user, me, storage, ready: left, locks, call, isOnline, clock, random: Math.random, onError },
      onEvent: event => emit('event', event),
      onNotification: notification => emit('notification', notification),
    });
    desk = mine;
    unwatch = relays.map(({ of, relay }) => of(mine).subscribe(relay.invalidate));
    for (const { relay } of relays) relay.invalidate();
    // With what this device held, so that the server is asked for the rest only.
    void mine.loaded.then(() => {
      if (desk === mine && !closed) connection.start();
    });
  };

  const stops = [
    session.user.subscribe(follow),
    session.onEnded(reason => emit('ended', reason)),
    connection.state.subscribe(() => {
      if (!isOnline()) desk?.disconnected();
      onKind();
    }),
    storage.subscribe(onKind),
  ];

  const here = (): Desk => {
    mustBeOpen();
    if (!desk) throw signedOut();
    return desk;
  };

  const conversation = (id: string): ChatConversation => {
    const mine = here();
    const handle = handles.get(id) ?? createConversation({ id, desk: mine, call, isOnline });
    handles.set(id, handle);
    return handle;
  };

  /** A conversation that an answer is about is known from then on. */
  const take = (answer: Output<'conversation:get'>): ChatConversation => {
    here().conversations.upsert(answer);
    return conversation(answer.id);
  };

  const entering = async (work: () => Promise<User | undefined>) => {
    mustBeOpen();
    try {
      return (await work()) as User;
    } finally {
      mustBeOpen();
      follow();
    }
  };

  const signOut = async () => {
    await session.signOut();
    follow();
    // A page that is left right after this leaves nothing to read.
    await left;
  };

  const close = async () => {
    rest.close();
    connection.stop();
    await gone.catch(() => undefined);
    for (const stop of stops) stop();
    await leave(false);
    await session.close();
    storage.close();
  };

  return {
    user: session.user,
    connection: connection.state,
    storage: kind,
    conversations,
    unread,
    unreadNotifications,
    outbox,
    names,
    restore: () => entering(session.restore),
    signUp: input => entering(() => session.signUp(input)),
    signIn: input => entering(() => session.signIn(input)),
    async signOut() {
      mustBeOpen();
      gone = signOut();
      await gone;
    },
    synced: async () => here().synced,
    conversation,
    direct: async user_id => take(await call('conversation:direct', { user_id })),
    async create(input) {
      const once = { client_id: newId(), ...input };
      return take(await insist(() => call('conversation:create', once), isOnline));
    },
    join: async room => take(await call('conversation:join', room)),
    async leave(conversation_id) {
      const before = here().conversations.get(conversation_id)?.log;
      await call('conversation:leave', { conversation_id });
      // Who was let in again before this answer came is not told so twice.
      if (desk?.conversations.get(conversation_id)?.log === before) desk?.conversations.remove(conversation_id);
    },
    stored: async () => here().outbox.stored(),
    presence: user_id => here().presence.of(user_id),
    retry: client_id => here().outbox.retry(client_id),
    discard: client_id => here().outbox.discard(client_id),
    call,
    on,
    reconnect() {
      if (closed) return;
      // Whoever was sent away for good, as for too many windows, may come back by their own wish.
      if (connection.state.get().status === 'ended' && desk) connection.start();
      else connection.retryNow();
    },
    close() {
      if (!closed) {
        closed = true;
        closing = close();
      }
      return closing;
    },
  };
};
