// @ts-check
/** @import { Message } from '../src/protocol/index.ts' */
/** @import { Changes } from './changes.js' */
import { isAboutToken, isFailure, wordsFor } from './failure.js';
import { alone } from './session.js';

/**
 * @typedef {object} Entry
 * @property {string} client_id made once: a resend is answered with the original, so nothing arrives twice
 * @property {string} conversation_id
 * @property {string} message
 * @property {string} [reply_to]
 * @property {number} order
 * @property {string} [error] why the server refused it for good
 *
 * @typedef {ReturnType<typeof createOutbox>} Outbox
 */

const backoff = { firstMs: 1_000, mostMs: 30_000 };
/** Beyond it setTimeout fires at once. */
const longestTimer = 2 ** 31 - 1;

/**
 * What this person wrote and the server has not confirmed yet, in the order of writing; kept through reloads and offline
 * times. Each conversation is sent in order, one message at a time; one tab of the browser sends for all.
 *
 * @param {{
 *   user_id: string,
 *   send: (entry: Entry) => Promise<Message>,
 *   isOnline: () => boolean,
 *   changes: Changes,
 *   onUnsaved: () => void,
 * }} parts
 */
export const createOutbox = ({ user_id, send, isOnline, changes, onUnsaved }) => {
  const prefix = `parley:outbox:${user_id}:`;
  /** @type {Map<string, Entry>} by client_id */
  const entries = new Map();
  /** @type {Map<string, number>} until when (milliseconds since 1970) a conversation waits after a refusal that will pass */
  const waits = new Map();
  /** @type {Set<string>} */
  const sending = new Set();
  /** @type {Map<string, Promise<void>>} */
  const draining = new Map();
  let failures = 0;
  let asked = false;
  let holding = false;
  let stopped = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const tell = () => changes.tell('outbox');

  /** One key for each entry: tabs never overwrite each other's. @param {string} client_id @param {string | null} text */
  const take = (client_id, text) => {
    if (text === null) entries.delete(client_id);
    else {
      try {
        entries.set(client_id, JSON.parse(text));
      } catch (error) {
        console.warn('An entry of the outbox cannot be read and is left out.', error);
      }
    }
  };

  for (let index = 0; index < localStorage.length; index++) {
    const name = localStorage.key(index);
    if (name?.startsWith(prefix)) take(name.slice(prefix.length), localStorage.getItem(name));
  }

  /** @param {StorageEvent} event */
  const onStorage = event => {
    if (!event.key?.startsWith(prefix)) return;
    take(event.key.slice(prefix.length), event.newValue);
    tell();
  };
  addEventListener('storage', onStorage);

  /** @param {Entry} entry */
  const keep = entry => {
    entries.set(entry.client_id, entry);
    try {
      localStorage.setItem(prefix + entry.client_id, JSON.stringify(entry));
    } catch (error) {
      console.warn('The outbox cannot be kept on this device.', error);
      onUnsaved();
    }
    tell();
  };

  /** @param {string} client_id */
  const drop = client_id => {
    if (!entries.delete(client_id)) return;
    localStorage.removeItem(prefix + client_id);
    tell();
  };

  const inOrder = () => [...entries.values()].sort((a, b) => a.order - b.order);

  /** @param {string} id */
  const next = id => inOrder().find(({ conversation_id, error }) => conversation_id === id && !error);

  /** Sends what waits in one conversation until it is empty or has to wait. @param {string} id */
  const drain = async id => {
    for (let entry = next(id); entry; entry = next(id)) {
      if (stopped || !isOnline() || (waits.get(id) ?? 0) > Date.now()) return;
      sending.add(entry.client_id);
      tell();
      try {
        await send(entry);
        failures = 0;
        drop(entry.client_id);
      } catch (error) {
        // A token that ran out is no verdict on the message either.
        if (isFailure(error) && (error.retryable || isAboutToken(error.code))) {
          failures += 1;
          const wait = error.retry_after_ms ?? Math.min(backoff.mostMs, backoff.firstMs * 2 ** (failures - 1));
          waits.set(id, Date.now() + wait);
          return;
        }
        if (!isFailure(error)) console.error(error);
        if (entries.has(entry.client_id)) keep({ ...entry, error: wordsFor(error) });
      } finally {
        sending.delete(entry.client_id);
        tell();
      }
    }
  };

  const sendable = () => {
    const now = Date.now();
    const ids = new Set(inOrder().map(({ conversation_id }) => conversation_id));
    return isOnline() && !stopped ? [...ids].filter(id => next(id) && (waits.get(id) ?? 0) <= now) : [];
  };

  const startAll = () => {
    for (const id of sendable())
      if (!draining.has(id)) {
        draining.set(
          id,
          drain(id).finally(() => draining.delete(id)),
        );
      }
  };

  const comeAgain = () => {
    clearTimeout(timer);
    const due = [...waits.values()].filter(until => until > Date.now());
    if (due.length > 0 && isOnline() && !stopped)
      timer = setTimeout(flush, Math.min(Math.min(...due) - Date.now() + 20, longestTimer));
  };

  const flush = async () => {
    if (holding) return startAll();
    if (asked) return;
    asked = true;
    await alone(`${prefix}sender`, async () => {
      asked = false;
      holding = true;
      try {
        while (sendable().length > 0) {
          startAll();
          await Promise.all(draining.values());
        }
      } finally {
        holding = false;
        comeAgain();
      }
    });
  };

  return {
    flush,

    /** A connection is there (again): what waited because of the last one waits no more. */
    resume() {
      waits.clear();
      failures = 0;
      return flush();
    },

    /** @param {Pick<Entry, 'conversation_id' | 'message' | 'reply_to'>} written */
    add(written) {
      const last = inOrder().at(-1)?.order ?? 0;
      keep({
        ...written,
        client_id: crypto.getRandomValues(new BigUint64Array(2)).join('-'),
        order: Math.max(Date.now(), last + 1),
      });
      return flush();
    },

    /** @param {string} client_id */
    retry(client_id) {
      const entry = entries.get(client_id);
      if (!entry) return;
      const { error: _, ...rest } = entry;
      waits.delete(entry.conversation_id);
      keep(rest);
      void flush();
    },

    /** Gives an entry up, or notes that its message has come back in the log. @param {string} client_id */
    drop,

    clear: () => [...entries.keys()].forEach(drop),

    /** @param {string} [conversation_id] */
    entries: conversation_id =>
      inOrder().filter(entry => conversation_id === undefined || entry.conversation_id === conversation_id),

    /** @param {Entry} entry @returns {'failed' | 'sending' | 'waiting'} */
    stateOf: entry => (entry.error ? 'failed' : sending.has(entry.client_id) ? 'sending' : 'waiting'),

    /** Until when a conversation waits after a refusal that will pass; 0 where it does not. @param {string} id */
    waitsUntil: id => waits.get(id) ?? 0,

    stop() {
      stopped = true;
      clearTimeout(timer);
      removeEventListener('storage', onStorage);
    },
  };
};
