import { randomBytes } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { Cluster } from '../../ports/cluster.ts';
import type { Log } from '../../ports/log.ts';
import type { Publisher } from '../../ports/publisher.ts';
import { createMemoryCluster } from '../memory.ts';
import { type AdapterClients, createAdapterClients } from './adapter.ts';
import { createBlocks } from './blocks.ts';
import { createChannels } from './channels.ts';
import { type Claim, createClaim } from './claim.ts';
import { createLeases } from './leases.ts';
import { createLimits } from './limits.ts';
import { createLink } from './link.ts';
import { createLocks } from './locks.ts';
import { createPresenceLeases } from './presence.ts';
import { createRedisPublisher } from './publisher.ts';
import { createStats, type Stats } from './stats.ts';
import { createSubscriber } from './subscriber.ts';
import { createTags } from './tags.ts';
import { areEvents, areTexts, bootIdLength, createWire, isNotice } from './wire.ts';

export interface RedisClusterParts {
  url: string;
  /** Begins every key and channel. */
  prefix: string;
  instance_id: string;
  /** Shared by all instances, and by nobody else. */
  secret: string;
  clock: Clock;
  logger: Record<'info' | 'warn', (event: string, facts?: Record<string, unknown>) => void>;
  /** Told what a listener threw; logged where absent. */
  onListenerError?: (error: unknown) => void;
  /** For tests and benches; see the defaults below. */
  settings?: Partial<typeof defaults>;
}

export interface RedisCluster extends Pick<Claim, 'claim' | 'onLost'> {
  cluster: Cluster;
  publisher: Publisher;
  /** The log behind a cache of its complete blocks. */
  blocks(log: Log): Log;
  adapterClients: AdapterClients;
  stats(): Stats & { state: 'up' | 'down' };
  /** Rejects where Redis does not answer. */
  ping(): Promise<void>;
  /** Gives all leases back. Harmless to repeat. */
  close(): Promise<void>;
}

const defaults = {
  /** Milliseconds after which an answer is late. Somewhat below the 50 ms of the port, for the timer and the way back. */
  patienceMs: 40,
  /** Milliseconds that a block of the log is kept. */
  blockMs: 180_000,
  /** Milliseconds that a conversation stays subscribed to after nobody needs it. */
  lingerMs: 30_000,
};

/** Opening waits this long for Redis, and goes on without. */
const openingMs = 1_000;
/** Shorter outages are not logged. */
const worthSayingMs = 250;

/** What several instances share over Redis, which only accelerates (G8): see docs/decisions/0009-redis.md. Never rejects. */
export const openRedisCluster = async ({
  url,
  prefix,
  instance_id,
  secret,
  clock,
  logger,
  onListenerError = cause => logger.warn('listener_failed', { cause }),
  settings = {},
}: RedisClusterParts): Promise<RedisCluster> => {
  const { patienceMs, blockMs, lingerMs } = { ...defaults, ...settings };
  const boot = randomBytes((bootIdLength * 3) / 4).toString('base64url');
  const name = `parley-${instance_id}`;
  const stats = createStats();

  const link = createLink({ url, name, stats, patienceMs });
  const subscriber = createSubscriber({
    url,
    name: `${name}-subscriber`,
    onMessage: (channel, message) => receive(channel, message),
    onPatternMessage: (...message) => adapter.receiveByPattern(...message),
    onUp: () => onLinkMoved(),
    onDown: () => onLinkMoved(),
  });
  const wire = createWire(boot, secret);
  const channels = createChannels({ link, subscriber, prefix, wire, stats, lingerMs });
  const publisher = createRedisPublisher({ channels, onListenerError });
  const here = createMemoryCluster({ instance_id, clock, onListenerError });
  const presence = createPresenceLeases({ link, prefix, boot });
  const leases = createLeases({ link });
  const claim = createClaim({ leases, prefix, boot, instance_id, warn: logger.warn });
  const key = `${prefix}adapter`;
  const adapter = createAdapterClients({ link, subscriber, key, onError: onListenerError });
  const tags = createTags({ link, prefix, boot, now: clock.now, blockMs });

  const receive = (channel: string, message: Buffer) => {
    if (channel.startsWith(key)) {
      adapter.receive(channel, message);
      return;
    }
    if (wire.isOwn(message)) return;
    stats.received += 1;
    const { kind, content } = wire.decode(message) ?? {};
    if (kind === 'events' && areEvents(content)) publisher.receive(content);
    else if (kind === 'notice' && isNotice(content)) here.notify(content[0], content[1] as never);
    else if (kind === 'listening' && (content === '*' || areTexts(content))) channels.onListening(content);
    else refuse();
  };

  const refuse = () => {
    stats.malformed += 1;
    if (stats.malformed === 1)
      logger.warn('redis_stranger', {
        hint: 'do all instances of this REDIS_URL and REDIS_PREFIX have the same JWT_SECRET?',
      });
  };

  let healthy = false;
  let closing: Promise<void> | undefined;
  let told = true;
  let telling: NodeJS.Timeout | undefined;

  const tell = () => {
    if (healthy === told || closing) return;
    told = healthy;
    if (healthy) logger.info('redis_up');
    else logger.warn('redis_down', { cause: link.lastError ?? 'no answer in time' });
  };
  const onLinkMoved = () => {
    const works = link.up && subscriber.up;
    if (works === healthy || closing) return;
    healthy = works;
    if (healthy) channels.onHealthy();
    else channels.onUnhealthy();
    clearTimeout(telling);
    telling = setTimeout(tell, worthSayingMs).unref();
    if (healthy) opened();
  };
  let opened: () => void = () => undefined;
  link.onUp(onLinkMoved);
  link.onDown(onLinkMoved);
  await new Promise<void>(resolve => {
    const late = setTimeout(resolve, openingMs);
    opened = () => {
      clearTimeout(late);
      resolve();
    };
    void subscriber.subscribe([channels.everybody]);
  });
  tell();

  return {
    cluster: {
      instance_id,
      notify(name, notice) {
        here.notify(name, notice);
        if ('conversation_id' in notice) channels.toConversation(notice.conversation_id, 'notice', [name, notice]);
        else channels.toEverybody('notice', [name, notice]);
      },
      on: here.on,
      ...createLimits({ link, prefix }),
      online: presence.online,
      offline: presence.offline,
      whoIsOnline: presence.whoIsOnline,
      socketsOf: presence.socketsOf,
      ...createLocks({ leases, prefix, boot }),
      healthy: () => healthy,
      close: () => close(),
    },
    publisher,
    blocks: createBlocks({ link, tags, prefix, stats, blockMs }),
    adapterClients: adapter.clients,
    claim: claim.claim,
    onLost: claim.onLost,
    stats: () => ({ ...stats, state: healthy ? 'up' : 'down' }),
    ping: async () => void (await link.call('PING', [])),
    close: () => close(),
  };

  function close(): Promise<void> {
    closing ??= (async () => {
      clearTimeout(telling);
      healthy = false;
      channels.close();
      await Promise.all([presence.close(), claim.release()]);
      await here.close();
      link.close();
      subscriber.close();
    })();
    return closing;
  }
};
