import { randomBytes } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import type { ClientAddress } from '../client-address.ts';
import { commandDeadlineMs, type Invoke } from '../invoke.ts';
import type { Clock } from '../ports/clock.ts';
import type { Cluster } from '../ports/cluster.ts';
import type { Log, StoredEvent } from '../ports/log.ts';
import type { Publisher } from '../ports/publisher.ts';
import type { LogEvent, Notification } from '../protocol/index.ts';
import { createBind } from './bind.ts';
import { createConnections } from './connections.ts';
import { createCorkedEngine } from './corked-websocket.ts';
import { createCrowd } from './crowd.ts';
import { createDelivery } from './delivery.ts';
import { createGate, type GateParts } from './gate.ts';
import { type Authenticate, createHandshake } from './handshake.ts';
import { createHeads } from './heads.ts';
import { createLink } from './link.ts';
import type { Logger, RealtimeMetrics } from './logger.ts';
import { createMemberships, type MembershipsParts } from './memberships.ts';
import { createServe, returnWithinMs } from './namespace.ts';
import { tellNotifications } from './notifications.ts';
import { createOutbox, type EngineConnection, type Outbox } from './outbox.ts';
import { tellReceipts } from './receipts.ts';
import { sendAway } from './send-away.ts';
import { createSockets, type LocalSocket, type Sockets } from './sockets.ts';
import { tellContract } from './tell-contract.ts';
import { createWatch } from './watch.ts';

export interface RealtimeSettings {
  corsOrigins: string[];
  pingIntervalMs: number;
  pingTimeoutMs: number;
  /** Milliseconds that an opened connection has to join a namespace (S14). */
  connectTimeoutMs: number;
  maxPacketBytes: number;
  queueEvents: number;
  queueBytes: number;
  headsIntervalMs: number;
  handshakesPerSecond: number;
  socketsPerUser: number;
  /** Off disables the limits of rate. */
  rateLimit: boolean;
  /** Milliseconds over which sockets are sent away when the server stops. */
  drainMs: number;
}

export interface RealtimeParts {
  /** With its other request listeners in place: Socket.IO takes those of `/socket.io` out of their hands. */
  server: HttpServer;
  /** Those of namespace `/`, made before by `createSockets`, as the features that signal need them too. */
  sockets: Sockets;
  invoke: Invoke;
  authenticate: Authenticate;
  isLive: (session_id: string) => Promise<boolean>;
  /** Those of many sessions that `isLive` would find alive, by one query of the store. Throws `unavailable`. */
  liveAmong: (session_ids: string[]) => Promise<Set<string>>;
  log: Pick<Log, 'head' | 'heads' | 'range' | 'changes' | 'epoch'>;
  publisher: Publisher;
  present: (events: StoredEvent[]) => LogEvent[] | Promise<LogEvent[]>;
  conversations: MembershipsParts['conversations'];
  presence: {
    connected(user_id: string, socket_id: string): void;
    disconnected(user_id: string, socket_id: string): void;
  };
  /** An entry of the user's inbox as it is shown. */
  loadNotification: (user_id: string, notification_id: string) => Promise<Notification | undefined>;
  clientAddress: ClientAddress;
  /** Answers `/socket.io/echo` and what else is asked there that is no part of Engine.IO. */
  echo: GateParts['echo'];
  cluster: Cluster;
  /**
   * Shares the rooms of Socket.IO with other instances and programs; an emit of theirs goes past the order and the volatile share of
   * our queues, though it counts in them. Its clients must swallow what fails, as nobody waits for it.
   */
  adapter?: AdapterFactory | undefined;
  settings: RealtimeSettings;
  /** Milliseconds to wait where handshakes are refused for overload, else 0. */
  shed: () => number;
  logger: Logger;
  metrics: RealtimeMetrics;
  clock: Clock;
}

export interface Realtime {
  start(): Promise<void>;
  /** Refuses newcomers, tells every client to come back later, and lets commands in flight end. */
  stop(): Promise<void>;
  readonly io: Server;
}

const notificationsNamespace = '/notifications';
/** What may be called in the namespace of notifications: its token must be renewable where it stands alone. */
const notificationCommands: ReadonlySet<string> = new Set(['session:renew']);
/** A factory as `createAdapter` of an adapter package makes it. */
export type AdapterFactory = Parameters<Server['adapter']>[0];

