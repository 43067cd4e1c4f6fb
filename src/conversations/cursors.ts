import type { Log } from '../ports/log.ts';
import type { ConversationStore, CursorWrite } from '../ports/storage.ts';

export interface Cursor {
  read_seq: number;
  read_n: number;
  delivered_seq: number;
}

/**
 * Read and delivered cursors. They never move back, neither stored nor as anybody sees them here. Writes coalesce to one
 * transaction a second per instance; the first after a quiet second goes at once.
 */
export interface Cursors {
  /**
   * Moves cursors forward. Resolves when that is durable; rejects with `unavailable` where it could not be written (it stays
   * pending and is tried again); where `read_n` was given, whoever does not wait may ignore the promise. A `read_seq` without its
   * `read_n` is looked up in the log, and drawn back to its head.
   */
  mark(conversation_id: string, user_id: string, cursor: Partial<Cursor>): Promise<void>;
  /** Durable or on its way. */
  of(conversation_id: string, user_id: string): Promise<Cursor>;
  /** A cursor that was read from SQL moments ago, brought up to what is on its way or was written last. */
  overlay(conversation_id: string, user_id: string, stored: Cursor | undefined): Cursor;
  /** Writes what is pending; resolves when it is durable. */
  flush(): Promise<void>;
  /** Flushes and stops. */
  close(): Promise<void>;
}

export interface CursorsParts {
  storage: ConversationStore;
  log: Log;
  /** Told of what became durable, so that receipts can be shown. */
  onWritten?: (writes: CursorWrite[]) => void;
  /** Milliseconds between two writes. */
  interval?: number;
}

type Pending = Map<string, Map<string, Cursor>>;

/** A write and everybody who waits for it. */
interface Round {
  done: Promise<void>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export const createCursors = ({ storage, log, onWritten, interval = 1_000 }: CursorsParts): Cursors => {
  let waiting: Pending = new Map();
  /** What is being written or was written last: a read of SQL that began before the commit may still miss it. */
  let written: Pending = new Map();
  let round: Round | undefined;
  let flushing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lastAt = Number.NEGATIVE_INFINITY;

  const note = (conversation_id: string, user_id: string, cursor: Partial<Cursor>): Promise<void> => {
    const members = waiting.get(conversation_id) ?? new Map<string, Cursor>();
    waiting.set(conversation_id, members);
    members.set(user_id, highest(members.get(user_id), cursor));
    round ??= newRound();
    if (!timer && !flushing) schedule(lastAt + interval - performance.now());
    return round.done;
  };

  const schedule = (wait: number) => {
    // At least until the end of this turn, so that what comes together is written together.
    timer = setTimeout(() => void flush().catch(ignore), Math.max(0, wait));
  };

  const write = async (mine: Round): Promise<void> => {
    written = waiting;
    waiting = new Map();
    round = undefined;
    const writes = [...written].flatMap(([conversation_id, members]) =>
      [...members].map(([user_id, cursor]) => ({ conversation_id, user_id, ...cursor })),
    );
    try {
      await storage.writeCursors(writes);
    } catch (error) {
      mine.reject(error);
      for (const { conversation_id, user_id, ...cursor } of writes) void note(conversation_id, user_id, cursor);
      return;
    }
    mine.resolve();
    onWritten?.(writes);
  };

  const flush = (): Promise<void> => {
    if (flushing) return flushing.then(flush);
    clearTimeout(timer);
    timer = undefined;
    if (!round) return Promise.resolve();
    const { done } = round;
    flushing = write(round).finally(() => {
      lastAt = performance.now();
      flushing = undefined;
      if (waiting.size > 0 && !timer) schedule(interval);
    });
    return done;
  };

  const overlay: Cursors['overlay'] = (conversation_id, user_id, stored) => {
    const last = written.get(conversation_id)?.get(user_id);
    const next = waiting.get(conversation_id)?.get(user_id);
    return highest(highest(highest(undefined, stored ?? {}), last ?? {}), next ?? {});
  };

  const place = async (conversation_id: string, read_seq: number): Promise<Partial<Cursor>> => {
    if (read_seq <= 0) return {};
    const event = (await log.at(conversation_id, read_seq)) ?? (await log.head(conversation_id));
    return { read_seq: event.seq, read_n: event.n };
  };

  return {
    mark(conversation_id, user_id, cursor) {
      const { read_seq, read_n } = cursor;
      if (read_seq === undefined || read_n !== undefined) return note(conversation_id, user_id, cursor);
      return place(conversation_id, read_seq).then(read => note(conversation_id, user_id, { ...cursor, ...read }));
    },
    async of(conversation_id, user_id) {
      const before = overlay(conversation_id, user_id, undefined);
      const stored = await storage.member(conversation_id, user_id);
      return highest(before, overlay(conversation_id, user_id, stored));
    },
    overlay,
    flush,
    async close() {
      await flush();
      clearTimeout(timer);
      timer = undefined;
    },
  };
};

const newRound = (): Round => {
  const round: Round = { done: Promise.resolve(), resolve: ignore, reject: ignore };
  round.done = new Promise((resolve, reject) => {
    round.resolve = resolve;
    round.reject = reject;
  });
  // Whoever waits hears of it; a send that advanced its own cursor does not wait.
  round.done.catch(ignore);
  return round;
};

const highest = (a: Cursor | undefined, b: Partial<Cursor>): Cursor => ({
  read_seq: Math.max(a?.read_seq ?? 0, b.read_seq ?? 0),
  read_n: Math.max(a?.read_n ?? 0, b.read_n ?? 0),
  delivered_seq: Math.max(a?.delivered_seq ?? 0, b.delivered_seq ?? 0),
});

const ignore = () => undefined;
