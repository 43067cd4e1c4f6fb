/** Under these names log lines carry them, so that a line is found from a trace and a trace from a line. */
export interface TraceIds {
  'trace.id': string;
  'transaction.id': string;
}

export type TransactionType = 'request' | 'socket' | 'background';

/** What is told of a transaction. Nothing of it may be what somebody wrote: it leaves this machine. */
export interface TransactionFacts {
  name?: string;
  labels?: Record<string, string | number>;
  user_id?: string;
}

/** One request, command or job, from its beginning until `end`. */
export interface Transaction {
  readonly ids: TraceIds | undefined;
  /** Runs `work` so that its spans and log lines, also those after an await, belong to this transaction. */
  run<T>(work: () => T): T;
  /** Adds to what is told; the latest name counts. */
  describe(facts: TransactionFacts): void;
  /** `failed`: the server is at fault; a definite refusal is no failure. Later calls do nothing. */
  end(how: { result: string; failed: boolean }): void;
}

export interface SpanKind {
  /** `db`, `cache`, `app`. */
  type: string;
  /** Which product: `mongodb`, `mysql`, `sqlite`, `redis`. */
  subtype: string;
  /** It calls another server, which a map of services then shows. Nothing within it is traced. */
  exit: boolean;
}

/** Where traces go. */
export interface Apm {
  /** Begins a transaction of its own, whatever surrounds it. `traceparent` (W3C) continues a caller's trace; a malformed one is ignored. */
  begin(name: string, type: TransactionType, traceparent?: string): Transaction;
  /**
   * Runs `work` as a span of the transaction that surrounds it; without one, just runs it. The span ends when what `work`
   * returns has settled. Returns and throws what `work` does, at once where that is no promise.
   */
  span<T>(name: string, kind: SpanKind, work: () => T): T;
  /** The transaction that surrounds the call and has not ended. */
  current(): Transaction | undefined;
  /** Tells of a fault of the server; its text is redacted like a log's. */
  capture(event: string, cause: unknown): void;
  /** Sends what is left, for at most 2 s. Never rejects. */
  stop(): Promise<void>;
}

const noTransaction: Transaction = {
  ids: undefined,
  run: work => work(),
  describe: () => undefined,
  end: () => undefined,
};

/** Where no APM server is configured. Decorators know it and return what they were given. */
export const noApm: Apm = {
  begin: () => noTransaction,
  span: (_name, _kind, work) => work(),
  current: () => undefined,
  capture: () => undefined,
  stop: () => Promise.resolve(),
};
