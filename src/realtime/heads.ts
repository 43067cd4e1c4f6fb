import type { Log } from '../ports/log.ts';
import type { Delivery } from './delivery.ts';
import type { Link } from './link.ts';
import type { Logger } from './logger.ts';
import { signalPacket } from './packet.ts';
import type { LocalSocket, Sockets } from './sockets.ts';

export interface HeadsParts {
  log: Pick<Log, 'changes' | 'epoch'>;
  sockets: Sockets;
  delivery: Pick<Delivery, 'reached'>;
  link: Pick<Link, 'troubled' | 'onHealed'>;
  settings: {
    /** The longest time after which a socket is told what changed of its conversations. */
    headsIntervalMs: number;
  };
  logger: Logger;
}

/**
 * Follows the change feed, so that nothing is missed that was not published here, or not received: the delivery is told how far
 * logs reach, and each socket gets a digest of what changed among its conversations since its last one.
 */
export interface Heads {
  /** From now on the socket is owed digests. */
  welcome(local: LocalSocket): void;
  start(): Promise<void>;
  stop(): void;
}

/** Sockets get their digests in as many portions over the interval. */
const portions = 10;
/** The feed is read this often per interval, and twice as often while other instances cannot be heard, as it is then all that is heard of them. */
const readsPerInterval = 15;
const feedPage = 1_000;
/** The most conversations in one digest. */
const maxHeads = 500;

interface Changed {
  seq: number;
  /** Counts changes: what is above a socket's mark is new to it. */
  mark: number;
  /** Milliseconds of the process. */
  at: number;
}

export const createHeads = ({ log, sockets, delivery, link, settings, logger }: HeadsParts): Heads => {
  /** By the time of the change, oldest first. */
  const changed = new Map<string, Changed>();
  const marks = new WeakMap<LocalSocket, { mark: number; portion: number }>();
  let stamp = '';
  let mark = 0;
  let portion = 0;
  let newcomers = 0;
  let reading: Promise<void> | undefined;
  let beats = 0;
  const timers: NodeJS.Timeout[] = [];

  const note = (conversation_id: string, seq: number) => {
    if ((changed.get(conversation_id)?.seq ?? 0) >= seq) return;
    mark += 1;
    changed.delete(conversation_id);
    changed.set(conversation_id, { seq, mark, at: performance.now() });
    delivery.reached(conversation_id, seq);
  };

  /** Reads the feed to its end. */
  const read = async (each: (conversation_id: string, seq: number) => void) => {
    let more = true;
    while (more) {
      const page = await log.changes(stamp, feedPage);
      for (const { conversation_id, seq } of page.changes) each(conversation_id, seq);
      more = page.more && page.next !== stamp;
      stamp = page.next;
    }
  };

  const follow = (): Promise<void> => {
    reading ??= read(note)
      .catch(error => logger.warn('feed_failed', { cause: error }))
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };

  const newTo = (local: LocalSocket, since: number): [string, number][] => {
    const heads: [string, number][] = [];
    if (local.rooms.size < changed.size) {
      for (const id of local.rooms) {
        const change = changed.get(id);
        if (change && change.mark > since) heads.push([id, change.seq]);
      }
    } else
      for (const [id, change] of changed) if (change.mark > since && local.rooms.has(id)) heads.push([id, change.seq]);
    return heads;
  };

  const digest = (local: LocalSocket) => {
    if (!local.live) return;
    const own = marks.get(local);
    if (!own) return;
    const heads = newTo(local, own.mark);
    own.mark = mark;
    for (let from = 0; from < heads.length; from += maxHeads) {
      const payload = { epoch: log.epoch, heads: Object.fromEntries(heads.slice(from, from + maxHeads)) };
      local.outbox.write(signalPacket('heads', payload));
    }
  };

  const tellPortion = () => {
    portion = (portion + 1) % portions;
    for (const local of sockets.all()) if (marks.get(local)?.portion === portion) digest(local);
    const forgetBefore = performance.now() - 3 * settings.headsIntervalMs;
    for (const [id, { at }] of changed) {
      if (at >= forgetBefore) break;
      changed.delete(id);
    }
  };

  const beat = () => {
    beats += 1;
    if (link.troubled() || beats % 2 === 0) void follow();
  };

  link.onHealed(async () => {
    // One that runs already may have read too early.
    await reading;
    await follow();
    for (const local of sockets.all()) digest(local);
  });

  const every = (ms: number, job: () => void) => void timers.push(setInterval(job, ms).unref());

  return {
    welcome(local) {
      // What changed before it came is the business of its first sync.
      newcomers += 1;
      marks.set(local, { mark, portion: newcomers % portions });
    },
    async start() {
      // Everything there was before is old news; the positions of rooms come from the heads.
      await read(() => undefined);
      const interval = settings.headsIntervalMs;
      every(Math.max(20, Math.min(2_000, interval / readsPerInterval)) / 2, beat);
      every(Math.max(10, (interval * 0.9) / portions), tellPortion);
    },
    stop() {
      for (const timer of timers.splice(0)) clearInterval(timer);
    },
  };
};
