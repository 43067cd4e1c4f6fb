import type { Server } from 'socket.io';
import type { ClientAddress } from '../client-address.ts';
import type { EngineConnection } from './outbox.ts';

/** What is known of an Engine.IO connection from its first request. */
export interface ConnectionFacts {
  address: string;
  user_agent: string;
  /** A token stood in the URL, where proxies log it. */
  token_in_query: boolean;
  /** Attempts to join a namespace. */
  connects: number;
  /** Namespaces joined now. */
  joined: number;
  /** Packets received since `counted_since`, in milliseconds of the process. */
  packets: number;
  counted_since: number;
}

export interface Connections {
  of(connection: EngineConnection): ConnectionFacts;
  /** To be told when a socket joined or left a namespace: a connection that is in none is closed after the connect timeout (S14). */
  joined(connection: EngineConnection): void;
  left(connection: EngineConnection): void;
}

/** Joining again after a refusal, or a namespace that does not exist, is cheap for a client; hence a bound (S15). */
const maxConnects = 20;
/** Packets that are counted before their rate is looked at, and the rate a second beyond which the connection is cut. */
const packetSample = 5_000;
const maxPacketRate = 2_000;
const connectPacket = '0';

/** Watches every Engine.IO connection for what Socket.IO leaves unbounded. */
export const createConnections = ({
  io,
  clientAddress,
  settings,
  onFlood,
}: {
  io: Server;
  clientAddress: ClientAddress;
  settings: { connectTimeoutMs: number; rateLimit: boolean };
  onFlood: (connection: EngineConnection) => void;
}): Connections => {
  const all = new WeakMap<EngineConnection, ConnectionFacts>();

  /** By force: an orderly end would wait for the next poll of a client that may never come. */
  const closeUnlessJoined = (connection: EngineConnection, facts: ConnectionFacts) =>
    setTimeout(() => {
      if (facts.joined === 0) connection.close(true);
    }, settings.connectTimeoutMs).unref();

  io.engine.on('connection', (connection: EngineConnection) => {
    const { request } = connection;
    const facts: ConnectionFacts = {
      address: clientAddress(request),
      user_agent: (request.headers['user-agent'] ?? '').slice(0, 256),
      token_in_query: /[?&](access_|auth_?)?token=/i.test(request.url ?? ''),
      connects: 0,
      joined: 0,
      packets: 0,
      counted_since: performance.now(),
    };
    all.set(connection, facts);
    closeUnlessJoined(connection, facts);
    // The first request would stay in memory for as long as the connection does.
    Object.assign(connection, { request: null });
    connection.on('data', (data: unknown) => {
      facts.packets += 1;
      if (facts.packets >= packetSample && settings.rateLimit) {
        const now = performance.now();
        const flooding = facts.packets / (now - facts.counted_since) > maxPacketRate / 1_000;
        facts.packets = 0;
        facts.counted_since = now;
        if (flooding) onFlood(connection);
      }
      if (typeof data !== 'string' || !data.startsWith(connectPacket)) return;
      facts.connects += 1;
      if (facts.connects > maxConnects) connection.close(true);
    });
  });

  const of = (connection: EngineConnection) => {
    const facts = all.get(connection);
    if (!facts) throw new Error('a connection that Engine.IO did not announce');
    return facts;
  };

  return {
    of,
    joined(connection) {
      of(connection).joined += 1;
    },
    left(connection) {
      const facts = of(connection);
      facts.joined -= 1;
      if (facts.joined > 0 || connection.readyState !== 'open') return;
      closeUnlessJoined(connection, facts);
    },
  };
};
