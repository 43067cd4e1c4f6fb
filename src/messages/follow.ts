import type { Log, StoredEvent } from '../ports/log.ts';
import type { Publisher } from '../ports/publisher.ts';

export interface FollowerParts {
  log: Pick<Log, 'changes' | 'range' | 'epoch'>;
  /** Wakes it; the feed tells what there is. */
  publisher: Pick<Publisher, 'subscribe'>;
  /** The feed's stamp, '' at first. */
  stamp(): Promise<string>;
  setStamp(stamp: string): Promise<void>;
  /** The seq up to which a conversation was handled; 0 where none was. */
  position(conversation_id: string): Promise<number>;
  /**
   * Handles consecutive events of one conversation and makes its position durable, as one: it will get them again where it did
   * not come to that (at least once).
   */
  handle(conversation_id: string, events: StoredEvent[]): Promise<void>;
  /** Told why a round failed; it is tried again. */
  onError(error: unknown): void;
  /** Milliseconds to gather what happens together before a round. */
  delay?: number;
  /** Milliseconds between rounds when nothing wakes it: publications can be lost. */
  interval?: number;
}

export interface Follower {
  start(): void;
  /** Resolves when no round runs any more. */
  stop(): Promise<void>;
  /** Resolves when everything that was in the log at the call is handled; rejects with what a round failed of. */
  catchUp(): Promise<void>;
}

const changesPerRead = 500;
/** Conversations that are followed at once, and events of each: at most 10,000 events are in memory. */
const width = 50;
const window = 200;
/** Positions in memory; others are asked for. */
const maxPositions = 10_000;

/**
 * Follows the change feed: every event of every conversation, in order per conversation, at least once, across crashes. Reads the
 * log only, so that a lost, repeated or forged publication changes nothing but the lag.
 */
export const createFollower = (parts: FollowerParts): Follower => {
  const { log, publisher, onError, delay = 200, interval = 3_000 } = parts;
  const positions = new Map<string, number>();
  let unsubscribe: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let dueAt = Number.POSITIVE_INFINITY;
  let running: Promise<void> | undefined;
  let stopping = false;

  const remember = (id: string, seq: number) => {
    if (positions.size >= maxPositions) positions.clear();
    positions.set(id, seq);
  };

  const follow = async (id: string, seq: number) => {
    let at = positions.get(id) ?? (await parts.position(id));
    while (at < seq && !stopping) {
      const events = await log.range(id, at, Math.min(seq, at + window));
      const last = events.at(-1);
      // The conversation was deleted, or retention took this part.
      if (!last) break;
      await parts.handle(id, events);
      at = last.seq;
    }
    remember(id, at);
  };

  const round = async () => {
    let stamp = await parts.stamp();
    for (let more = true; more && !stopping; ) {
      const page = await log.changes(stamp, changesPerRead);
      // Several at once, so that a consumer can write them as one.
      for (let at = 0; at < page.changes.length; at += width) {
        const some = page.changes.slice(at, at + width);
        await Promise.all(some.map(({ conversation_id, seq }) => follow(conversation_id, seq)));
      }
      if (stopping) return;
      if (page.next !== stamp) await parts.setStamp(page.next);
      more = page.more;
      stamp = page.next;
    }
  };

  const run = (): Promise<void> => {
    running ??= round().finally(() => {
      running = undefined;
    });
    return running;
  };

  const wakeIn = (ms: number) => {
    const at = performance.now() + ms;
    if (stopping || at >= dueAt) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(tick, ms);
    timer.unref();
  };

  const tick = () => {
    dueAt = Number.POSITIVE_INFINITY;
    run()
      .catch(error => {
        // What is believed of the positions may be wrong.
        positions.clear();
        onError(error);
      })
      .finally(() => wakeIn(interval));
  };

  return {
    start() {
      if (unsubscribe) return;
      stopping = false;
      unsubscribe = publisher.subscribe(() => wakeIn(delay));
      wakeIn(0);
    },
    async stop() {
      stopping = true;
      unsubscribe?.();
      unsubscribe = undefined;
      clearTimeout(timer);
      dueAt = Number.POSITIVE_INFINITY;
      // Its failure was told to onError.
      await running?.catch(() => undefined);
    },
    async catchUp() {
      // A round that runs already may have read the feed before the call.
      await running?.catch(() => undefined);
      await run();
    },
  };
};
