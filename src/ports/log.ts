import type { LogEventKind } from '../protocol/index.ts';

/** The last event of a conversation's log. An empty log is `{seq: 0, n: 0}` without an id. */
export interface Head {
  seq: number;
  /** Messages (events of kind `message`) up to and including this event. */
  n: number;
  id?: string;
}

/** What an event says beside its envelope; user ids, never names. Only the fields of its kind are present. */
export interface Payload {
  /** The text of a message or edit; absent once it was erased. */
  message?: string;
  /** Set where the text was erased by an unsend. */
  unsent?: true;
  reply_to?: string;
  /** User ids. */
  mentions?: string[];
  mentions_all?: true;
  /** The seq and id of the message that an edit, unsend or reaction is about. */
  target_seq?: number;
  target_id?: string;
  emoji?: string;
  /** Membership events: whom it is about, their role, and until when they are muted. */
  user_id?: string;
  role?: 'owner' | 'admin' | 'member';
  muted_until?: string | null;
  /** `created` and `updated`. */
  conversation_kind?: 'lobby' | 'room' | 'group' | 'direct';
  name?: string | null;
  topic?: string;
  slow_mode_ms?: number;
  history?: 'all' | 'joined';
  /** The membership version that this event carries into the log (events that came through the outbox). */
  version?: number;
}

/** An event that has no place in the log yet. */
export interface NewEvent {
  kind: LogEventKind;
  /** A user id. */
  from: string;
  client_id: string;
  payload: Payload;
}

/** An event in its place. `id` is `<conversation_id>.<seq in base 36>.<random>`, see `eventId`. */
export interface StoredEvent extends NewEvent {
  conversation_id: string;
  id: string;
  seq: number;
  n: number;
  /** ISO-8601 with milliseconds, by the clock of the instance that appended it; never used for order. */
  date: string;
}

/** How an append ended; `stored` is the prefix that is durable, in order, possibly empty or whole. */
export interface AppendResult {
  stored: StoredEvent[];
  /**
   * Why `events[stored.length]` was not stored; absent where all were.
   * `seq`: somebody else appended at that seq first. `client_id`: this (from, client_id) is in the log already, as `original`.
   * Where an event collides with both, either may be named.
   */
  conflict?: { on: 'seq' } | { on: 'client_id'; original: StoredEvent };
}

/** A message with what came after folded in. `event.payload.message` is the latest text, absent where it was unsent. */
export interface FoldedMessage {
  event: StoredEvent;
  edited_at?: string;
  /** In the order in which each emoji was first used. */
  reactions: { emoji: string; count: number; me: boolean }[];
  /** The seq of the last event that `reactions` counts, exactly; absent where there never was one. */
  reactions_seq?: number;
}

/** A log that changed. */
export interface Change {
  conversation_id: string;
  seq: number;
  n: number;
}

/**
 * The append-only log of every conversation: what was said.
 *
 * Order and gaps: seqs of a conversation are 1, 2, 3 … without a hole, at every moment and for every reader. The insert is
 * the allocation: an append at `head + 1` under a unique index; there is no counter.
 * Durability: what a method reports as stored survives kill -9 and power loss.
 * Reads: see every append that had resolved before the read began, through any instance (G6).
 * Throws: `ParleyError('unavailable')` where nothing was stored, and `ParleyError('unknown_outcome')` where the prefix that
 * was stored is unknown: the caller drops what it holds of the head and looks each client_id up before it answers.
 * A log never stores anything of `events` behind the first that failed.
 */
export interface Log {
  /**
   * Appends at `at.seq + 1`, in order, as one batch. Calls for different conversations may share one commit.
   * The head row (`head`, `changes`) is durable before this resolves. Folds (`messages`) include the batch once it resolved.
   * `at` must have been true once: a head that was never reached would leave a hole and is refused by throwing.
   */
  append(conversation_id: string, at: Head, events: NewEvent[]): Promise<AppendResult>;

