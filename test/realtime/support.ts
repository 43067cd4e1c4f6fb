import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Socket } from 'socket.io-client';
import { createClientAddress } from '../../src/client-address.ts';
import { createMemoryCluster } from '../../src/cluster/memory.ts';
import { createMemoryPublisher } from '../../src/cluster/memory-publisher.ts';
import { ParleyError } from '../../src/errors.ts';
import { createInvoke, type Handlers } from '../../src/invoke.ts';
import { presentEvent } from '../../src/messages/present-event.ts';
import type { Linked } from '../../src/open-cluster.ts';
import type { Log, NewEvent, Payload, StoredEvent } from '../../src/ports/log.ts';
import type { MemberRow } from '../../src/ports/storage.ts';
import { createPresenceHandlers } from '../../src/presence/handlers.ts';
import { createPresence } from '../../src/presence/presence.ts';
import { createTyping } from '../../src/presence/typing.ts';
import { type LogEvent, type LogEventKind, operationNames, type User } from '../../src/protocol/index.ts';
import { createRealtime, type RealtimeParts, type RealtimeSettings } from '../../src/realtime/realtime.ts';
import { createSockets } from '../../src/realtime/sockets.ts';
import { openSqliteLog } from '../../src/storage/log/sqlite/log.ts';
import { type ClientOptions, connect } from '../support/clients.ts';

export const settings: RealtimeSettings = {
  corsOrigins: [],
  pingIntervalMs: 25_000,
  pingTimeoutMs: 20_000,
  connectTimeoutMs: 4_000,
  maxPacketBytes: 65_536,
  queueEvents: 500,
  queueBytes: 1_048_576,
  headsIntervalMs: 30_000,
  handshakesPerSecond: 20,
  socketsPerUser: 10,
  rateLimit: false,
  drainMs: 0,
};

const nameOf = (id: string): User => ({ id, username: id, full_name: `Full ${id}` });

/** Handlers that answer with what they got. */
const echoes = (): Handlers => {
  const all: Partial<Handlers> = {};
  for (const name of operationNames) Object.assign(all, { [name]: (_actor: unknown, input: unknown) => input });
  return all as Handlers;
};

export interface Overrides
  extends Partial<Pick<RealtimeParts, 'isLive' | 'liveAmong' | 'authenticate' | 'shed' | 'present' | 'adapter'>> {
  settings?: Partial<RealtimeSettings>;
  /** Wraps the log as the delivery sees it. */
  log?: (log: Log) => Log;
  /** What links it to other edges. */
  linked?: Pick<Linked, 'cluster' | 'publisher'>;
  /** A row of a member, as the store knows it. */
  member?: (conversation_id: string, user_id: string) => Promise<Partial<MemberRow> | undefined>;
  now?: () => number;
  offlineAfterMs?: number;
}

/**
 * The real edge on a real HTTP server, log, cluster and publisher. Accounts and conversations are plain sets here: a token is
 * `user/session/expiry`, and `members` says who is where. Commands of other features answer with what they got.
 */
