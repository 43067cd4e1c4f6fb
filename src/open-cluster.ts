import { createMemoryCluster } from './cluster/memory.ts';
import { createMemoryPublisher } from './cluster/memory-publisher.ts';
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
  /** Closes more than the cluster, where there is more. */
  close?(): Promise<void>;
}

export const openCluster = async (
  config: Config,
  { clock, onListenerError }: { clock: Clock; logger: Logger; onListenerError: (error: unknown) => void },
): Promise<Linked> => ({
  cluster: createMemoryCluster({ instance_id: config.instanceId, clock, onListenerError }),
  publisher: createMemoryPublisher({ onListenerError }),
});
