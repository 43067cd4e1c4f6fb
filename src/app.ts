import type { AddressInfo } from 'node:net';
import { createClientAddress } from './client-address.ts';
import { createMemoryCluster } from './cluster/memory.ts';
import type { Config } from './config.ts';
import { openDataFolder } from './data-folder.ts';
import { ParleyError } from './errors.ts';
import { createHttpEdge } from './http/edge.ts';
import { createHttpServer } from './http/server.ts';
import { createInvoke, type Handlers } from './invoke.ts';
import { createCharge, createShed } from './limits.ts';
import { watchEventLoopLag } from './observability/event-loop-lag.ts';
import { createLogger, type Logger } from './observability/logger.ts';
import { createMetrics } from './observability/metrics.ts';
import { createObserve } from './observability/observe.ts';
import { openStores } from './open-stores.ts';
import { type Clock, systemClock } from './ports/clock.ts';

/** What a test replaces. */
export interface AppOverrides {
  clock?: Clock;
  logger?: Logger;
}

export interface App {
  /** Begins to serve; resolves with the URL. */
  listen(): Promise<string>;
  /** Stops in order: nothing new, sockets away, commands ended, cursors written, stores closed. Can be called again. */
  close(): Promise<void>;
}

/** The only place where parts meet. Throws `BootError` where the server cannot start. */
export const createApp = async (config: Config, overrides: AppOverrides = {}): Promise<App> => {
  const clock = overrides.clock ?? systemClock;
  const lag = watchEventLoopLag();
  const logger = overrides.logger ?? createLogger({ level: config.logLevel, instance: config.instanceId });
  const metrics = createMetrics({ lagMs: lag.p99 });
  const folder = openDataFolder(config.dataDir);
  const { log, storage, close: closeStores } = await openStores(folder);
  const cluster = createMemoryCluster({ instance_id: config.instanceId, clock });
  const handlers = {} as Handlers;
  const invoke = createInvoke({
    handlers,
    charge: createCharge({ cluster, rates: 'off' }),
    shed: createShed({ lagMs: lag.p99, toleratedMs: config.shedLagMs }),
    observe: createObserve({ logger, metrics }),
  });
  const address = createClientAddress(config.trustProxy);
  const http = createHttpEdge({
    invoke,
    authenticate: async () => {
      throw new ParleyError('unauthenticated');
    },
    address,
    health: { checks: { log: () => log.ping(), storage: () => storage.ping() }, stopping: () => false },
    logger,
    metrics,
    lagMs: lag.p99,
    settings: config,
  });
  const server = createHttpServer(http.app);
  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(config.port, config.host, () =>
          resolve(`http://${config.host}:${(server.address() as AddressInfo).port}`),
        );
      }),
    async close() {
      await new Promise(resolve => server.close(resolve));
      http.stop();
      lag.stop();
      await closeStores();
      folder.release();
    },
  };
};