export const startEdge = async (overrides: Overrides = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-edge-'));
  const store = await openSqliteLog({ file: join(folder, 'log.db') });
  const clock = { now: overrides.now ?? Date.now };
  const { cluster, publisher } = overrides.linked ?? {
    cluster: createMemoryCluster({ instance_id: 'a1', clock }),
    publisher: createMemoryPublisher(),
  };
  const members = new Map<string, Set<string>>();
  const versions = new Map<string, number>();
  const banned = new Set<string>();
  const muted = new Set<string>();
  const revoked = new Set<string>();
  const lastSeen = new Map<string, string>();
  const calls: { name: string; input: unknown; address: string }[] = [];
  const reasons: string[] = [];
  const errors: unknown[] = [];
  const sockets = createSockets();
  const onError = (error: unknown) => void errors.push(error);

  const access = {
    permit: async (actor: { user_id: string }, action: string, conversation_id: string) => {
      const inside = conversation_id === 'lobby' || members.get(actor.user_id)?.has(conversation_id);
      if (!inside) throw new ParleyError('not_found');
      if (action === 'typing:start' && muted.has(actor.user_id)) throw new ParleyError('muted');
      return undefined as never;
    },
  };
  const typing = createTyping({
    access,
    people: { get: async ids => new Map([...ids].map(id => [id, nameOf(id)])) },
    cluster,
    publisher,
    signals: sockets,
    clock,
    onError,
  });
  const presence = createPresence({
    cluster,
    users: {
      findMany: async ids =>
        ids.map(id => ({
          id,
          username: id,
          full_name: id,
          email: null,
          password_hash: '',
          role: 'user',
          created_at: '',
          last_seen_at: lastSeen.get(id) ?? null,
          erased_at: null,
        })),
      setLastSeen: async seen => {
        for (const [id, at] of seen) lastSeen.set(id, at);
      },
    },
    signals: sockets,
    clock,
    settings: { offlineAfterMs: overrides.offlineAfterMs ?? 200, pollMs: 5_000 },
    onError,
  });
  const handlers: Handlers = {
    ...echoes(),
    ...createPresenceHandlers({ typing, presence }),
    'conversation:list': async () => {
      throw new Error('a fault');
    },
    'conversation:members': () => new Promise(resolve => setTimeout(resolve, 300, { items: [], has_more: false })),
    'session:renew': (_actor, { token }, { connection }) => {
      const expires_at = Number(token.split('/')[2]);
      connection?.setExpiry(expires_at);
      return { expires_in: Math.round((expires_at - clock.now()) / 1_000) };
    },
  };
  const invoke = createInvoke({ handlers, charge: () => 0, shed: () => 0, observe: () => undefined });

  const server = createServer((_request, response) => response.writeHead(404).end());
  const realtime = createRealtime({
    server,
    sockets,
    invoke: (name, actor, input, call) => {
      calls.push({ name, input, address: call.address });
      return invoke(name, actor, input, call);
    },
    authenticate: async token => {
      const [user_id, session_id, expiry] = token.split('/');
      const expires_at = Number(expiry ?? clock.now() + 900_000);
      if (!user_id || !session_id) throw new ParleyError('unauthenticated');
      if (revoked.has(session_id)) throw new ParleyError('signed_out');
      if (expires_at <= clock.now()) throw new ParleyError('token_expired');
      return {
        actor: { user_id, session_id, role: 'user', username: user_id, full_name: user_id },
        expires_at,
      };
    },
    isLive: async session_id => !revoked.has(session_id),
    liveAmong: async ids => new Set(ids.filter(id => !revoked.has(id))),
    echo: () => false,
    publisher,
    present: events => events.map(event => presentEvent(event, store.epoch, nameOf)),
    conversations: {
      audibleTo: async user_id => [...(banned.has(user_id) ? [] : ['lobby']), ...(members.get(user_id) ?? [])],
      userVersions: async ids => new Map(ids.map(id => [id, versions.get(id) ?? 0])),
      member: async (id, user_id) => (await overrides.member?.(id, user_id)) as MemberRow | undefined,
      outbox: async () => [],
    },
    presence,
    loadNotification: async (user_id, id) => ({
      id,
      kind: 'direct',
      conversation_id: 'c',
      seq: 1,
      message_id: null,
      from: nameOf(user_id),
      preview: '',
      date: new Date().toISOString(),
      read: false,
    }),
    clientAddress: createClientAddress([]),
    cluster,
    shed: () => 0,
    logger: { error: (event, facts) => onError([event, facts]), warn: () => undefined, info: () => undefined },
    metrics: {
      connected: () => undefined,
      disconnected: (_namespace, reason) => void reasons.push(reason),
      refused: () => undefined,
      delivered: () => undefined,
    },
    clock,
    ...overrides,
    log: overrides.log?.(store) ?? store,
    settings: { ...settings, ...overrides.settings },
  });
  typing.start();
  presence.start();
  await realtime.start();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  let serial = 0;

  const edge = {
    url: `http://127.0.0.1:${port}`,
    port,
    realtime,
    sockets,
    cluster,
    publisher,
    log: store,
    members,
    versions,
    banned,
    muted,
    revoked,
    lastSeen,
    calls,
    reasons,
    errors,
    /** Makes somebody a member, as SQL would know it. */
    seat(user_id: string, ...conversation_ids: string[]) {
      const own = members.get(user_id) ?? new Set();
      for (const id of conversation_ids) own.add(id);
      members.set(user_id, own);
    },
    /** Stores events and tells nobody. */
    async store(conversation_id: string, events: { kind?: LogEventKind; from?: string; payload?: Payload }[]) {
      const stored: StoredEvent[] = [];
      const fresh: NewEvent[] = events.map(event => {
        serial += 1;
        return {
          kind: event.kind ?? 'message',
          from: event.from ?? 'ann',
          client_id: `k${serial}`,
          payload: event.payload ?? { message: `m${serial}` },
        };
      });
      while (stored.length < fresh.length) {
        const result = await store.append(
          conversation_id,
          await store.head(conversation_id),
          fresh.slice(stored.length),
        );
        stored.push(...result.stored);
      }
      return stored;
    },
    /** Stores events and publishes them as one batch. */
    async say(conversation_id: string, ...events: { kind?: LogEventKind; from?: string; payload?: Payload }[]) {
      const stored = await edge.store(conversation_id, events.length > 0 ? events : [{}]);
      publisher.publish(conversation_id, stored);
      return stored;
    },
    connect: (token: string, options: ClientOptions = {}) => connect({ url: edge.url }, token, options),
    async close() {
      await realtime.stop();
      typing.stop();
      await presence.stop();
      await new Promise(resolve => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return edge;
};

export type Edge = Awaited<ReturnType<typeof startEdge>>;

/** The log events that a client gets, in the order in which it gets them. */
export const received = (socket: Socket, conversation_id?: string): LogEvent[] => {
  const events: LogEvent[] = [];
  socket.onAny((name: string, payload: LogEvent | LogEvent[]) => {
    for (const event of name === 'log:batch' ? [payload].flat() : [payload].flat())
      if ('seq' in event && (conversation_id === undefined || event.conversation_id === conversation_id))
        events.push(event);
  });
  return events;
};

export const seqs = (events: { seq: number }[]) => events.map(event => event.seq);

export const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
