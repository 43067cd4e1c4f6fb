import { ParleyError } from '../errors.ts';
import type { NewEvent, Payload, StoredEvent } from '../ports/log.ts';
import type { LogEventKind } from '../protocol/index.ts';
import type { ConversationState, Projection } from './projection.ts';

export interface AppendRequest {
  /** A user id. */
  from: string;
  /** The client's; made by the writer where absent, and then there is nothing to resend. */
  client_id?: string;
  /**
   * What to append, as of the state's head. Synchronous and without side effects, as it runs again after a conflict.
   * Throws a ParleyError to refuse; undefined: nothing has to change.
   */
  decide(state: ConversationState): { kind: LogEventKind; payload: Payload } | undefined;
}

/** `duplicate`: the event of an earlier request with this client_id. Undefined: there was nothing to do. */
export type Appended = { event: StoredEvent; duplicate: boolean } | undefined;

/** A request on its way; one object per append, changed in place, as this is the hot path. */
export interface Pending {
  readonly request: AppendRequest;
  readonly client_id: string;
  /** Belongs into the same batch as the one before. */
  readonly chained: boolean;
  /** By the monotonic clock, in milliseconds. */
  readonly arrivedAt: number;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
  /** The state was verified after this arrived: a refusal is final. */
  verified: boolean;
  /** Where an attempt of unknown outcome was to stand; 0 without one. While the log ends before it, it may still land there. */
  doubtedSeq: number;
  /** When the first doubt began. */
  doubtedAt: number;
  // The decision, renewed with each batch:
  /** The index of its event in the batch; -1 where it was refused or nothing had to be done. */
  place: number;
  /** An earlier request of the same batch with the same client_id has that event. */
  twin: boolean;
  refusal: unknown;
  /** How many events of the batch the decision had before it. */
  saw: number;
}

export interface Batch {
  pendings: Pending[];
  events: NewEvent[];
}

/** Events per append; bounds what a crash leaves unanswered and how long one conversation holds the log. */
const maxBatch = 200;

/**
 * Decides from the front of the queue, each request against `state` with the events of those before it applied; takes nothing
 * out of the queue. Ends before a refusal that rests on an unverified state: it is then the first of the next batch, or the
 * batch is empty and the caller verifies.
 */
export const formBatch = (queue: readonly Pending[], state: Projection): Batch => {
  const pendings: Pending[] = [];
  const events: NewEvent[] = [];
  const several = queue.length > 1;
  let view = state;
  let seen: Map<string, number> | undefined;
  for (const pending of queue) {
    if (pendings.length >= maxBatch && !pending.chained) break;
    // Slow mode was switched on: who spoke when has to be read before anybody else is decided on.
    if (view.stale && !pending.chained) break;
    const key = several ? `${pending.request.from} ${pending.client_id}` : '';
    const twin = seen?.get(key);
    pending.saw = events.length;
    pending.twin = twin !== undefined;
    if (twin !== undefined) {
      pending.place = twin;
      pendings.push(pending);
      continue;
    }
    const event = decide(pending, view);
    if (!event && !pending.verified) break;
    pending.place = event ? events.length : -1;
    pendings.push(pending);
    if (!event) continue;
    events.push(event);
    if (!several) continue;
    seen ??= new Map();
    seen.set(key, pending.place);
    if (view === state) view = state.draft();
    const { seq, n } = view.head;
    view.apply(event, { seq: seq + 1, n: event.kind === 'message' ? n + 1 : n });
  }
  return { pendings, events };
};

const decide = (pending: Pending, view: ConversationState): NewEvent | undefined => {
  const { request, client_id } = pending;
  pending.refusal = undefined;
  try {
    const decided = request.decide(view);
    return decided && { kind: decided.kind, from: request.from, client_id, payload: decided.payload };
  } catch (error) {
    pending.refusal = error ?? new ParleyError('internal');
    return undefined;
  }
};