/** The Socket.IO edge. */
export const createRealtime = (parts: RealtimeParts): Realtime => {
  const { server, sockets, cluster, settings, logger, metrics, clock } = parts;
  /** Not before what delivers runs, though the port may be open already; and not any more once the server stops. */
  let admitting = false;

  const io = new Server(server, {
    path: '/socket.io',
    transports: ['polling', 'websocket'],
    serveClient: true,
    allowEIO3: false,
    perMessageDeflate: false,
    httpCompression: false,
    wsEngine: createCorkedEngine(),
    // `connections` comes first, which also closes polling connections that nobody polls.
    connectTimeout: settings.connectTimeoutMs * 2,
    maxHttpBufferSize: settings.maxPacketBytes,
    pingInterval: settings.pingIntervalMs,
    pingTimeout: settings.pingTimeoutMs,
  });
  tellContract(io);
  if (parts.adapter) io.adapter(parts.adapter);
  // A proxy reads the instance off it (sticky sessions without a cookie).
  io.engine.generateId = () => `${cluster.instance_id}.${randomBytes(15).toString('base64url')}`;
  io.engine.use(
    createGate({
      clientAddress: parts.clientAddress,
      cluster,
      settings,
      shed: parts.shed,
      admitting: () => admitting,
      refused: metrics.refused,
      echo: parts.echo,
    }),
  );

  const inbox = createSockets();
  const registries = [sockets, inbox];
  const outboxes = new WeakMap<EngineConnection, Outbox>();

  /** The sockets that share a connection. */
  const sharing = (connection: EngineConnection) =>
    registries.flatMap(registry =>
      [...registry.all()].filter(local => local.socket.conn === connection).map(local => ({ registry, local })),
    );

  const closeShared = (connection: EngineConnection, code: 'slow' | 'overloaded', after_ms = 0) => {
    for (const { registry, local } of sharing(connection)) registry.close(local, code, after_ms);
    connection.close(true);
  };

  const connections = createConnections({
    io,
    clientAddress: parts.clientAddress,
    settings,
    onFlood: connection => closeShared(connection, 'overloaded', returnWithinMs),
  });

  const outboxOf = (connection: EngineConnection): Outbox => {
    let outbox = outboxes.get(connection);
    if (!outbox) {
      const onSlow = () => {
        logger.info('slow_consumer', { address: connections.of(connection).address });
        closeShared(connection, 'slow');
      };
      outbox = createOutbox({ connection, limits: settings, onSlow });
      outboxes.set(connection, outbox);
    }
    return outbox;
  };

  const link = createLink({ cluster });
  const watch = createWatch({
    registries,
    isLive: parts.isLive,
    liveAmong: parts.liveAmong,
    checkMemberships: () => memberships.check(),
    cluster,
    clock,
    logger,
    pause() {
      for (const registry of registries) registry.hold(true);
      delivery.pause();
    },
    resume() {
      for (const registry of registries) registry.hold(false);
      delivery.resume();
    },
  });
  const delivery = createDelivery({
    log: parts.log,
    publisher: parts.publisher,
    present: parts.present,
    sockets,
    clock,
    before: watch.checkStall,
    delivered: metrics.delivered,
    onError: (error, facts) => logger.warn('delivery_delayed', { ...facts, cause: error }),
    onHint: (user_id, conversation_id, seq) => memberships.hinted(user_id, conversation_id, seq),
  });
  const { conversations, log } = parts;
  const memberships = createMemberships({ conversations, log, sockets, delivery, link, settings, logger });
  const heads = createHeads({ log, sockets, delivery, link, settings, logger });
  const crowd = createCrowd({ cluster, sockets, settings });
  const commands = createBind({ invoke: parts.invoke, confirm: watch.confirm });

  const handshake = createHandshake({
    authenticate: parts.authenticate,
    connections,
    logger,
    refused: metrics.refused,
  });

  /** A connection's sockets in all namespaces live on one token. */
  const renew = ({ socket, actor }: LocalSocket, expires_at: number) => {
    for (const local of registries.flatMap(registry => [...registry.ofUser(actor.user_id)]))
      if (local.socket.conn === socket.conn && local.actor.session_id === actor.session_id)
        local.session = { ...local.session, expires_at, renewed_at: clock.now(), warned: false };
  };

  const serve = createServe({
    handshake,
    connections,
    commands,
    metrics,
    crowd,
    clock,
    outboxOf,
    renew,
    admitting: () => admitting,
    shared: parts.adapter !== undefined,
  });
  serve(io.of('/'), sockets, {
    admit: memberships.admit,
    opened: local => {
      heads.welcome(local);
      parts.presence.connected(local.actor.user_id, local.id);
    },
    closed: local => parts.presence.disconnected(local.actor.user_id, local.id),
  });
  serve(io.of(notificationsNamespace), inbox, { commands: notificationCommands });

  const stops: (() => void)[] = [];

  const commandsEnded = async () => {
    const deadline = performance.now() + commandDeadlineMs;
    while (commands.running() > 0 && performance.now() < deadline)
      await new Promise(resolve => setTimeout(resolve, 10));
  };

  return {
    io,
    async start() {
      await heads.start();
      delivery.start();
      memberships.start();
      watch.start();
      link.start();
      const shared = parts.adapter && io.of(notificationsNamespace);
      stops.push(tellReceipts({ cluster, sockets }));
      stops.push(tellNotifications({ cluster, sockets: inbox, shared, load: parts.loadNotification, logger }));
      stops.push(link.stop, watch.stop, crowd.stop, heads.stop, memberships.stop, delivery.stop);
      admitting = true;
    },
    async stop() {
      admitting = false;
      await sendAway({ registries, drainMs: settings.drainMs });
      await commandsEnded();
      for (const stop of stops.splice(0)) stop();
      io.engine.close();
    },
  };
};