  /** The true last event, whatever the head row says; `{seq: 0, n: 0}` for an unknown conversation. */
  head(conversation_id: string): Promise<Head>;

  /** The head rows of many conversations at once; may lag behind, never lead. Unknown ones are absent. */
  heads(conversation_ids: string[]): Promise<Map<string, Head>>;

  /** Events with `after < seq <= upTo`, ascending; at most `maxWindow` of them, whatever is asked. */
  range(conversation_id: string, after: number, upTo: number): Promise<StoredEvent[]>;

  /** The event at a seq. */
  at(conversation_id: string, seq: number): Promise<StoredEvent | undefined>;

  /** The event of (conversation, from, client_id). */
  byClientId(conversation_id: string, from: string, client_id: string): Promise<StoredEvent | undefined>;

  /**
   * Folded messages by their ordinal: `afterN < n <= upToN`, ascending, at most `maxWindow`; `viewer` decides `me`.
   * Costs the same however deep, and however many reactions a message has.
   */
  messages(conversation_id: string, afterN: number, upToN: number, viewer: string): Promise<FoldedMessage[]>;

  /**
   * The same, for message events that the caller holds already (at most `maxWindow` of one conversation, in any order, as they
   * were read from this log): only what came after them is read. Those erased meanwhile come without their text.
   */
  fold(conversation_id: string, messages: StoredEvent[], viewer: string): Promise<FoldedMessage[]>;

  /** The folded message at a seq; undefined where the event there is no message. */
  messageAt(conversation_id: string, seq: number, viewer: string): Promise<FoldedMessage | undefined>;

  /** The newest message of each conversation; those without one are absent. */
  latestMessages(conversation_ids: string[], viewer: string): Promise<Map<string, FoldedMessage>>;

  /** Whether `user_id` has reacted so, and how many different emoji the message has. */
  reaction(
    conversation_id: string,
    target_seq: number,
    user_id: string,
    emoji: string,
  ): Promise<{ mine: boolean; kinds: number }>;

  /**
   * Erases for good, also from the files of the store, the text of the message at `target_seq` and of all its edits
   * (`payload.message` and `payload.mentions` go, `payload.unsent` is set). Idempotent. Appending an `unsend` event does the same by itself.
   */
  erase(conversation_id: string, target_seq: number): Promise<void>;

  /**
   * What changed since a stamp, oldest change first: at least once, possibly overlapping, nothing skipped, across crashes.
   * Begin with '' for everything; continue with `next`. A stamp is opaque and belongs to this store.
   */
  changes(since: string, limit: number): Promise<{ changes: Change[]; next: string; more: boolean }>;

  /** Deletes all of a conversation's log, after the conversation was deleted. */
  drop(conversation_id: string): Promise<void>;

  /** Names this log; a client's cursor of another epoch is reset. */
  readonly epoch: string;
  /** After a backup was put back: a new epoch, durable; returns it. */
  renewEpoch(): Promise<string>;

  /** Whether it answers; rejects with the cause where it does not. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** The most events or messages that one range read returns. */
export const maxWindow = 1_000;

const separator = '.';

/** Makes the id of an event: where it stands can be read off it, so that no index by id is needed; `random` tells two histories apart. */
export const eventId = (conversation_id: string, seq: number, random: string) =>
  `${conversation_id}${separator}${seq.toString(36)}${separator}${random}`;

/** Where the event of this id would stand; undefined where it is no event id. Whoever reads there compares the whole id. */
export const placeOf = (id: string): { conversation_id: string; seq: number } | undefined => {
  const [conversation_id, place, random, ...rest] = id.split(separator);
  if (!conversation_id || !place || !random || rest.length > 0 || !/^[0-9a-z]{1,10}$/.test(place)) return undefined;
  const seq = Number.parseInt(place, 36);
  return Number.isSafeInteger(seq) && seq > 0 ? { conversation_id, seq } : undefined;
};
