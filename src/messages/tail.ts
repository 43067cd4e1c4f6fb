import type { Log, StoredEvent } from '../ports/log.ts';
import type { Publisher } from '../ports/publisher.ts';

export interface Tail {
  /** As `Log.range`, from memory where the events were published here moments ago. */
  range: Log['range'];
  stop(): void;
}

/** Events of one conversation that are kept: what is said between two rounds of a follower. */
const maxEvents = 500;
/** Conversations that are kept, those published to first go first. */
const maxConversations = 1_000;

/**
 * The ends of the logs that are written to just now, so that the followers of the change feed need not read and parse again what this
 * instance has just written. Only whole, gapless runs are answered from memory; everything else is the log's to answer.
 */
export const createTail = ({ log, publisher }: { log: Pick<Log, 'range'>; publisher: Publisher }): Tail => {
  const tails = new Map<string, StoredEvent[]>();

  const stop = publisher.subscribe((id, events, origin) => {
    const [first] = events;
    // What came over the network is a hint, and no copy of the log.
    if (!first || origin !== 'here') return;
    const tail = tails.get(id);
    const last = tail?.at(-1);
    if (tail && last && first.seq === last.seq + 1) {
      tail.push(...events);
      if (tail.length > 2 * maxEvents) tail.splice(0, tail.length - maxEvents);
      return;
    }
    // A resend is published again: what is behind the end is known already.
    if (last && first.seq <= last.seq) return;
    tails.set(id, [...events]);
    if (tails.size > maxConversations) tails.delete(tails.keys().next().value ?? '');
  });

  return {
    async range(id, after, upTo) {
      const tail = tails.get(id);
      const [first] = tail ?? [];
      if (!tail || !first || first.seq > after + 1 || first.seq + tail.length <= upTo)
        return log.range(id, after, upTo);
      return tail.slice(after + 1 - first.seq, upTo + 1 - first.seq);
    },
    stop() {
      stop();
      tails.clear();
    },
  };
};
