import { BootError } from './boot-error.ts';
import { createMemoryCluster } from './cluster/memory.ts';
import { createMemoryPublisher } from './cluster/memory-publisher.ts';
import type { RedisCluster } from './cluster/redis/open.ts';
import type { Config } from './config.ts';
import type { Logger } from './observability/logger.ts';
import type { Clock } from './ports/clock.ts';
import type { Cluster } from './ports/cluster.ts';
import type { Log } from './ports/log.ts';
import type { Publisher } from './ports/publisher.ts';

/** What links this instance to the others, or stands in for it where there are none. */
export interface Linked {
  cluster: Cluster;
  publisher: Publisher;
  /** The log behind a cache that instances share. */
  cached?(log: Log): Log;
  /**
   * Makes this process the only one of its instance id; `onLost` is told once where another one took it, as this one stood still.
   * Rejects with a `BootError` where another one has it.
   */
  claim?(onLost: () => void): Promise<void>;
  /** Redis itself, for what speaks to it directly. */
  redis?: RedisCluster;
  /** Closes more than the cluster, where there is more. */
  close?(): Promise<void>;
}

export const openCluster = async (
  config: Config,
  {
    clock,
    logger,
    secret,
    onListenerError,
  }: { clock: Clock; logger: Logger; secret: string; onListenerError: (error: unknown) => void },
): Promise<Linked> => {
  const { instanceId: instance_id, redisUrl: url, redisPrefix: prefix } = config;
  if (!url) {
    const cluster = createMemoryCluster({ instance_id, clock, onListenerError });
    return { cluster, publisher: createMemoryPublisher({ onListenerError }) };
  }
  // Loaded where it is used: one instance does without.
  const { openRedisCluster } = await import('./cluster/redis/open.ts');
  const redis = await openRedisCluster({ url, prefix, instance_id, secret, clock, logger, onListenerError });
  return {
    cluster: redis.cluster,
    publisher: redis.publisher,
    cached: redis.blocks,
    redis,
    close: redis.close,
    async claim(onLost) {
      redis.onLost(onLost);
      try {
        await redis.claim();
      } catch (cause) {
        throw new BootError(
          `INSTANCE_ID ${instance_id} is that of another instance which runs: give each a name of its own.`,
          { cause },
        );
      }
    },
  };
};
