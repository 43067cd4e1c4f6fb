import { createPeople } from './accounts/people.ts';
import { createSessions } from './accounts/sessions.ts';
import { createTokens } from './accounts/tokens.ts';
import { createClosing } from './closing.ts';
import { type Config, isProduction } from './config.ts';
import { createAccess } from './conversations/access.ts';
import { createChange } from './conversations/change.ts';
import { createCursors } from './conversations/cursors.ts';
import { createDeparture } from './conversations/departure.ts';
import { createOutbox } from './conversations/outbox.ts';
import { createStates } from './conversations/state.ts';
import { createWriter } from './conversations/writer.ts';
import { openDataFolder } from './data-folder.ts';
import { type Apm, noApm } from './observability/apm/apm.ts';
import { type Products, traceLinked, traceStores, traceWriter } from './observability/apm/trace-ports.ts';
import { watchEventLoopLag } from './observability/event-loop-lag.ts';
import { createLogger, type Logger } from './observability/logger.ts';
import { createMetrics } from './observability/metrics.ts';
import { createRecord } from './observability/record.ts';
import { type Linked, openCluster } from './open-cluster.ts';
import { openStores, type Stores } from './open-stores.ts';
import { type Clock, systemClock } from './ports/clock.ts';

/** What a test replaces or wraps; nobody else does. */
export interface Overrides {
  clock?: Clock;
  logger?: Logger;
  stores?: (stores: Stores) => Stores;
  cluster?: (parts: { instance_id: string; clock: Clock }) => Linked;
  apm?: Apm;
}

export type Core = Awaited<ReturnType<typeof openCore>>;

/**
 * Stores, cluster, and the rules of who there is and what they may: all that runs without a port being open. Rejects with a
 * `BootError` where it cannot be had; nothing stays open then. Whoever opens it closes it, after what was put on top.
 */
export const openCore = async (config: Config, overrides: Overrides = {}) => {
  const { apm = noApm } = overrides;
  const logger = overrides.logger ?? createLogger({ level: config.logLevel, instance: config.instanceId, apm });
  const closing = createClosing((step, cause) => logger.error('stop_failed', { step, cause }));
  try {
    return { ...(await compose(config, overrides, logger, closing.onClose)), logger, ...closing };
  } catch (error) {
    await closing.close();
    throw error;
  }
};

const compose = async (
  config: Config,
  overrides: Overrides,
  logger: Logger,
  onClose: ReturnType<typeof createClosing>['onClose'],
) => {
  const clock = overrides.clock ?? systemClock;
  const failed = (event: string) => (cause: unknown) => logger.error(event, { cause });

  // Observability
  const lag = watchEventLoopLag();
  onClose('lag', lag.stop);
  const metrics = createMetrics({ lagMs: lag.p99 });
  const record = createRecord({ logger, metrics });

  // Stores and cluster
  const folder = openDataFolder(config.dataDir);
  onClose('folder', folder.release);
  const secret = config.jwtSecret || folder.secret();
  const opened = await openStores(config, { folder, clock, logger });
  onClose('stores', opened.close);
  const { apm = noApm } = overrides;
  const linked =
    overrides.cluster?.({ instance_id: config.instanceId, clock }) ??
    (await openCluster(config, { clock, logger, secret, onListenerError: failed('listener_failed') }));
  // Redis is worth a span, this process's memory is not.
  const { cluster, publisher, cached } = traceLinked(linked, config.redisUrl ? apm : noApm);
  onClose('cluster', () => linked.close?.() ?? cluster.close());
  const stores = traceStores(overrides.stores?.(opened) ?? opened, apm, isProduction(config) ? servers : files);
  const { search, storage, log: uncached } = stores;
  const log = cached?.(uncached) ?? uncached;
  const { users, conversations } = storage;

  // Accounts
  const tokens = createTokens({
    secret,
    accessTtlSeconds: config.accessTokenTtlSeconds,
    refreshTtlSeconds: config.refreshTokenTtlSeconds,
    clock,
  });
  const people = createPeople({ users, cluster, clock });
  onClose('people', people.close);
  const sessions = createSessions({ sessions: storage.sessions, cluster, clock, tokens });
  onClose('sessions', sessions.close);

  // Conversations
  const states = createStates({ storage: conversations, log, publisher, clock });
  onClose('states', states.close);
  const cursors = createCursors({ storage: conversations, log });
  onClose('cursors', cursors.close);
  const observe = ({ size, ms }: { size: number; ms: number }) => metrics.appended(size, ms);
  const writer = traceWriter(createWriter({ log, states, publisher, observe }), apm);
  onClose('writer', writer.idle);
  const outbox = createOutbox({ storage: conversations, states, writer, onError: failed('outbox_failed') });
  onClose('outbox', outbox.stop);
  const access = createAccess({ states, clock });
  const change = createChange({ storage: conversations, outbox, record });
  const departure = createDeparture({ storage: conversations, change, clock });

  return {
    ...{ clock, lag, metrics, record, failed, apm },
    ...{ log, storage, search, linked, cluster, publisher },
    ...{ tokens, people, sessions },
    ...{ states, cursors, writer, outbox, access, change, departure },
  };
};

const servers: Products = { log: 'mongodb', storage: 'mysql' };
const files: Products = { log: 'sqlite', storage: 'sqlite' };
