import { createAccountHandlers } from './accounts/handlers.ts';
import { createPasswords } from './accounts/passwords.ts';
import { createPeople } from './accounts/people.ts';
import { createSessions } from './accounts/sessions.ts';
import { createTokens } from './accounts/tokens.ts';
import { createClientAddress } from './client-address.ts';
import { createClosing } from './closing.ts';
import { createMemoryCluster } from './cluster/memory.ts';
import { createMemoryPublisher } from './cluster/memory-publisher.ts';
import type { Config } from './config.ts';
import { createAccess } from './conversations/access.ts';
import { createChange } from './conversations/change.ts';
import { createCursors } from './conversations/cursors.ts';
import { createDeparture } from './conversations/departure.ts';
import { createFindOrCreateDirect } from './conversations/directs.ts';
import { createEnterLobby, ensureLobby } from './conversations/ensure-lobby.ts';
import { createConversationHandlers } from './conversations/handlers.ts';
import { createOutbox } from './conversations/outbox.ts';
import { createConversationPresenter } from './conversations/present.ts';
import { createFindRoomId } from './conversations/room-name.ts';
import { createStates } from './conversations/state.ts';
import { createWriter } from './conversations/writer.ts';
import { openDataFolder } from './data-folder.ts';
import { grantAdmins } from './grant-admins.ts';
import { createHttpEdge } from './http/edge.ts';
import { createHttpServer } from './http/server.ts';
import { createInvoke, type Handlers } from './invoke.ts';
import { createCharge, createShed } from './limits.ts';
import { listenOn, stopServing } from './listen.ts';
import { createMessageHandlers } from './messages/handlers.ts';
import { createPresenter } from './messages/present.ts';
import { createTail } from './messages/tail.ts';
import { createVisibility } from './messages/visibility.ts';
import { createNotifier } from './notifications/follower.ts';
import { createNotificationHandlers } from './notifications/handlers.ts';
import { createNotificationPresenter } from './notifications/present.ts';
import { watchEventLoopLag } from './observability/event-loop-lag.ts';
import { createLogger, type Logger } from './observability/logger.ts';
import { createMetrics } from './observability/metrics.ts';
import { createObserve } from './observability/observe.ts';
import { createRecord } from './observability/record.ts';
import { openStores, type Stores } from './open-stores.ts';
import { type Clock, isoDate, systemClock } from './ports/clock.ts';
import { createPresenceHandlers } from './presence/handlers.ts';
import { createPresence } from './presence/presence.ts';
import { createTyping } from './presence/typing.ts';
import { createRealtime } from './realtime/realtime.ts';
import { createSockets } from './realtime/sockets.ts';
import { createSearchHandlers } from './search/handlers.ts';
import { createIndexer } from './search/indexer.ts';

/** What a test replaces or wraps; nobody else does. */
export interface AppOverrides {
  clock?: Clock;
  logger?: Logger;
  stores?: (stores: Stores) => Stores;
}

export interface App {
  /** Begins to serve; resolves with the URL. Rejects with a `BootError` where the port cannot be had; everything is closed then. */
  listen(): Promise<string>;
  /** Stops in order: nothing new, sockets sent away, commands ended, cursors written, stores closed. */
  close(): Promise<void>;
}

const hourMs = 3_600_000;

/** The only place where the parts meet. Rejects with a `BootError` where the server cannot start; nothing stays open then. */
export const createApp = async (config: Config, overrides: AppOverrides = {}): Promise<App> => {
  const logger = overrides.logger ?? createLogger({ level: config.logLevel, instance: config.instanceId });
  const closing = createClosing((step, cause) => logger.error('stop_failed', { step, cause }));
  try {
    return await compose(config, overrides, logger, closing);
  } catch (error) {
    await closing.close();
    throw error;
  }
};

