import type { Message } from '../protocol/index.ts';
import { ChatError, type ChatErrorCode, isAboutToken } from './errors.ts';
import { newId } from './new-id.ts';
import type { ChatStorage, Stored } from './store.ts';

/** A message that the server has not confirmed yet. */
export interface Entry {
  /** 128 random bits, made once, unless the app gave one: a resend is answered with the original, so nothing arrives twice. */
  readonly client_id: string;
  /** Or `to:USER_ID`: the direct conversation with a person, which may not exist yet. */
  readonly conversation_id: string;
  readonly message: string;
  readonly reply_to?: string;
  /** Ascends in the order of writing, through reloads and over tabs. */
  readonly position: number;
  /** ISO 8601, by this device's clock. */
  readonly created_at: string;
  /** `sending` is known to the tab that sends alone, and never stored: other tabs show `waiting`, and so does this one after a crash. */
  readonly state: 'waiting' | 'sending' | 'failed';
  /** Why the server refused it for good; where it is `failed`. */
  readonly error?: {
    readonly code: ChatErrorCode;
    readonly message: string;
    readonly details?: Record<string, string | number>;
  };
  /** How many sends of it ended without success, since it was written or retried. */
  readonly attempts: number;
  /** Where it is `waiting` because the server wants so (as for `slow_mode`): why, and until when, in milliseconds since 1970. */
  readonly delayed?: { readonly code: ChatErrorCode; readonly until: number };
}

/** From when until when it waits, in milliseconds since 1970. A clock that was set back before `since` ends it: nobody waits for as long as it went back. */
export interface Pause {
  readonly since: number;
  readonly until: number;
}

/** What an app writes. */
export interface Written {
  conversation_id: string;
  message: string;
  reply_to?: string | undefined;
  client_id?: string | undefined;
}

export interface OutboxParts {
  user_id: string;
  storage: ChatStorage;
  /** The storage is not asked before; at once where absent. */
  ready?: Promise<void>;
  /** As in locks.ts. Asked for while there is something that may be sent now, and given back after that. */
  locks: { alone<T>(name: string, work: () => Promise<T>): Promise<T> };
  /** `message:send`, with `to` where `conversation_id` is `to:USER_ID`. Rejects with a ChatError, within some seconds. */
  send: (entry: Entry) => Promise<Message>;
  /** Whether sending makes sense now; `resume` is to be called when it becomes so. */
  isOnline: () => boolean;
  /** Milliseconds since 1970. */
  clock: { now(): number };
  /** From 0 up to 1. */
  random: () => number;
  /** Storage or locks that failed, an entry that was left out, an exception that is no ChatError. Must not throw. */
  onError: (error: unknown) => void;
}

const version = 1;

export const storedEntry = (entry: Entry, pause: Pause | undefined): Stored => ({ ...entry, v: version, ...pause });

const isText = (value: unknown): value is string => typeof value === 'string';

/** What another version of the library, or anybody, may have written: undefined where it is no entry. */
export const readEntry = (client_id: string, value: Stored): { entry: Entry; pause: Pause | undefined } | undefined => {
  const { v, since, until, state, error, delayed, ...rest } = (value ?? {}) as Partial<Entry & Pause> & { v?: unknown };
  const isEntry =
    v === version &&
    rest.client_id === client_id &&
    isText(rest.conversation_id) &&
    isText(rest.message) &&
    (rest.reply_to === undefined || isText(rest.reply_to)) &&
    Number.isSafeInteger(rest.position) &&
    isText(rest.created_at) &&
    Number.isSafeInteger(rest.attempts) &&
    (state === 'waiting' ||
      state === 'sending' ||
      (state === 'failed' && isText(error?.code) && isText(error.message)));
  if (!isEntry) return undefined;
  const isDelayed = isText(delayed?.code) && typeof delayed.until === 'number';
  const known = state === 'failed' ? { state, error } : { state: 'waiting', ...(isDelayed && { delayed }) };
  const isPaused = typeof since === 'number' && typeof until === 'number';
  return { entry: { ...rest, ...known } as Entry, pause: isPaused ? { since, until } : undefined };
};

/** What was written, and how often it was tried, without what became of the last send. */
export const withoutVerdict = ({ error: _error, delayed: _delayed, ...entry }: Entry): Entry => entry;

export const invalid = (field: string, why: string) =>
  new ChatError('invalid_input', { message: `${field}: ${why}`, details: { [field]: why } });

/** As the server has it: `~` begins its own. */
const isClientId = (text: string) => /^[\x20-\x7d][\x20-\x7e]{0,127}$/.test(text);

/** Throws `invalid_input` for what could not even be stored. @param now milliseconds since 1970, @param last the position of the last entry there is */
export const newEntry = (
  { conversation_id, message, reply_to, client_id }: Written,
  { now, last, random }: { now: number; last: number; random: () => number },
): Entry => {
  for (const [field, value] of Object.entries({ conversation_id, message, reply_to: reply_to ?? '' }))
    if (!isText(value)) throw invalid(field, 'must be text');
  if (client_id !== undefined && !(isText(client_id) && isClientId(client_id)))
    throw invalid('client_id', 'must be 1 to 128 printable ASCII characters, not beginning with ~');
  return {
    client_id: client_id ?? newId(random),
    conversation_id,
    message,
    reply_to,
    position: Math.max(Math.floor(now), last + 1),
    created_at: new Date(now).toISOString(),
    state: 'waiting',
    attempts: 0,
  };
};

const backoff = { firstMs: 1_000, mostMs: 30_000 };

/** No verdict on the message: the same again may succeed. `closed` is the client's end, not the message's. */
const mayPass = (error: ChatError) =>
  error.retryable || error.code === 'offline' || error.code === 'closed' || isAboutToken(error);

/** An entry after a send of it was rejected, and how long it waits. `now`: milliseconds since 1970. */
export const afterFailure = (
  entry: Entry,
  error: ChatError,
  { now, random }: { now: number; random: () => number },
): { entry: Entry; pause?: Pause } => {
  const { code, message, details, retry_after_ms } = error;
  const attempts = entry.attempts + 1;
  if (!mayPass(error)) {
    const told = { code, message, ...(details && { details }) };
    return { entry: { ...entry, state: 'failed', attempts, error: told } };
  }
  const jitter = random() * Math.min(backoff.mostMs, backoff.firstMs * 2 ** entry.attempts);
  const pause = { since: now, until: now + Math.max(jitter, retry_after_ms || 0) };
  const waiting: Entry = { ...entry, state: 'waiting', attempts };
  return { entry: retry_after_ms ? { ...waiting, delayed: { code, until: pause.until } } : waiting, pause };
};
