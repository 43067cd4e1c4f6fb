import type { Clock } from '../ports/clock.ts';
import { type Log, maxWindow, type StoredEvent } from '../ports/log.ts';
import type { Publisher } from '../ports/publisher.ts';
import type { ConversationStore } from '../ports/storage.ts';
import { createPendingEntries } from './pending-entries.ts';
import { Projection } from './projection.ts';

export type { ConversationState, MemberState } from './projection.ts';

/**
 * The states of the conversations that this instance is concerned with, in memory. A state was true of the log once and only
 * moves forward; whether it still is at the head, an append at head + 1 proves by itself, and a reader asks with `fresh`.
 * All that read throw `unavailable` where a store does not answer. Undefined: there is no such conversation.
 */
export interface States {
  /** From memory, or read; may be behind the log where other instances append. */
  load(id: string): Promise<Projection | undefined>;
  /** What is in memory and fit for decisions. */
  peek(id: string): Projection | undefined;
  /** True of the log at some moment within the last second (G9: a revocation elsewhere counts within 2 s, with or without Redis). */
  fresh(id: string): Promise<Projection | undefined>;
  /** True of the log at some moment after this call: what a definite refusal must rest on (G10). */
  verify(id: string): Promise<Projection | undefined>;
  /** The log was just seen to end at this state's head. */
  confirm(state: Projection): void;
  drop(id: string): void;
  close(): void;
}

export interface StatesParts {
  storage: ConversationStore;
  log: Log;
  publisher: Publisher;
  clock: Clock;
  /** How many members, counted over all conversations, stay in memory; about 200 bytes each. */
  maxMembers?: number;
}

/** How long a state is believed without asking the log, in milliseconds. */
const maxAge = 1_000;
/** How far a state is brought forward event by event before reading it anew is cheaper. */
const maxCatchUp = 5_000;
/** Events of its first step, as it is mostly one or two, and of the others. */
const firstWindow = 20;
const nextWindow = 500;
/** Events that are looked through at loading for what was unsent just now. */
const recentEvents = 100;
/** How many windows are looked through at loading for who spoke when, in slow mode: 10,000 events. */
const maxSpokenWindows = 10;

/** What other instances say of these is believed as it comes. What decides about rights is read from the log, never taken from a packet. */
const movesNoRights: ReadonlySet<StoredEvent['kind']> = new Set(['message', 'edit', 'react', 'unreact']);

interface Entry {
  state: Projection;
  /** By the monotonic clock; -Infinity where it is known to be behind. */
  confirmedAt: number;
  weight: number;
  refreshing?: Promise<Projection | undefined>;
}

export const createStates = ({ storage, log, publisher, clock, maxMembers = 500_000 }: StatesParts): States => {
  // In the order of their last use, the oldest first.
  const entries = new Map<string, Entry>();
  const loading = new Map<string, Promise<Projection | undefined>>();
  const completePending = createPendingEntries({ storage, log, publisher });
  let members = 0;

  const drop = (id: string) => {
    const entry = entries.get(id);
    if (!entry) return;
    entries.delete(id);
    members -= entry.weight;
  };

  const use = (id: string): Entry | undefined => {
    const entry = entries.get(id);
    if (!entry) return undefined;
    if (entry.state.stale) {
      drop(id);
      return undefined;
    }
    entries.delete(id);
    entries.set(id, entry);
    return entry;
  };

  const keep = (state: Projection, confirmedAt: number) => {
    drop(state.id);
    entries.set(state.id, { state, confirmedAt, weight: state.weight });
    members += state.weight;
    for (const id of entries.keys()) {
      if (members <= maxMembers || id === state.id) break;
      drop(id);
    }
  };

  const read = async (id: string): Promise<Projection | undefined> => {
    await completePending(id);
    const startedAt = performance.now();
    const head = await log.head(id);
    const row = await storage.find(id);
    if (!row) return undefined;
    const state = Projection.of(row, await storage.membersOf(id), head, clock);
    await recall(state);
    keep(state, startedAt);
    return state;
  };

  /** Looks back for what decisions need and no row holds. */
  const recall = async (state: Projection) => {
    let upTo = state.head.seq;
    const since = clock.now() - state.slow_mode_ms;
    for (let window = 0; upTo > 0 && window < maxSpokenWindows; window++) {
      const after = Math.max(0, upTo - (window === 0 ? recentEvents : maxWindow));
      const events = await log.range(state.id, after, upTo);
      for (const event of events) state.remember(event, event.date);
      if (window === 0) state.unsentKnownAfter = after;
      const oldest = events[0];
      if (state.slow_mode_ms === 0 || !oldest || Date.parse(oldest.date) < since) return;
      upTo = after;
    }
  };

  const load = (id: string): Promise<Projection | undefined> => {
    const entry = use(id);
    if (entry) return Promise.resolve(entry.state);
    const running = loading.get(id);
    if (running) return running;
    const promise = read(id).finally(() => loading.delete(id));
    loading.set(id, promise);
    return promise;
  };

  const reload = (id: string) => {
    drop(id);
    return load(id);
  };

  const verify = async (id: string): Promise<Projection | undefined> => {
    // A load that runs already may have read the head before this call.
    await loading.get(id);
    const entry = use(id);
    if (!entry) return load(id);
    const { state } = entry;
    const { seq: known, id: knownId } = state.head;
    const startedAt = performance.now();
    // With the event that is known, as a log that goes on otherwise was restored under our feet.
    let after = Math.max(0, known - 1);
    for (let window = firstWindow; ; window = nextWindow) {
      const events = await log.range(id, after, after + window);
      const isKnown = after >= known || (events[0] !== undefined && events[0].id === (knownId ?? events[0].id));
      after += events.length;
      if (!isKnown || after - known > maxCatchUp) return reload(id);
      advance(state, events);
      if (events.length < window) break;
    }
    entry.confirmedAt = Math.max(entry.confirmedAt, startedAt);
    return state.stale ? reload(id) : state;
  };

  const stopListening = publisher.subscribe((id, events, origin) => {
    const entry = entries.get(id);
    const { seq: head } = entry?.state.head ?? { seq: 0 };
    const next = events.filter(({ seq }) => seq > head);
    if (!entry || next.length === 0) return;
    const follows = next[0]?.seq === head + 1 && next.every(({ kind }) => movesNoRights.has(kind));
    // Without this, every append after one of another instance would first have to fail.
    if (origin === 'elsewhere' && follows) advance(entry.state, next);
    else entry.confirmedAt = Number.NEGATIVE_INFINITY;
  });

  return {
    load,
    peek: id => use(id)?.state,
    fresh(id) {
      const entry = use(id);
      if (!entry) return load(id);
      if (performance.now() - entry.confirmedAt < maxAge) return Promise.resolve(entry.state);
      entry.refreshing ??= verify(id).finally(() => {
        entry.refreshing = undefined;
      });
      return entry.refreshing;
    },
    verify,
    confirm(state) {
      const entry = entries.get(state.id);
      if (entry?.state !== state) return;
      entry.confirmedAt = performance.now();
      members += state.weight - entry.weight;
      entry.weight = state.weight;
    },
    drop,
    close: stopListening,
  };
};

/** Applies events in order; those that somebody else applied meanwhile are passed over. */
export const advance = (state: Projection, events: StoredEvent[]): void => {
  for (const event of events) {
    if (event.seq !== state.head.seq + 1) continue;
    state.apply(event, { seq: event.seq, n: event.n, id: event.id }, event.date);
  }
};
