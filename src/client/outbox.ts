import { ChatError } from './errors.ts';
import { createOutboxEntries } from './outbox-entries.ts';
import { afterFailure, type Entry, newEntry, type OutboxParts, withoutVerdict } from './outbox-entry.ts';

export type { Entry } from './outbox-entry.ts';

export type Outbox = ReturnType<typeof createOutbox>;
const atOnce = 4;
/** Beyond it setTimeout fires at once. */
const longestTimer = 2 ** 31 - 1;

/**
 * What this person wrote and the server has not confirmed yet, in the order of writing; kept through reloads, crashes and offline
 * times. Each conversation is sent in order, one message at a time; of all tabs on one storage one sends at a time, for all.
 * An entry leaves when its send succeeded, when its message was seen in the log, or when the person gives it up; by nothing else.
 */
export const createOutbox = ({ user_id, storage, locks, send, isOnline, clock, random, onError }: OutboxParts) => {
  /** Conversations by the client_id of what is on its way there. */
  const inFlight = new Map<string, string>();
  let asked = false;
  /** There while this tab is the one that sends. */
  let release: (() => void) | undefined;
  const isSender = () => release !== undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  const entries = createOutboxEntries({ prefix: `outbox:${user_id}:`, storage, onError, onChange: () => pump() });

  /** The first that may be sent now; else when the next one may, in milliseconds since 1970. */
  const next = (): Entry | number => {
    const busy = new Set([...inFlight.values()].map(entries.laneOf));
    const now = clock.now();
    let soonest = Number.POSITIVE_INFINITY;
    if (!isOnline()) return soonest;
    for (const [id, lane] of entries.lanes()) {
      const entry = busy.has(id) ? undefined : lane.find(({ state }) => state !== 'failed');
      const held = entry && entries.get(entry.client_id);
      // The storage has it before the network does; one that refused has had its chance.
      if (!held || held.writing > 0) continue;
      if (held.until <= now) return entry;
      soonest = Math.min(soonest, held.until);
    }
    return soonest;
  };

  const fail = (client_id: string, error: unknown) => {
    const entry = entries.get(client_id)?.entry;
    // Given up or settled meanwhile: whatever the send says.
    if (!entry) return;
    const told =
      error instanceof ChatError
        ? error
        : new ChatError('odd_answer', 'This message could not be sent.', { cause: error });
    const after = afterFailure(entry, told, { now: clock.now(), random });
    entries.set(after.entry, after.until);
    if (told !== error) onError(error);
  };

  const attempt = async (entry: Entry) => {
    const { client_id, conversation_id } = entry;
    const sending: Entry = { ...withoutVerdict(entry), state: 'sending' };
    inFlight.set(client_id, conversation_id);
    entries.set(sending, 0);
    try {
      const message = await send(sending);
      if (closed) return;
      entries.drop(client_id);
      // What is written to the person and to the conversation by its id is one order from now on.
      if (message?.conversation_id && conversation_id.startsWith('to:'))
        entries.alias(conversation_id, message.conversation_id);
    } catch (error) {
      if (!closed) fail(client_id, error);
    } finally {
      inFlight.delete(client_id);
      pump();
    }
  };

  const whileAlone = async () => {
    // Another tab may have sent what this one still shows.
    await entries.reload();
    if (closed) return;
    await new Promise<void>(resolve => {
      release = resolve;
      pump();
    });
    // What was answered is out of the storage before the next tab looks there.
    await entries.idle();
  };

  const ask = async () => {
    asked = true;
    try {
      await locks.alone(`outbox-sender:${user_id}`, whileAlone);
    } catch (error) {
      onError(error);
      // Two tabs that send the same do no harm, since the server knows the client_id; a message that waits for ever does.
      await whileAlone();
    } finally {
      asked = false;
      pump();
    }
  };

  /** Goes on with whatever can go on. Called after every change, in any state, any number of times. */
  const pump = () => {
    clearTimeout(timer);
    if (closed) return;
    let due = next();
    if (isSender()) {
      // What `send` does may come back here before it returns.
      while (isSender() && typeof due !== 'number' && inFlight.size < atOnce) {
        void attempt(due);
        due = next();
      }
      if (inFlight.size === 0) {
        release?.();
        release = undefined;
      }
    } else if (typeof due !== 'number' && !asked) void ask();
    if (typeof due === 'number' && due < Number.POSITIVE_INFINITY)
      timer = setTimeout(pump, Math.min(due - clock.now(), longestTimer));
  };

  const loaded = entries.reload().then(() => pump());

  return {
    /** All of them, in the order of writing; each list and entry is replaced, never changed. */
    entries: entries.shown,

    /** Those of one conversation; the same list until one of them changes. */
    forConversation: entries.forConversation,

    /** Shown at once, kept, then sent. Also where there is no connection, no storage, or no client any more. */
    add(written: Pick<Entry, 'conversation_id' | 'message' | 'reply_to'>): Entry {
      const last = entries.shown.get().at(-1)?.position ?? 0;
      const entry = newEntry(written, { now: clock.now(), last, random });
      entries.add(entry);
      return entry;
    },

    /** Sends one again that failed or that waits for its time. */
    retry(client_id: string) {
      const entry = entries.get(client_id)?.entry;
      if (!entry || inFlight.has(client_id)) return;
      entries.set({ ...withoutVerdict(entry), state: 'waiting', attempts: 0 }, 0);
    },

    /** Gives one up. One that is being sent may still arrive. */
    discard: entries.drop,

    /** Its message was seen in the log: it is done, whatever its send says. Of other messages nothing happens. */
    settle(client_id: string) {
      if (!entries.get(client_id)) return;
      entries.drop(client_id);
      inFlight.delete(client_id);
      pump();
    },

    /** Where `to:USER_ID` has a conversation of its own: both are one order, and are shown as one. */
    alias: entries.alias,

    /** There is a connection (again): what waited because of the last one waits no more. */
    resume() {
      void loaded.then(() => {
        entries.hurry();
        pump();
      });
    },

    /** Sends nothing more and lets other tabs send. Resolves when the storage has all that was written. */
    close(): Promise<void> {
      closed = true;
      clearTimeout(timer);
      entries.unsubscribe();
      release?.();
      return entries.idle();
    },
  };
};
