import { createAccountHandlers } from './accounts/handlers.ts';
import { createPasswords } from './accounts/passwords.ts';
import { createClientAddress } from './client-address.ts';
import { type Config, isProduction } from './config.ts';
import { createFindOrCreateDirect } from './conversations/directs.ts';
import { createEnterLobby, ensureLobby } from './conversations/ensure-lobby.ts';
import { createConversationHandlers } from './conversations/handlers.ts';
import { createConversationPresenter } from './conversations/present.ts';
import { createFindRoomId } from './conversations/room-name.ts';
import { type Core, type Overrides, openCore } from './core.ts';
import { grantAdmins } from './grant-admins.ts';
import { createEcho } from './http/echo.ts';
import { createHttpEdge } from './http/edge.ts';
import { createFront } from './http/front.ts';
import { createInvoke, type Handlers } from './invoke.ts';
import { createCharge, createShed } from './limits.ts';
import { listenOn, stopServing, stopServingMs } from './listen.ts';
import { createElected } from './messages/elect.ts';
import { createMessageHandlers } from './messages/handlers.ts';
import { createPresenter } from './messages/present.ts';
import { createTail } from './messages/tail.ts';
import { createVisibility } from './messages/visibility.ts';
import { createNotifier } from './notifications/follower.ts';
import { createNotificationHandlers } from './notifications/handlers.ts';
import { createNotificationPresenter } from './notifications/present.ts';
import { traceInvoke, traceJob } from './observability/apm/trace-invoke.ts';
import { traceRequests } from './observability/apm/trace-requests.ts';
import { createObserve } from './observability/observe.ts';
import { isoDate } from './ports/clock.ts';
import { createPresenceHandlers } from './presence/handlers.ts';
import { createPresence } from './presence/presence.ts';
import { createTyping } from './presence/typing.ts';
import { createRealtime } from './realtime/realtime.ts';
import { createRedisAdapter } from './realtime/redis-adapter.ts';
import { createSockets } from './realtime/sockets.ts';
import { createSearchHandlers } from './search/handlers.ts';
import { createIndexer } from './search/indexer.ts';

export interface App {
  /** Begins to serve; resolves with the URL. Rejects with a `BootError` where the port cannot be had; everything is closed then. */
  listen(): Promise<string>;
  /** Resolves when this instance must stop, as another one has taken its id while it stood still. */
  readonly lost: Promise<void>;
  /** Stops in order: nothing new, sockets sent away, commands ended, cursors written, stores closed. */
  close(): Promise<void>;
}

const hourMs = 3_600_000;

/** The only place where the parts meet. Rejects with a `BootError` where the server cannot start; nothing stays open then. */
export const createApp = async (config: Config, overrides: Overrides = {}): Promise<App> => {
  const front = createFront();
  // Where databases may have to be waited for, whoever asks is answered meanwhile.
  const url = isProduction(config) ? await listenOn(front.server, config) : undefined;
  let core: Core | undefined;
  try {
    core = await openCore(config, overrides);
    return await compose(config, core, front, url);
  } catch (error) {
    await core?.close();
    front.server.close();
    front.server.closeAllConnections();
    throw error;
  }
};

const compose = async (
  config: Config,
  core: Core,
  { server, serve }: ReturnType<typeof createFront>,
  url: string | undefined,
): Promise<App> => {
  const { logger, clock, lag, metrics, record, failed, apm, onClose, close } = core;
  const { log, storage, search: index, cluster, publisher } = core;
  const { tokens, people, sessions, states, cursors, writer, outbox, access, change, departure } = core;
  const { users, conversations } = storage;
  const { redis, claim } = core.linked;
  let stopping = false;

  let lose: () => void = () => undefined;
  const lost = new Promise<void>(resolve => {
    lose = resolve;
  });
  await claim?.(() => {
    logger.error('instance_id_lost', { hint: 'another instance has this INSTANCE_ID' });
    lose();
  });
  if (redis)
    metrics.watchLink(() => {
      const { state, ...totals } = redis.stats();
      return { up: state === 'up', totals };
    });

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
  const electedNotifier = createElected({
    name: 'notifier',
    follower: notifier,
    cluster,
    onError: failed('notifier_failed'),
  });
  onClose('notifier', electedNotifier.stop);

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
  const untraced = createInvoke({
    handlers,
    charge: createCharge({ cluster, rates: ratesOf(config) }),
    shed,
    observe: createObserve({ logger, metrics }),
  });
  const invoke = traceInvoke(untraced, apm);

  // The edges
  const clientAddress = createClientAddress(config.trustProxy);
  const echo = createEcho({ address: clientAddress, clock, fingerprint: tokens.fingerprint, settings: config });
  const http = createHttpEdge({
    invoke,
    authenticate: sessions.authenticate,
    address: clientAddress,
    health: {
      checks: { log: () => log.ping(), storage: () => storage.ping() },
      ...(redis && { link: cluster.healthy }),
      stopping: () => stopping,
    },
    echo,
    logger,
    metrics,
    lagMs: lag.p99,
    settings: config,
  });
  onClose('http', http.stop);
  const realtime = createRealtime({
    server,
    sockets,
    invoke,
    authenticate: sessions.authenticate,
    isLive: sessions.isLive,
    liveAmong: storage.sessions.liveAmong,
    log,
    publisher,
    present: presenter.events,
    conversations,
    presence,
    loadNotification: notificationPresenter.one,
    clientAddress,
    echo,
    cluster,
    adapter: redis && createRedisAdapter(redis.adapterClients),
    settings: config,
    shed: () => shed('handshake'),
    logger,
    metrics,
    clock,
  });
  onClose('edges', () => stopServing(server, realtime.stop), config.drainMs + stopServingMs);

  await ensureLobby({ storage: conversations, outbox, clock });
  await grantAdmins(config.admins, { users, people, cluster, logger });
  const sweep = setInterval(() => {
    const swept = traceJob('session sweep', apm, () =>
      cluster.withLock('session sweep', () => storage.sessions.deleteExpired(isoDate(clock.now()))),
    );
    swept.catch(failed('session_sweep_failed'));
  }, hourMs);
  onClose('session sweep', () => clearInterval(sweep));

  return {
    lost,
    async listen() {
      try {
        outbox.start();
        indexer.start();
        electedNotifier.start();
        presence.start();
        typing.start();
        await realtime.start();
        serve(traceRequests(http.app, apm));
        return url ?? (await listenOn(server, config));
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
