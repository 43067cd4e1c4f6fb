import { ChatError, oddAnswer } from './errors.ts';
import { createOutboxEntries, type Held } from './outbox-entries.ts';
import {
  afterFailure,
  type Entry,
  invalid,
  newEntry,
  type OutboxParts,
  type Written,
  withoutVerdict,
} from './outbox-entry.ts';

export type { Entry } from './outbox-entry.ts';

export type Outbox = ReturnType<typeof createOutbox>;
const atOnce = 4;
/** Beyond it setTimeout fires at once. */
const longestTimer = 2 ** 31 - 1;

/**
 * The connection was cut more than once while it was on its way: something between may cut it for what is in there. Such ones go last and
 * alone, so that nothing else is lost with them, and wait their time on a new connection, too. They do not fail: many were just unlucky.
 */
const isDoubtful = (one: Held | undefined) => one !== undefined && one.cuts > 1;

/**
 * What this person wrote and the server has not confirmed yet, in the order of writing; kept through reloads, crashes and offline
 * times. Each conversation is sent in order, one message at a time; of all tabs on one storage one sends at a time, for all.
 * An entry leaves when its send succeeded, when its message was seen in the log, or when the person gives it up; by nothing else.
 */
export const createOutbox = (parts: OutboxParts) => {
  const { user_id, storage, ready = Promise.resolve(), locks, send, isOnline, clock, random, onError } = parts;
  /** Conversations by the client_id of what is on its way there. */
  const inFlight = new Map<string, string>();
  let asked = false;
  /** There while this tab is the one that sends. */
  let release: (() => void) | undefined;
  const isSender = () => release !== undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  const entries = createOutboxEntries({
    ...{ prefix: `outbox:${user_id}:`, storage, ready, onError },
    onChange: () => pump(),
  });

  /** What may be sent now; else when something may, in milliseconds since 1970. */
  const next = (): Entry | number => {
    const busy = new Set([...inFlight.values()].map(entries.laneOf));
    const now = clock.now();
    let soonest = Number.POSITIVE_INFINITY;
    let best: Held | undefined;
    if (!isOnline() || [...inFlight.keys()].some(id => isDoubtful(entries.get(id)))) return soonest;
    for (const [id, one] of entries.heads()) {
      // The storage has it before the network does; one that refused has had its chance.
      if (busy.has(id) || one.writing > 0) continue;
      const { pause, cuts, entry } = one;
      if (pause && pause.since <= now && now < pause.until) soonest = Math.min(soonest, pause.until);
      else if (!best?.entry || !entry || (cuts - best.cuts || entry.position - best.entry.position) < 0) best = one;
    }
    if (!best?.entry) return soonest;
    return isDoubtful(best) && inFlight.size > 0 ? Number.POSITIVE_INFINITY : best.entry;
  };

  const fail = (client_id: string, error: unknown) => {
    const one = entries.get(client_id);
    // Given up or settled meanwhile: whatever the send says.
    if (!one?.entry) return;
    const told = error instanceof ChatError ? error : oddAnswer(error);
    if (told.code === 'no_answer' && !isOnline()) one.cuts += 1;
    const after = afterFailure(one.entry, told, { now: clock.now(), random });
    entries.set(after.entry, after.pause);
    if (told !== error) onError(error);
  };

  const attempt = async (entry: Entry) => {
    const { client_id, conversation_id } = entry;
    const sending: Entry = { ...withoutVerdict(entry), state: 'sending' };
    inFlight.set(client_id, conversation_id);
    entries.set(sending);
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

    /**
     * Shown at once, kept, then sent. Also where there is no connection, no storage, or no client any more. With the `client_id` of one
     * that is still here it is that one. Throws `invalid_input`.
     */
    add(written: Written): Entry {
      const entry = newEntry(written, { now: clock.now(), last: entries.lastPosition(), random });
      const held = entries.get(entry.client_id)?.entry;
      if (held && entries.laneOf(held.conversation_id) !== entries.laneOf(entry.conversation_id))
        throw invalid('client_id', 'is that of a message to another conversation');
      if (!held) entries.add(entry);
      return held ?? entry;
    },

    /** Resolves when the storage has (or has refused) all that was written until now. */
    stored: entries.idle,

    /** Sends one again that failed or that waits for its time. */
    retry(client_id: string) {
      const entry = entries.get(client_id)?.entry;
      if (!entry || inFlight.has(client_id)) return;
      entries.set({ ...withoutVerdict(entry), state: 'waiting', attempts: 0 });
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
        for (const one of entries.all()) if (!isDoubtful(one)) one.pause = undefined;
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
