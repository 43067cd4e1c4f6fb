import type { ConversationKind, Role } from '../protocol/index.ts';
import type { NewEvent } from './log.ts';

/**
 * Who: users, sessions, conversations, members and cursors, in SQL.
 * Every method is atomic and durable when it resolves. Dates are ISO-8601 strings with milliseconds.
 * Throws `ParleyError('unavailable')` where the store does not answer; of a write, the outcome is then unknown.
 */
export interface Storage {
  users: UserStore;
  sessions: SessionStore;
  conversations: ConversationStore;
  notifications: NotificationStore;
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface UserRow {
  id: string;
  username: string;
  full_name: string;
  email: string | null;
  password_hash: string;
  role: 'user' | 'admin';
  created_at: string;
  last_seen_at: string | null;
  erased_at: string | null;
}

export interface UserStore {
  /** `keys` are the normalised forms under which names are unique. Throws `username_taken` or `email_taken`. */
  create(user: UserRow, keys: { username: string; email: string | null }): Promise<void>;
  find(id: string): Promise<UserRow | undefined>;
  findMany(ids: string[]): Promise<UserRow[]>;
  findByUsernameKey(key: string): Promise<UserRow | undefined>;
  findByUsernameKeys(keys: string[]): Promise<UserRow[]>;
  /** Throws `email_taken`. Undefined fields stay. */
  update(
    id: string,
    change: {
      /** As it is shown; the key by which it is found and unique stays. */
      username?: string;
      full_name?: string;
      email?: string | null;
      email_key?: string | null;
      password_hash?: string;
      role?: 'user' | 'admin';
    },
  ): Promise<void>;
  setLastSeen(seen: Map<string, string>): Promise<void>;
  /** Blanks names, address and password, frees the username, deletes sessions and notifications. */
  erase(id: string, at: string): Promise<void>;
  /** Not erased, whose username key or folded full name begins with `prefix`; by (username key, id), after that key. */
  search(prefix: string, after: string | undefined, limit: number): Promise<UserRow[]>;
}

export interface SessionRow {
  id: string;
  user_id: string;
  /** Counts the rotations of the refresh token; the token itself is nowhere. */
  generation: number;
  /** Milliseconds since 1970 by the store's own clock, of the last rotation. */
  rotated_at: number;
  created_at: string;
  last_seen_at: string;
  expires_at: string;
  user_agent: string;
}

export interface SessionStore {
  create(session: Omit<SessionRow, 'generation' | 'rotated_at'>): Promise<void>;
  /** A revoked or expired session is absent. */
  find(id: string): Promise<(SessionRow & { user: UserRow }) | undefined>;
  ofUser(user_id: string): Promise<SessionRow[]>;
  /** Those of many sessions that `find` would find, in few queries. */
  liveAmong(ids: string[]): Promise<Set<string>>;
  /**
   * One conditional update: presents `generation`; `rotated` where it was current (it is then `generation + 1`), `grace` where it
   * is one behind and the rotation is at most `grace_ms` old by the store's clock, else `replayed`: the session is then gone.
   */
  rotate(
    id: string,
    generation: number,
    grace_ms: number,
    seen_at: string,
    expires_at: string,
  ): Promise<
    { outcome: 'rotated' | 'grace'; generation: number; session: SessionRow } | { outcome: 'replayed' | 'absent' }
  >;
  /** Returns the ids that were live until now. `except` stays. */
  revoke(which: { id: string; user_id: string } | { user_id: string; except?: string }): Promise<string[]>;
  deleteExpired(now: string): Promise<void>;
}

export interface ConversationRow {
  id: string;
  kind: ConversationKind;
  name: string | null;
  topic: string;
  slow_mode_ms: number;
  history: 'all' | 'joined';
  created_by: string;
  created_at: string;
  /** Counts the changes that went through `change`; each outbox entry has the version that it made. */
  version: number;
  deleted_at: string | null;
}

export interface MemberRow {
  conversation_id: string;
  user_id: string;
  role: Role;
  /** `none`: a row that only holds cursors or a mute (lobby), or of somebody never joined (a ban lifted). */
  state: 'active' | 'none' | 'left' | 'removed' | 'banned';
  muted_until: string | null;
  /** Where the latest joining stands in the log; 0 until its event was appended, and for the lobby. Of who is banned: where the ban stands. */
  joined_seq: number;
  read_seq: number;
  read_n: number;
  delivered_seq: number;
  /** The value of the user's membership counter when `state` or `role` last changed. */
  user_version: number;
}

/** An event on its way into the log. Its client_id there is `outboxClientId(entry)`. */
export interface OutboxEntry {
  conversation_id: string;
  version: number;
  event: Omit<NewEvent, 'client_id'>;
}

export const outboxClientId = (entry: Pick<OutboxEntry, 'version'>) => `~${entry.version}`;

/** What a decision changes. Versions, user versions and outbox entries are assigned by the store, in the order of `events`. */
export interface ConversationChange {
  conversation?: Partial<Pick<ConversationRow, 'name' | 'topic' | 'slow_mode_ms' | 'history' | 'deleted_at'>> & {
    /** The form under which a room's name is unique; null frees it. Throws `name_taken`. */
    name_key?: string | null;
  };
  /** Rows are created where absent (role member, state none, cursors 0). */
  members?: {
    user_id: string;
    role?: Role;
    state?: MemberRow['state'];
    muted_until?: string | null;
    read_seq?: number;
    read_n?: number;
  }[];
  events: Omit<NewEvent, 'client_id'>[];
}

export interface CursorWrite {
  conversation_id: string;
  user_id: string;
  read_seq?: number;
  read_n?: number;
  delivered_seq?: number;
}

export interface ConversationStore {
  /**
   * Inserts a conversation with its first change. Where (created_by, client_id), the direct pair or the id exists already, nothing
   * is written and the existing row is returned with `existed`. Throws `name_taken`.
   */
  create(
    row: Omit<ConversationRow, 'version' | 'deleted_at'> & {
      name_key: string | null;
      direct_key: string | null;
      client_id: string | null;
    },
    first: ConversationChange,
  ): Promise<{ row: ConversationRow; existed: boolean }>;

