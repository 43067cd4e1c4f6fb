import type { Namespace, Socket } from 'socket.io';
import type { Actor } from '../actor.ts';
import { ParleyError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { createBind } from './bind.ts';
import type { Connections } from './connections.ts';
import type { Crowd } from './crowd.ts';
import type { createHandshake } from './handshake.ts';
import type { RealtimeMetrics } from './logger.ts';
import type { EngineConnection, Outbox } from './outbox.ts';
import type { LocalSocket, Sockets } from './sockets.ts';

export interface ServeParts {
  handshake: ReturnType<typeof createHandshake>;
  connections: Connections;
  commands: Pick<ReturnType<typeof createBind>, 'bind'>;
  metrics: Pick<RealtimeMetrics, 'connected' | 'disconnected'>;
  crowd: Pick<Crowd, 'arrived'>;
  clock: Clock;
  outboxOf: (connection: EngineConnection) => Outbox;
  /** The access token of a socket now expires at this time. */
  renew: (local: LocalSocket, expires_at: number) => void;
  /** Whether newcomers are taken. */
  admitting: () => boolean;
  /** Whether other programs and instances can reach sockets through Socket.IO's rooms. */
  shared: boolean;
}

export interface Hooks {
  /** The commands that it takes; all of the contract where absent. */
  commands?: ReadonlySet<string>;
  /** Puts a socket where it belongs, before its CONNECT is answered. */
  admit?: (local: LocalSocket) => Promise<void>;
  opened?: (local: LocalSocket) => void;
  closed?: (local: LocalSocket) => void;
}

/** Those sent away come back within this time, in milliseconds. */
export const returnWithinMs = 3_000;

/** The rooms of Socket.IO in which each socket is, in both namespaces, for whoever emits through the adapter. */
export const userRoom = (user_id: string) => `user:${user_id}`;
export const sessionRoom = (session_id: string) => `session:${session_id}`;

/** Serves a namespace, whose sockets then stand in a registry from their admission to their end. */
export const createServe = ({
  handshake,
  connections,
  commands,
  metrics,
  crowd,
  clock,
  outboxOf,
  renew,
  admitting,
  shared,
}: ServeParts) => {
  const localOf = (socket: Socket, actor: Actor, expires_at: number): LocalSocket => {
    const now = clock.now();
    const { auth } = socket.handshake;
    return {
      id: socket.id,
      actor,
      socket,
      outbox: outboxOf(socket.conn),
      batch: auth['batch'] === true,
      rooms: new Set(),
      live: false,
      session: { expires_at, renewed_at: now, warned: false, checked_at: now, looked_up: false },
      running: 0,
      whenIdle: undefined,
    };
  };

  return (namespace: Namespace, registry: Sockets, hooks: Hooks): void => {
    const entering = new WeakMap<Socket, LocalSocket>();

    namespace.use(
      handshake(async (socket, actor, expires_at) => {
        if (!admitting()) throw new ParleyError('unavailable', { retry_after_ms: Math.random() * returnWithinMs });
        const local = localOf(socket, actor, expires_at);
        registry.add(local);
        const gone = () => {
          registry.remove(local);
          socket.conn.off('close', gone);
        };
        socket.conn.once('close', gone);
        socket.once('disconnect', gone);
        try {
          await hooks.admit?.(local);
        } catch (error) {
          gone();
          throw error;
        }
        if (socket.conn.readyState === 'closed') gone();
        // With a prefix, as a name of 20 characters would be taken for the id of a socket.
        else if (shared) await socket.join([userRoom(actor.user_id), sessionRoom(actor.session_id)]);
        entering.set(socket, local);
      }),
    );

    namespace.on('connection', socket => {
      const local = entering.get(socket);
      if (!local) return;
      entering.delete(socket);
      local.live = true;
      connections.joined(socket.conn);
      metrics.connected(namespace.name);
      const { address, user_agent } = connections.of(socket.conn);
      const connection = { id: socket.id, setExpiry: (at: number) => renew(local, at) };
      commands.bind(local, { address, user_agent, connection }, hooks.commands);
      hooks.opened?.(local);
      crowd.arrived(local, registry);
      socket.on('disconnect', reason => {
        connections.left(socket.conn);
        metrics.disconnected(namespace.name, reason);
        hooks.closed?.(local);
      });
    });
  };
};
