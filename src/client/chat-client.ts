import type { Input, LogEvent, Notification, OperationName, Output, Presence, User } from '../protocol/index.ts';
import type { ConnectionState } from './connection.ts';
import type { ChatConversation } from './conversation.ts';
import type { Observable } from './observable.ts';
import type { Entry } from './outbox.ts';
import type { Names } from './people.ts';
import type { Fetch } from './rest.ts';
import type { Ending } from './session.ts';
import type { ChatStorage } from './store.ts';
import type { Summary } from './summary.ts';

export interface ClientOptions {
  /** Of the server, as `https://chat.example.org`, or below a path of it; the page's own origin where absent. Throws where it is none. */
  url?: string | undefined;
  /** Where sessions, drafts of the outbox and copies of conversations are kept: IndexedDB of the browser, else memory, where absent. */
  storage?: ChatStorage | undefined;
  /** One for each account that is signed in at once in one browser; of its database, its locks and what its tabs tell each other. */
  name?: string | undefined;
  fetch?: Fetch | undefined;
  /** Told what no call can tell: a storage that refuses, a malformed event. Written to the console where absent. */
  onError?: ((error: unknown) => void) | undefined;
}

export interface ClientEvents {
  /** Each event of the log that this client saw, once and in order within its conversation. */
  event: LogEvent;
  /** Each new entry of the inbox, once: live, or missed while there was no connection. */
  notification: Notification;
  /** The session is over, and why. Not told where another sign-in of this client takes its place. */
  ended: Ending;
}

/** A client of one server for one person at a time. */
export interface ChatClient {
  /** Who is signed in; another object where their names changed. */
  readonly user: Observable<User | undefined>;
  readonly connection: Observable<ConnectionState>;
  /** `memory`: what is written is gone with this page. */
  readonly storage: Observable<'persistent' | 'memory'>;
  /** The lobby first, then what was last spoken in; empty while nobody is signed in. */
  readonly conversations: Observable<readonly Summary[]>;
  readonly unread: Observable<number>;
  /** Unread entries of the inbox; 0 until it is known. */
  readonly unreadNotifications: Observable<number>;
  /** Of all conversations, in the order of writing. */
  readonly outbox: Observable<readonly Entry[]>;
  /** Puts the newest names that are known into anything that was told; another function when somebody's changed. For what an app keeps of an answer: all else has them. */
  readonly names: Observable<Names>;
  /** Takes up the session that this device has, if any. Call it first, unless somebody signs in anew. */
  restore(): Promise<User | undefined>;
  signUp(input: Input<'account:register'>): Promise<User>;
  /** Whoever was signed in is signed out, once the server has taken who comes. */
  signIn(input: Input<'account:login'>): Promise<User>;
  signOut(): Promise<void>;
  /**
   * Resolves when the list and everything in it is up to date for the first time, and stored. Rejects with `signed_out` where nobody is
   * signed in or they sign out before, with `closed` after `close`.
   */
  synced(): Promise<void>;
  /** Resolves when the storage has all that was sent until now, or has refused it (`storage` says so). Rejects where nobody is signed in. */
  stored(): Promise<void>;
  /** Throws a `ChatError` `signed_out` where nobody is signed in. */
  conversation(id: string): ChatConversation;
  /** The direct conversation with a person, made where there is none. */
  direct(user_id: string): Promise<ChatConversation>;
  /** A new room or group; with the same `client_id` again, it is made once. */
  create(input: Input<'conversation:create'>): Promise<ChatConversation>;
  join(
    room: { conversation_id: string; name?: undefined } | { conversation_id?: undefined; name: string },
  ): Promise<ChatConversation>;
  leave(conversation_id: string): Promise<void>;
  presence(user_id: string): Observable<Presence | undefined>;
  /** Sends a message of the outbox again that failed; gives one up. */
  retry(client_id: string): void;
  discard(client_id: string): void;
  /** Any operation of the contract. Rejects with a `ChatError` only. */
  call<N extends OperationName>(name: N, input: Input<N>): Promise<Output<N>>;
  on<E extends keyof ClientEvents>(event: E, listener: (payload: ClientEvents[E]) => void): () => void;
  /** Cuts the wait for the next try to connect short. */
  reconnect(): void;
  /** Lets go of everything; what was written stays in the storage. Later calls, and a sign-in under way, end as `closed`. */
  close(): Promise<void>;
}
