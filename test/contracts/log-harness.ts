import type { Head, Log, NewEvent, Payload, StoredEvent } from '../../src/ports/log.ts';

/** One store of a log, empty at first, and what the contract does to it from outside. */
export interface LogHarness {
  readonly log: Log;
  /** Another instance on the same store, as a second server would have. */
  openSecond(): Promise<Log>;
  /** Closes `log` and opens it again on the same store. */
  reopen(): Promise<Log>;
  /** Cuts `log` off from its store, so that what is in flight ends without an answer; resolves once it answers again. */
  interrupt(): Promise<void>;
  /** Lets no commit of `log` succeed until the function that it resolves to was called. */
  refuseCommits(): Promise<() => Promise<void>>;
  /** How another process opens the same store: the URL of a module that exports `open(argument): Promise<Log>`. */
  readonly opener: { module: string; argument: string };
  /** Closes everything and deletes the store. */
  dispose(): Promise<void>;
}

export const empty: Head = { seq: 0, n: 0 };

export const newEvent = (
  kind: NewEvent['kind'],
  payload: Payload,
  from: string,
  client_id: string = crypto.randomUUID(),
): NewEvent => ({ kind, from, client_id, payload });

export const message = (text: string, from = 'ann', client_id?: string) =>
  newEvent('message', { message: text }, from, client_id);

/** Appends at the true head; throws where not all was stored. */
export const append = async (log: Log, conversation_id: string, ...events: NewEvent[]): Promise<StoredEvent[]> => {
  const { stored, conflict } = await log.append(conversation_id, await log.head(conversation_id), events);
  if (conflict) throw new Error(`Not stored: a conflict on ${conflict.on}`);
  return stored;
};

/** Appends as a writer does that races with others: again at the new head as long as somebody else was first. */
export const contend = async (log: Log, conversation_id: string, event: NewEvent): Promise<StoredEvent> => {
  for (;;) {
    const { stored, conflict } = await log.append(conversation_id, await log.head(conversation_id), [event]);
    if (stored[0]) return stored[0];
    if (conflict?.on === 'client_id') return conflict.original;
  }
};

/** The whole log, window by window. */
export const readAll = async (log: Log, conversation_id: string): Promise<StoredEvent[]> => {
  const { seq } = await log.head(conversation_id);
  const events: StoredEvent[] = [];
  while (events.length < seq) {
    const window = await log.range(conversation_id, events.length, seq);
    if (window.length === 0) throw new Error(`A hole in ${conversation_id} behind ${events.length} of ${seq}`);
    events.push(...window);
  }
  return events;
};

/** What is wrong with a log's numbering; empty where it is 1, 2, 3 … with the right `n`. */
export const misnumbered = (events: StoredEvent[]): string[] => {
  let n = 0;
  return events.flatMap((event, i) => {
    if (event.kind === 'message') n += 1;
    return event.seq === i + 1 && event.n === n ? [] : [`${event.seq}/${event.n} stands where ${i + 1}/${n} belongs`];
  });
};

/** The feed from a stamp to its end, page by page. */
export const follow = async (log: Log, since: string, limit = 3) => {
  const seqs = new Map<string, number>();
  for (let stamp = since; ; ) {
    const { changes, next, more } = await log.changes(stamp, limit);
    if (changes.length > limit) throw new Error(`${changes.length} changes where ${limit} were asked for`);
    for (const { conversation_id, seq } of changes) {
      seqs.set(conversation_id, Math.max(seq, seqs.get(conversation_id) ?? 0));
    }
    stamp = next;
    if (!more) return { seqs, next };
  }
};

export const codeOf = (error: unknown) =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
