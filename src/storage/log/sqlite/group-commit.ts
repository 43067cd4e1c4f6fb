import { ParleyError } from '../../../errors.ts';
import { type Clock, isoDate } from '../../../ports/clock.ts';
import { type AppendResult, eventId, type Head, type NewEvent, type StoredEvent } from '../../../ports/log.ts';
import { createRandomText } from '../../../random-text.ts';
import { type Request, verdict } from './requests.ts';
import { type Cell, encodeCall, encodeEvent } from './rows.ts';
import type { Done, Thread } from './thread.ts';

/** Events of one transaction at most: about 20 ms of the worker. A single call is never divided. */
const maxEvents = 1_000;
/**
 * Milliseconds between the beginnings of two commits while several people write: a commit costs 0.1 ms of CPU and more, however
 * little is in it. With 4,000 messages a second in 50 conversations: 46 us of CPU a message, 79 without this, for 2.5 ms more
 * until the median acknowledgement (one run each, a shared machine). Somebody who writes alone, one message after the other, is never held up.
 */
const spacing = 4;

interface Call {
  conversation_id: string;
  at: Head;
  events: NewEvent[];
  stored: StoredEvent[];
  /** Whether it must have a transaction to itself. */
  alone: boolean;
  resolve(result: AppendResult): void;
  reject(error: unknown): void;
}

interface Other {
  request: Request;
  resolve(done: Done): void;
  reject(error: unknown): void;
}

/** Collects what is asked while the worker commits; all waiting appends, of whatever conversations, are its next transaction. */
export interface GroupCommit {
  append(conversation_id: string, at: Head, events: NewEvent[]): Promise<AppendResult>;
  /** Any other request, as a transaction of its own. */
  ask(request: Request): Promise<Done>;
  /** Sends what may be sent now. */
  pump(): void;
  /** Resolves when all that was asked is answered. */
  drained(): Promise<void>;
}

export const createGroupCommit = ({
  thread,
  clock,
  findOriginal,
}: {
  thread: () => Thread | undefined;
  clock: Clock;
  findOriginal: (conversation_id: string, from: string, client_id: string) => StoredEvent | undefined;
}): GroupCommit => {
  /** 48 bits tell two histories of one place apart. */
  const random = createRandomText(8);
  let calls: Call[] = [];
  const others: Other[] = [];
  let scheduled = false;
  let lastWasOther = false;
  /** When the last commit was begun, by a clock that is never set, and its only writer, if it had one. */
  let begunAt = 0;
  let writer: string | undefined;
  let waiting: (() => void)[] = [];

  const schedule = () => {
    // A busy worker: `pump` is called when it has answered.
    if (scheduled || !thread()?.idle()) return;
    scheduled = true;
    const held = calls.length > 0 && calls[0]?.events[0]?.from !== writer;
    const due = held ? begunAt + spacing - performance.now() : 0;
    // Not at once: what arrived in the same turn of the event loop goes into the same transaction.
    if (due > 0) setTimeout(send, due);
    else setImmediate(send);
  };

  const send = () => {
    scheduled = false;
    const to = thread();
    if (!to?.idle()) return;
    if (others.length > 0 && (calls.length === 0 || !lastWasOther)) {
      lastWasOther = true;
      const other = others.shift()!;
      to.send(other.request).then(other.resolve, other.reject).finally(finished);
    } else if (calls.length > 0) {
      lastWasOther = false;
      sendCalls(to, takeCalls());
    }
  };

  const takeCalls = (): Call[] => {
    if (calls[0]?.alone) return calls.splice(0, 1);
    let until = 0;
    for (let events = 0; until < calls.length; until += 1) {
      events += calls[until]!.events.length;
      if (events > maxEvents && until > 0) break;
    }
    return calls.splice(0, until);
  };

  const sendCalls = (to: Thread, taken: Call[]) => {
    begunAt = performance.now();
    const cells: Cell[] = [];
    const batch = encode(cells, taken);
    if (batch.length === 0) return finished();
    to.send({ kind: 'append', cells })
      .then(
        done => settle(batch, done.numbers),
        (error: unknown) => fail(batch, error),
      )
      .finally(finished);
  };

  /** Returns the calls that could be encoded; the others are rejected. */
  const encode = (cells: Cell[], taken: Call[]): Call[] => {
    const now = clock.now();
    const date = isoDate(now);
    writer = taken[0]?.events[0]?.from;
    return taken.filter(call => {
      const begin = cells.length;
      try {
        encodeOne(cells, call, now, date);
        return true;
      } catch (error) {
        cells.length = begin;
        call.reject(error);
        return false;
      }
    });
  };

  const encodeOne = (cells: Cell[], { conversation_id, at, events, stored }: Call, now: number, date: string) => {
    encodeCall(cells, conversation_id, at, events.length);
    let { seq, n } = at;
    for (const event of events) {
      const { kind, from, client_id, payload } = event;
      if (from !== writer) writer = undefined;
      seq += 1;
      if (kind === 'message') n += 1;
      const unique = random();
      encodeEvent(cells, event, now, unique);
      const id = eventId(conversation_id, seq, unique);
      stored.push({ conversation_id, id, seq, n, kind, from, client_id, date, payload });
    }
  };

  const settle = (batch: Call[], numbers: number[]) => {
    batch.forEach((call, i) => {
      try {
        call.resolve(result(call, numbers[2 * i]!, numbers[2 * i + 1]!));
      } catch (error) {
        call.reject(error);
      }
    });
  };

  const result = ({ conversation_id, at, events, stored }: Call, count: number, ended: number): AppendResult => {
    if (ended === verdict.whole) return { stored };
    const durable = stored.slice(0, count);
    if (ended === verdict.neverThere) {
      throw new Error(`An append to ${conversation_id} at ${at.seq}: its log has never been there.`);
    }
    if (ended === verdict.seq) return { stored: durable, conflict: { on: 'seq' } };
    const { from, client_id } = events[count]!;
    const original = lookUp(conversation_id, from, client_id);
    return { stored: durable, conflict: { on: 'client_id', original } };
  };

  /** The call is committed by now: a read that fails leaves its caller without knowledge of the prefix. */
  const lookUp = (...key: Parameters<typeof findOriginal>): StoredEvent => {
    let cause: unknown;
    try {
      const original = findOriginal(...key);
      if (original) return original;
    } catch (error) {
      cause = error;
    }
    throw new ParleyError('unknown_outcome', { cause });
  };

  /** One call that no log can hold must not fail the others: each is tried again by itself. */
  const fail = (batch: Call[], error: unknown) => {
    if (batch.length > 1 && error instanceof ParleyError && error.code === 'internal') {
      for (const call of batch) Object.assign(call, { alone: true, stored: [] });
      calls = [...batch, ...calls];
      return;
    }
    for (const call of batch) call.reject(error);
  };

  const pump = () => {
    if (calls.length > 0 || others.length > 0) schedule();
  };

  const finished = () => {
    pump();
    if (calls.length > 0 || others.length > 0 || thread()?.idle() === false) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  };

  return {
    append: (conversation_id, at, events) =>
      new Promise((resolve, reject) => {
        calls.push({ conversation_id, at, events, stored: [], alone: false, resolve, reject });
        schedule();
      }),
    ask: request =>
      new Promise((resolve, reject) => {
        others.push({ request, resolve, reject });
        schedule();
      }),
    pump,
    drained: () =>
      new Promise(resolve => {
        waiting.push(resolve);
        finished();
      }),
  };
};
