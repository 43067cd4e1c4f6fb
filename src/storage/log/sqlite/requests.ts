import type { Cell } from './rows.ts';

/** What the main thread asks of the worker, one at a time; each request is one transaction (none for `ping` and `close`). */
export type Request =
  /** Calls of `encodeCall` and `encodeEvent`, one behind the other. */
  | { kind: 'append'; cells: Cell[] }
  | { kind: 'erase'; conversation_id: string; target_seq: number }
  /** Deletes the newest events, a bounded number; ask again while `numbers` is `[1]`. */
  | { kind: 'drop'; conversation_id: string }
  | { kind: 'rebuild'; conversation_id: string }
  | { kind: 'renew' }
  | { kind: 'ping' }
  | { kind: 'close' };

export type Reply =
  | { kind: 'ready'; epoch: string }
  /** The file cannot be used; the worker is gone. */
  | { kind: 'unusable'; message: string; reason: string }
  /** Committed. For `append` two numbers a call: how many events are stored, and a verdict. */
  | { kind: 'done'; numbers: number[]; text: string }
  | { kind: 'failed'; code: 'unavailable' | 'unknown_outcome' | 'internal'; message: string };

/** Why the rest of an append was not stored. */
export const verdict = { whole: 0, seq: 1, client_id: 2, neverThere: 3 } as const;