const compose = async (
  config: Config,
  overrides: AppOverrides,
  logger: Logger,
  { onClose, close }: ReturnType<typeof createClosing>,
): Promise<App> => {
  const clock = overrides.clock ?? systemClock;
  let stopping = false;
  const failed = (event: string) => (cause: unknown) => logger.error(event, { cause });

  // Observability
  const lag = watchEventLoopLag();
  onClose('lag', lag.stop);
  const metrics = createMetrics({ lagMs: lag.p99 });
  const record = createRecord({ logger, metrics });

  // Stores and cluster
  const folder = openDataFolder(config.dataDir);
  onClose('folder', folder.release);
  const opened = await openStores(folder);
  onClose('stores', opened.close);
  const { log, storage, search: index } = overrides.stores?.(opened) ?? opened;
  const { users, conversations } = storage;
  const onListenerError = failed('listener_failed');
  const cluster = createMemoryCluster({ instance_id: config.instanceId, clock, onListenerError });
  onClose('cluster', cluster.close);
  const publisher = createMemoryPublisher({ onListenerError });

  // Accounts
  const tokens = createTokens({
    secret: config.jwtSecret || folder.secret(),
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
  const writer = createWriter({ log, states, publisher, observe: ({ size, ms }) => metrics.appended(size, ms) });
  onClose('writer', writer.idle);
  const outbox = createOutbox({ storage: conversations, states, writer, onError: failed('outbox_failed') });
  onClose('outbox', outbox.stop);
  const access = createAccess({ states, clock });
  const change = createChange({ storage: conversations, outbox, record });
  const departure = createDeparture({ storage: conversations, change, clock });
  const findOrCreateDirect = createFindOrCreateDirect({ users, storage: conversations, outbox, clock, record });
  const findRoomId = createFindRoomId({ storage: conversations });

  // How things are shown
  const visibility = createVisibility({ states, storage: conversations });
  const presenter = createPresenter({ people, log, visibility });
  const conversationPresenter = createConversationPresenter({
    storage: conversations,
    log,
    people,
    cursors,
    presentMessages: presenter.messages,
  });
  const notificationPresenter = createNotificationPresenter({
    notifications: storage.notifications,
    log,
    people,
    visibility,
  });

  // What follows the log
  const tail = createTail({ log, publisher });
  onClose('tail', tail.stop);
  const followed = { epoch: log.epoch, changes: log.changes, range: tail.range };
  const indexer = createIndexer({ index, log: followed, publisher, delay: 1_000, onError: failed('indexer_failed') });
  onClose('indexer', indexer.stop);
  const notifier = createNotifier({
    notifications: storage.notifications,
    storage: conversations,
    users,
    states,
    log: { ...followed, at: log.at },
    publisher,
    cluster,
    onError: failed('notifier_failed'),
  });
  onClose('notifier', notifier.stop);

  // What vanishes
  const sockets = createSockets();
  const presence = createPresence({
    cluster,
    users,
    signals: sockets,
    clock,
    settings: { offlineAfterMs: 3_000, pollMs: 5_000 },
    onError: failed('presence_failed'),
  });
  onClose('presence', presence.stop);
  const typing = createTyping({
    access,
    people,
    cluster,
    publisher,
    signals: sockets,
    clock,
    onError: failed('typing_failed'),
  });
  onClose('typing', typing.stop);

  // The one way in
  const handlers: Handlers = {
    ...createAccountHandlers({
      users,
      sessions,
      passwords: createPasswords({ cost: config.bcryptCost }),
      cluster,
      clock,
      settings: { passwordMinLength: config.passwordMinLength, ...(!config.rateLimit && { loginLimit: 'off' }) },
      onRegistered: createEnterLobby({ storage: conversations, log }),
      onErased: departure.leaveAll,
      record,
    }),
    ...createConversationHandlers({
      users,
      storage: conversations,
      log,
      states,
      access,
      outbox,
      change,
      departure,
      findOrCreateDirect,
      findRoomId,
      presenter: conversationPresenter,
      people,
      clock,
      record,
    }),
    ...createMessageHandlers({
      log,
      storage: conversations,
      users,
      people,
      access,
      writer,
      cursors,
      presenter,
      conversations: conversationPresenter,
      findOrCreateDirect,
      findRoomId,
      cluster,
      clock,
    }),
    ...createSearchHandlers({ index, log, access, storage: conversations, presenter }),
    ...createNotificationHandlers({
      notifications: storage.notifications,
      presenter: notificationPresenter,
      clock,
    }),
    ...createPresenceHandlers({ typing, presence }),
  };
  const shed = createShed({ lagMs: lag.p99, toleratedMs: config.shedLagMs });
  const invoke = createInvoke({
    handlers,
    charge: createCharge({ cluster, rates: ratesOf(config) }),
    shed,
    observe: createObserve({ logger, metrics }),
  });

  // The edges
  const clientAddress = createClientAddress(config.trustProxy);
  const http = createHttpEdge({
    invoke,
    authenticate: sessions.authenticate,
    address: clientAddress,
    health: { checks: { log: () => log.ping(), storage: () => storage.ping() }, stopping: () => stopping },
    logger,
    metrics,
    lagMs: lag.p99,
    settings: config,
  });
  onClose('http', http.stop);
  const server = createHttpServer(http.app);
  const realtime = createRealtime({
    server,
    sockets,
    invoke,
    authenticate: sessions.authenticate,
    isLive: sessions.isLive,
    log,
    publisher,
    present: presenter.events,
    conversations,
    presence,
    loadNotification: notificationPresenter.one,
    clientAddress,
    cluster,
    settings: config,
    shed: () => shed('handshake'),
    logger,
    metrics,
    clock,
  });
  onClose('edges', () => stopServing(server, realtime.stop));

  await ensureLobby({ storage: conversations, outbox, clock });
  await grantAdmins(config.admins, { users, people, cluster, logger });
  const sweep = setInterval(() => {
    const expired = storage.sessions.deleteExpired(isoDate(clock.now()));
    expired.catch(failed('session_sweep_failed'));
  }, hourMs);
  onClose('session sweep', () => clearInterval(sweep));

  return {
    async listen() {
      try {
        outbox.start();
        indexer.start();
        notifier.start();
        presence.start();
        typing.start();
        await realtime.start();
        return await listenOn(server, config);
      } catch (error) {
        await close();
        throw error;
      }
    },
    close() {
      stopping = true;
      return close();
    },
  };
};

const ratesOf = (config: Config) =>
  config.rateLimit
    ? {
        auth: config.rateAuth,
        send: config.rateSend,
        command: config.rateCommand,
        signal: config.rateSignal,
        query: config.rateQuery,
        search: config.rateSearch,
        sync: config.rateSync,
      }
    : 'off';
