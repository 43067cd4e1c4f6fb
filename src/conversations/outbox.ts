import type { ConversationStore } from '../ports/storage.ts';
import { entriesAtOnce, eventOfEntry, finishEntries } from './pending-entries.ts';
import type { States } from './state.ts';
import type { Writer } from './writer.ts';

/** Brings what SQL decided about members into the log. */
export interface Outbox {
  /**
   * Resolves when everything that was committed for this conversation before the call is in its log, published, and known to the
   * state in memory. Rejects where that is uncertain (`unavailable`, `unknown_outcome`): the sweep goes on with it.
   */
  complete(conversation_id: string): Promise<void>;
  /** Completes whatever is pending anywhere, of instances that died too. */
  sweep(): Promise<void>;
  /** Sweeps every 5 s, the first time at once. */
  start(): void;
  /** Resolves when no sweep runs any more. */
  stop(): Promise<void>;
}

export interface OutboxParts {
  storage: ConversationStore;
  states: States;
  writer: Writer;
  /** Told of what went wrong in a sweep; the next one tries again. */
  onError: (error: unknown) => void;
}

const sweepEvery = 5_000;
/** Entries that one sweep looks at; more are found by the next. */
const sweepLimit = 1_000;

interface Run {
  now: Promise<void>;
  next?: Promise<void>;
}

export const createOutbox = ({ storage, states, writer, onError }: OutboxParts): Outbox => {
  const runs = new Map<string, Run>();
  let timer: NodeJS.Timeout | undefined;
  let sweeping: Promise<void> | undefined;

  const pass = async (id: string): Promise<void> => {
    // Loading completes what is pending; where the state was in memory already, the writer does, so that both agree on the head.
    if (!states.peek(id)) await states.load(id);
    for (;;) {
      const entries = await storage.outbox({ conversation_id: id, limit: entriesAtOnce });
      if (entries.length === 0) return;
      const events = await writer.appendChain(id, entries.map(eventOfEntry));
      await finishEntries(storage, id, entries, events);
      if (entries.length < entriesAtOnce) return;
    }
  };

  /** One pass at a time; a pass that runs already may have looked before the caller's commit, so the caller gets the one after it. */
  const complete = (id: string): Promise<void> => {
    const run = runs.get(id);
    if (run) {
      run.next ??= run.now.then(ignore, ignore).then(() => begin(id));
      return run.next;
    }
    return begin(id);
  };

  const begin = (id: string): Promise<void> => {
    const now = pass(id).finally(() => {
      if (runs.get(id) === run && !run.next) runs.delete(id);
    });
    const run: Run = { now };
    runs.set(id, run);
    return now;
  };

  const sweep = async (): Promise<void> => {
    const entries = await storage.outbox({ limit: sweepLimit });
    for (const id of new Set(entries.map(entry => entry.conversation_id))) {
      try {
        await complete(id);
      } catch (error) {
        onError(error);
      }
    }
  };

  const tick = () => {
    sweeping ??= sweep()
      .catch(onError)
      .finally(() => {
        sweeping = undefined;
      });
  };

  return {
    complete,
    sweep,
    start() {
      if (timer) return;
      timer = setInterval(tick, sweepEvery);
      timer.unref();
      tick();
    },
    async stop() {
      clearInterval(timer);
      timer = undefined;
      await sweeping;
    },
  };
};

/** Its own caller hears of it. */
const ignore = () => undefined;
