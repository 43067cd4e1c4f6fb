/** One statement, from the event loop to the thread that owns the file. */
export interface Statement {
  id: number;
  /** Which Sequelize connection it belongs to; a transaction is all that this distinguishes. */
  session: number;
  sql: string;
  params?: unknown[] | Record<string, unknown>;
}

export type ToWorker = Statement | { close: true };

export interface Failure {
  message: string;
  /** `SQLITE_...`, the primary code. */
  code: string;
}

export type FromWorker =
  | { ready: true }
  | { refused: Failure }
  | { id: number; rows: Record<string, unknown>[]; changes: number }
  | { id: number; failure: Failure };

/** Milliseconds that a statement waits for the one writer: below a command's 5 s, so that its caller learns what it was. */
export const writerDeadlineMs = 4_000;

export const readsOnly = (sql: string) => /^\s*(SELECT|PRAGMA|EXPLAIN)\b/i.test(sql);
