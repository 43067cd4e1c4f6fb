import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { notFound, ParleyError } from '../errors.ts';
import type { AppendResult, Log, NewEvent, StoredEvent } from '../ports/log.ts';
import type { Publisher } from '../ports/publisher.ts';
import { type Appended, type AppendRequest, type Batch, formBatch, type Pending } from './batch.ts';
import type { Projection } from './projection.ts';
import { advance, type States } from './state.ts';

export type { Appended, AppendRequest } from './batch.ts';

/**
 * The one way into the log while conversations live. Per conversation, requests are decided in the order of their calls,
 * against the state as of the head with those before them applied, and appended in batches, one in flight; what arrives
 * meanwhile is the next batch. Different conversations do not wait for each other.
 * Resolves after the durable commit, when the events were given to the publisher (those of a duplicate again, G2).
 * Before any definite refusal, and before `undefined`, the state is brought up to the log's true head and the original of the
 * client_id is looked up (G2, G10). Rejects with the refusal, `unavailable` (nothing was stored) or `unknown_outcome`.
 */
export interface Writer {
  append(conversation_id: string, request: AppendRequest): Promise<Appended>;
  /**
   * Appends these unconditionally and in order: none is stored unless those before it are. At most 100. Returns the originals of
   * those that were in the log already. After a rejection, which prefix is stored is unknown.
   */
  appendChain(conversation_id: string, events: NewEvent[]): Promise<StoredEvent[]>;
  /** Resolves when nothing is queued or in flight. */
  idle(): Promise<void>;
}

export interface WriterParts {
  log: Log;
  states: States;
  publisher: Publisher;
  /** Told of every append to the log: how many events, and the milliseconds until the answer. */
  observe?: (batch: { size: number; ms: number; conflict: boolean }) => void;
}

/** Milliseconds after which a request that still waits for its turn is sent back; its caller has had an answer before (invoke: 5 s). */
const maxWait = 8_000;
/** Milliseconds for which an unknown outcome is looked into before it is answered as such. */
const maxDoubt = 3_000;

interface Lane {
  readonly id: string;
  readonly queue: Pending[];
  /** The log went on without us: bring the state forward before deciding. */
  behind: boolean;
  /** Unknown outcomes in a row. */
  failures: number;
}

