import type { StoredEvent } from '../../ports/log.ts';
import type { Link } from './link.ts';
import type { Stats } from './stats.ts';
import type { Subscriber } from './subscriber.ts';
import type { MessageKind, Wire } from './wire.ts';

export interface ChannelsParts {
  link: Pick<Link, 'up' | 'send'>;
  subscriber: Pick<Subscriber, 'up' | 'subscribe' | 'unsubscribe' | 'hears' | 'wants'>;
  prefix: string;
  wire: Pick<Wire, 'encode'>;
  stats: Stats;
  /** Milliseconds that a conversation stays subscribed to after nobody needs it. */
  lingerMs: number;
}

/**
 * Who hears what. One channel is everybody's; each conversation has one, to which those instances subscribe that have members of it
 * connected. PUBLISH answers how many heard it: where nobody else did, publishing to that channel is spared until somebody says that
 * they listen, or some seconds have passed. So a conversation whose members are all here costs Redis next to nothing.
 *
 * Nothing gets lost between the two: whoever begins to listen says so once Redis has confirmed it; then what was last spared is
 * published after all, from which the newcomer sees how far the log reaches, and fetches what it lacks.
 */
export interface Channels {
  readonly everybody: string;
  toEverybody(kind: MessageKind, content: unknown): void;
  /** `events` is what to repeat to somebody who begins to listen just now. */
  toConversation(conversation_id: string, kind: MessageKind, content: unknown, events?: StoredEvent[]): void;
  /** See `Publisher.watch`. */
  watch(conversation_ids: string[]): Promise<void>;
  unwatch(conversation_ids: string[]): void;
  /** Another instance says what it listens to from now on: ids, or everything that it wants (`*`). */
  onListening(conversation_ids: string[] | '*'): void;
  /** The link works again, or does not any more, in either direction. */
  onHealthy(): void;
  onUnhealthy(): void;
  close(): void;
}

/** How long an answer that nobody else listens is believed. */
const believedMs = 10_000;
const tidyEveryMs = 5_000;
const watchLimitMs = 50;

export const createChannels = (parts: ChannelsParts): Channels => {
  const { link, subscriber, prefix, wire, stats, lingerMs } = parts;
  const everybody = `${prefix}all`;
  const conversationPrefix = `${prefix}c:`;
  const channelOf = (conversation_id: string) => conversationPrefix + conversation_id;

  /** Conversations that nobody else listens to, until when that is believed, and the events that were spared last. */
  const alone = new Map<string, { until: number; spared?: StoredEvent[] }>();
  /** Counts announcements, so that an answer from before one is not believed after it. */
  let announcements = 0;
  const unneeded = new Map<string, number>();
  const asking = new Map<string, Promise<void>>();
  let gathered: string[] | undefined;

  const publish = (channel: string, message: string, heard?: (receivers: number) => void) => {
    stats.publications += 1;
    stats.publishedBytes += message.length;
    link.send('PUBLISH', [channel, message], (error, receivers) => {
      if (!error) heard?.(Number(receivers));
    });
  };

  const publishTo = (conversation_id: string, kind: MessageKind, content: unknown) => {
    const channel = channelOf(conversation_id);
    const asOf = announcements;
    const heardHere = subscriber.hears(channel);
    publish(channel, wire.encode(kind, content), receivers => {
      // Only an answer during which nothing moved says who heard it.
      if (heardHere === undefined || asOf !== announcements || subscriber.hears(channel) !== heardHere) return;
      if (!subscriber.up || receivers > (heardHere ? 1 : 0)) return;
      alone.set(conversation_id, { until: performance.now() + believedMs });
    });
  };

  const announce = (conversation_ids: string[] | '*') => publish(everybody, wire.encode('listening', conversation_ids));

  const subscribeGathered = async () => {
    const ids = gathered ?? [];
    gathered = undefined;
    const confirmed = await subscriber.subscribe(ids.map(channelOf));
    if (confirmed && link.up) announce(ids);
    for (const id of ids) asking.delete(id);
  };

  const ask = (conversation_id: string): Promise<void> => {
    let asked = asking.get(conversation_id);
    if (!asked) {
      // All that is asked for in one turn, such as by the sockets that come back after an outage, is one command.
      if (!gathered) {
        gathered = [];
        gathering = new Promise(resolve => setImmediate(resolve)).then(subscribeGathered);
      }
      gathered.push(conversation_id);
      asked = gathering;
      asking.set(conversation_id, asked);
    }
    return asked;
  };
  let gathering = Promise.resolve();

  const tidy = setInterval(
    () => {
      const now = performance.now();
      for (const [id, { until }] of alone) if (until <= now) alone.delete(id);
      const over: string[] = [];
      for (const [id, since] of unneeded) if (now - since >= lingerMs) over.push(id);
      for (const id of over) unneeded.delete(id);
      if (over.length > 0) subscriber.unsubscribe(over.map(channelOf));
    },
    Math.min(tidyEveryMs, lingerMs),
  ).unref();

  return {
    everybody,
    toEverybody(kind, content) {
      if (link.up) publish(everybody, wire.encode(kind, content));
      else stats.skipped += 1;
    },
    toConversation(conversation_id, kind, content, events) {
      if (!link.up) {
        stats.skipped += 1;
        return;
      }
      const silence = alone.get(conversation_id);
      if (silence && silence.until > performance.now()) {
        stats.spared += 1;
        if (events) silence.spared = events;
      } else publishTo(conversation_id, kind, content);
    },
    watch(conversation_ids) {
      const pending = new Set<Promise<void>>();
      for (const id of conversation_ids) {
        unneeded.delete(id);
        if (subscriber.hears(channelOf(id)) !== true) pending.add(ask(id));
      }
      if (pending.size === 0 || !link.up || !subscriber.up) return Promise.resolve();
      return new Promise(resolve => {
        const timer = setTimeout(resolve, watchLimitMs);
        void Promise.all(pending).then(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
    unwatch(conversation_ids) {
      const now = performance.now();
      for (const id of conversation_ids) if (subscriber.wants(channelOf(id)) || asking.has(id)) unneeded.set(id, now);
    },
    onListening(conversation_ids) {
      announcements += 1;
      if (conversation_ids === '*') {
        alone.clear();
        return;
      }
      for (const id of conversation_ids) {
        const spared = alone.get(id)?.spared;
        if (alone.delete(id) && spared) publishTo(id, 'events', spared);
      }
    },
    onHealthy() {
      announcements += 1;
      alone.clear();
      // What others believe of this instance may be from before the outage.
      announce('*');
    },
    onUnhealthy() {
      announcements += 1;
      alone.clear();
    },
    close: () => clearInterval(tidy),
  };
};