  /**
   * The one way in which a conversation or its members change: in one transaction, with the conversation's row locked, `decide` sees
   * the row, the members rows of `user_ids` (absent ones are missing) and the number of active owners, and returns the change or throws
   * (then nothing is written). It must be synchronous and without side effects: it may run again. Undefined: the conversation is not there.
   */
  change(
    id: string,
    user_ids: string[],
    decide: (conversation: ConversationRow, members: Map<string, MemberRow>, owners: number) => ConversationChange,
  ): Promise<{ conversation: ConversationRow; members: Map<string, MemberRow>; outbox: OutboxEntry[] } | undefined>;

  find(id: string): Promise<ConversationRow | undefined>;
  findRoom(name_key: string): Promise<ConversationRow | undefined>;
  findDirect(direct_key: string): Promise<ConversationRow | undefined>;
  /** By (created_by, client_id). */
  findByClientId(created_by: string, client_id: string): Promise<ConversationRow | undefined>;

  member(id: string, user_id: string): Promise<MemberRow | undefined>;
  /** All rows of a conversation whose state is `active` or `banned`, or that are muted; of the lobby those that are not plain. */
  membersOf(id: string): Promise<MemberRow[]>;
  /** By user id, after that id. */
  page(id: string, state: 'active' | 'banned', after: string | undefined, limit: number): Promise<MemberRow[]>;
  countActive(ids: string[]): Promise<Map<string, number>>;

  /** A user's conversations (state active, not deleted) by id, after that id. The lobby is not among them. */
  ofUser(
    user_id: string,
    after: string | undefined,
    limit: number,
  ): Promise<{ conversation: ConversationRow; member: MemberRow }[]>;
  /** Ids only, all of them. */
  idsOfUser(user_id: string): Promise<string[]>;
  /** Ids of all conversations whose events a user gets, in one cheap query, as every connection asks: those of `idsOfUser`, and the lobby unless banned from it. */
  audibleTo(user_id: string): Promise<string[]>;
  /** A user's rows whose user_version is above `since`, ascending by it, with their conversations (deleted ones too). */
  changesOfUser(
    user_id: string,
    since: number,
    limit: number,
  ): Promise<{ conversation: ConversationRow; member: MemberRow }[]>;
  /** The user's membership counter now. */
  userVersion(user_id: string): Promise<number>;
  /** The same for many at once, in few queries; unknown ones are absent. */
  userVersions(user_ids: string[]): Promise<Map<string, number>>;
  /** The other members of the user's direct conversations, by conversation id. */
  peers(user_id: string, conversation_ids: string[]): Promise<Map<string, string>>;

  /** Rooms not deleted whose name key begins with `prefix`, by (name key, id), after that name key. */
  directory(
    prefix: string,
    after: string | undefined,
    limit: number,
  ): Promise<{ row: ConversationRow; name_key: string }[]>;

  /** Monotonic: a cursor never moves back. Rows are created where absent. All in one transaction. */
  writeCursors(writes: CursorWrite[]): Promise<void>;
  /** Active members (of the lobby: anyone with a row) whose cursor has reached `seq`, by user id; and how many there are. */
  reached(
    id: string,
    cursor: 'read_seq' | 'delivered_seq',
    seq: number,
    limit: number,
  ): Promise<{ user_ids: string[]; count: number }>;
  /** Where a `joined` (or `banned`) event was appended: sets joined_seq, and raises read_seq/read_n to it. */
  setJoined(id: string, user_id: string, version: number, seq: number, n: number): Promise<void>;

  /** Entries not yet marked done, by conversation and version; of one conversation, or all. */
  outbox(which: { conversation_id?: string; limit: number }): Promise<OutboxEntry[]>;
  outboxDone(conversation_id: string, upToVersion: number): Promise<void>;
}

export interface NotificationRow {
  id: string;
  user_id: string;
  kind: 'mention' | 'direct' | 'reply' | 'invite';
  conversation_id: string;
  seq: number;
  message_id: string | null;
  from_id: string;
  created_at: string;
  read_at: string | null;
}

export interface NotificationStore {
  /** Where this consumer stands: the feed's stamp, '' at first. */
  stamp(consumer: string): Promise<string>;
  setStamp(consumer: string, stamp: string): Promise<void>;
  /** The seq up to which a consumer has processed a conversation; undefined where it never did. */
  position(consumer: string, conversation_id: string): Promise<number | undefined>;
  /** In one transaction: inserts the rows that are not there yet, and moves the consumer's position, so that each event notifies once. Returns the rows that were new. */
  record(consumer: string, conversation_id: string, seq: number, rows: NotificationRow[]): Promise<NotificationRow[]>;
  /** Newest first, before that id. Ids sort by time. */
  list(user_id: string, options: { before?: string; unread?: boolean; limit: number }): Promise<NotificationRow[]>;
  countUnread(user_id: string): Promise<number>;
  /** All of the user's where ids is absent. */
  markRead(user_id: string, ids: string[] | undefined, at: string): Promise<void>;
}