export const createWriter = ({ log, states, publisher, observe }: WriterParts): Writer => {
  const lanes = new Map<string, Lane>();
  const whenIdle: (() => void)[] = [];
  const ownPrefix = `~${randomBytes(9).toString('base64url')}.`;
  let ownCount = 0;

  const enqueue = (id: string, pending: Pending) => {
    const lane = lanes.get(id);
    if (lane) {
      lane.queue.push(pending);
      return;
    }
    const opened: Lane = { id, queue: [pending], behind: false, failures: 0 };
    lanes.set(id, opened);
    // Whatever is appended in this same turn shares the first batch.
    queueMicrotask(() => void run(opened));
  };

  /** Works until the queue is empty; never rejects. */
  const run = async (lane: Lane) => {
    while (lane.queue.length > 0) {
      try {
        await step(lane);
      } catch (error) {
        // No state could be had: what waits in the queue is not on its way.
        for (const pending of lane.queue.splice(0)) giveUp(pending, error);
      }
    }
    lanes.delete(lane.id);
    if (lanes.size === 0) for (const tell of whenIdle.splice(0)) tell();
  };

  /** One batch. Requests leave the queue when they are on their way; whatever a step throws, it throws before that. */
  const step = async (lane: Lane): Promise<void> => {
    const state = lane.behind ? await verify(lane) : (states.peek(lane.id) ?? (await states.load(lane.id)));
    if (!state) throw notFound();
    dropExpired(lane.queue);
    const batch = formBatch(lane.queue, state);
    if (batch.pendings.length === 0) {
      await verify(lane);
      return;
    }
    lane.queue.splice(0, batch.pendings.length);
    if (batch.events.length === 0) return settle(lane, state, batch, { stored: [] });
    const startedAt = performance.now();
    const at = state.head;
    let result: AppendResult;
    try {
      result = await log.append(lane.id, at, batch.events);
    } catch (error) {
      return recover(lane, at.seq, batch, error);
    }
    settle(lane, state, batch, result);
    observe?.({
      size: batch.events.length,
      ms: performance.now() - startedAt,
      conflict: result.conflict !== undefined,
    });
  };

  /** Brings the state up to the log's true head; refusals of those who wait now are then final. */
  const verify = async (lane: Lane): Promise<Projection | undefined> => {
    const arrived = [...lane.queue];
    const state = await states.verify(lane.id);
    lane.behind = false;
    for (const pending of arrived) pending.verified = true;
    return state;
  };

  /** Answers what a batch decided, and puts back what has to be decided again. */
  const settle = (lane: Lane, state: Projection, batch: Batch, { stored, conflict }: AppendResult) => {
    lane.failures = 0;
    if (stored.length > 0) {
      advance(state, stored);
      states.confirm(state);
      publisher.publish(lane.id, stored);
    }
    if (conflict?.on === 'seq') lane.behind = true;
    const original = conflict?.on === 'client_id' ? conflict.original : undefined;
    if (original) publisher.publish(lane.id, [original]);
    const again: Pending[] = [];
    for (const pending of batch.pendings) {
      const { place } = pending;
      const event = stored[place];
      if (event) pending.resolve({ event, duplicate: pending.twin });
      else if (place >= 0 && place === stored.length && original) {
        // After an unknown outcome the original is what this very request stored.
        pending.resolve({ event: original, duplicate: pending.twin || pending.doubtedSeq === 0 });
      } else if (place < 0 && pending.saw <= stored.length) void answerRefused(lane.id, pending, state.head.seq);
      else again.push(pending);
    }
    lane.queue.unshift(...again);
  };

  /** A final refusal, or nothing to do, as of `headSeq`: unless it was done before. */
  const answerRefused = async (id: string, pending: Pending, headSeq: number): Promise<void> => {
    try {
      const original = await lookUp(id, pending);
      if (original) {
        publisher.publish(id, [original]);
        pending.resolve({ event: original, duplicate: pending.doubtedSeq === 0 });
      } else if (pending.doubtedSeq > headSeq) pending.reject(new ParleyError('unknown_outcome'));
      else if (pending.refusal !== undefined) pending.reject(pending.refusal);
      else pending.resolve(undefined);
    } catch (error) {
      pending.reject(error);
    }
  };

  const lookUp = (id: string, { request, client_id, doubtedSeq }: Pending) =>
    request.client_id === undefined && doubtedSeq === 0 ? undefined : log.byClientId(id, request.from, client_id);

  /** After an append threw: nobody is answered before it is known what became of it, or the time for that is over. */
  const recover = async (lane: Lane, after: number, batch: Batch, error: unknown): Promise<void> => {
    lane.behind = true;
    const nothingStored = error instanceof ParleyError && error.code === 'unavailable';
    const open: Pending[] = [];
    for (const pending of batch.pendings) {
      if (pending.place < 0 && pending.saw === 0) void answerRefused(lane.id, pending, after);
      else if (pending.place >= 0 && nothingStored) giveUp(pending, error);
      else open.push(pending);
    }
    if (nothingStored) {
      lane.queue.unshift(...open);
      return;
    }
    for (const pending of open) {
      if (pending.place < 0) continue;
      pending.doubtedSeq = Math.max(pending.doubtedSeq, after + 1 + pending.place);
      pending.doubtedAt ||= performance.now();
    }
    lane.queue.unshift(...(await resolveDoubts(lane, open, error)));
  };

  /** Looks up what may have been stored and answers it; returns what is still open, to be tried again (the unique indexes make that safe). */
  const resolveDoubts = async (lane: Lane, doubted: Pending[], error: unknown): Promise<Pending[]> => {
    let open = doubted;
    let cause = error;
    while (open.length > 0) {
      lane.failures++;
      await sleep(Math.min(500, 10 * 2 ** lane.failures) * (0.5 + Math.random() / 2));
      const late = performance.now() - maxDoubt;
      const isOver = ({ doubtedAt }: Pending) => doubtedAt > 0 && doubtedAt < late;
      try {
        const found = await Promise.all(
          open.map(pending => (pending.place < 0 ? undefined : lookUp(lane.id, pending))),
        );
        const again: Pending[] = [];
        for (const [index, pending] of open.entries()) {
          const event = found[index];
          if (event) {
            publisher.publish(lane.id, [event]);
            pending.resolve({ event, duplicate: pending.twin });
          } else if (isOver(pending)) giveUp(pending, cause);
          else again.push(pending);
        }
        return again;
      } catch (lookUpError) {
        cause = lookUpError;
        for (const pending of open) if (isOver(pending)) giveUp(pending, cause);
        open = open.filter(pending => !isOver(pending));
      }
    }
    return open;
  };

  const newPending = (
    request: AppendRequest,
    chained: boolean,
    resolve: Pending['resolve'],
    reject: Pending['reject'],
  ): Pending => ({
    request,
    client_id: request.client_id ?? ownPrefix + (ownCount++).toString(36),
    chained,
    arrivedAt: performance.now(),
    resolve,
    reject,
    verified: false,
    doubtedSeq: 0,
    doubtedAt: 0,
    place: -1,
    twin: false,
    refusal: undefined,
    saw: 0,
  });

  const append = (id: string, request: AppendRequest, chained = false): Promise<Appended> =>
    new Promise((resolve, reject) => enqueue(id, newPending(request, chained, resolve, reject)));

  return {
    append: (id, request) => append(id, request),
    async appendChain(id, events) {
      const appended = await Promise.all(
        events.map((event, index) =>
          append(id, { from: event.from, client_id: event.client_id, decide: () => event }, index > 0),
        ),
      );
      return appended.flatMap(each => (each ? [each.event] : []));
    },
    idle: () => (lanes.size === 0 ? Promise.resolve() : new Promise(resolve => whenIdle.push(resolve))),
  };
};

const giveUp = (pending: Pending, cause: unknown) =>
  pending.reject(pending.doubtedSeq > 0 ? new ParleyError('unknown_outcome', { cause }) : cause);

/** All of a chain arrived at once and expire together. */
const dropExpired = (queue: Pending[]) => {
  const since = performance.now() - maxWait;
  if ((queue[0]?.arrivedAt ?? since) >= since) return;
  const waiting = queue.splice(0);
  for (const pending of waiting) {
    if (pending.arrivedAt >= since) queue.push(pending);
    else giveUp(pending, new ParleyError('unavailable'));
  }
};
