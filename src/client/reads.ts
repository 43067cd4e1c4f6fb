import type { Input, Output } from '../protocol/index.ts';
import type { Conversations } from './conversations.ts';
import { ChatError } from './errors.ts';

/** Tells the server how far this person has read, and this device has received: the newest only, and not at each message. */
export interface Reads {
  /** Everything up to `seq`, which is the `n`-th message, was seen; shown at once, told a moment later. */
  read(conversation_id: string, seq: number, n: number): void;
  /** Up to `seq` has reached this device. */
  delivered(conversation_id: string, seq: number): void;
  /** The server has it that this person read up to `seq`: where this device knows better, it is told again. */
  compare(conversation_id: string, seq: number): void;
  /** A connection is there (again). */
  resume(): void;
  stop(): void;
}

type Name = 'receipt:read' | 'receipt:delivered';

/** Milliseconds for which marks gather, and before one is told again. */
const gatherMs = 500;
const retryMs = 3_000;

export const createReads = ({
  conversations,
  call,
  isOnline,
  onError,
}: {
  conversations: Conversations;
  call: <N extends Name>(name: N, input: Input<N>) => Promise<Output<N>>;
  isOnline: () => boolean;
  onError: (error: unknown) => void;
}): Reads => {
  const wanted: Record<Name, Map<string, number>> = { 'receipt:read': new Map(), 'receipt:delivered': new Map() };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  const schedule = (ms: number) => {
    if (!stopped) timer ??= setTimeout(flush, ms);
  };

  const tell = async (name: Name, conversation_id: string, seq: number) => {
    const marks = wanted[name];
    try {
      await call(name, { conversation_id, seq });
    } catch (error) {
      if (error instanceof ChatError && error.retryable) {
        if ((marks.get(conversation_id) ?? 0) < seq) marks.set(conversation_id, seq);
        schedule(error.retry_after_ms ?? retryMs);
      } else if (!stopped && (!(error instanceof ChatError) || error.code !== 'not_found')) onError(error);
    }
  };

  const flush = () => {
    timer = undefined;
    if (!isOnline()) return;
    for (const name of ['receipt:read', 'receipt:delivered'] as const) {
      const marks = [...wanted[name]];
      wanted[name].clear();
      for (const [id, seq] of marks) void tell(name, id, seq);
    }
  };

  const mark = (name: Name, id: string, seq: number) => {
    if ((wanted[name].get(id) ?? 0) >= seq) return;
    wanted[name].set(id, seq);
    schedule(gatherMs);
  };

  return {
    read(id, seq, n) {
      const summary = conversations.get(id)?.summary;
      if (!summary || seq <= summary.read_seq) return;
      conversations.markRead(id, seq, n);
      mark('receipt:read', id, seq);
    },
    compare(id, seq) {
      const read_seq = conversations.get(id)?.summary.read_seq ?? 0;
      if (read_seq > seq) mark('receipt:read', id, read_seq);
    },
    delivered: (id, seq) => mark('receipt:delivered', id, seq),
    resume: () => schedule(0),
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
};
