import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryCluster } from '../../src/cluster/memory.ts';
import { createMemoryPublisher } from '../../src/cluster/memory-publisher.ts';
import type { Config } from '../../src/config.ts';
import type { Overrides } from '../../src/core.ts';
import type { Stores } from '../../src/open-stores.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Notices } from '../../src/ports/cluster.ts';
import type { StoredEvent } from '../../src/ports/log.ts';
import type { PublicationListener } from '../../src/ports/publisher.ts';
import { openSqliteLog } from '../../src/storage/log/sqlite/log.ts';
import { openSqliteSearch } from '../../src/storage/search/sqlite/search.ts';
import { openSqliteStorage } from '../../src/storage/sql/open.ts';
import { startEmbedded, type TestServer, temporaryFolder } from '../support/server.ts';

type Linked = ReturnType<NonNullable<Overrides['cluster']>>;

/** A source of numbers below 1 that a seed repeats (mulberry32). */
export const seeded = (seed: number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};

interface Node {
  instance_id: string;
  watched: Set<string>;
  publication: (conversation_id: string, events: StoredEvent[]) => void;
  notice: (name: keyof Notices, notice: never) => void;
}

const moving = new Set(['created', 'joined', 'left', 'removed', 'banned', 'unbanned', 'deleted']);

/**
 * What links instances in one process: notices and publications, as a cluster would carry them, but with faults to order. Each packet
 * is a copy, and may be lost, doubled, or late, and thereby overtaken.
 */
export const createWire = ({ random = Math.random, leaseMs = 1_000 } = {}) => {
  const nodes = new Map<string, Node>();
  const down = new Set<string>();
  /** By user and socket: the instance. */
  const leases = new Map<string, Map<string, string>>();
  const locks = new Set<string>();
  const faults = { drop: 0, duplicate: 0, delayMs: 0 };
  const counts = { publications: 0, notices: 0, watches: 0 };

  const isUp = (instance_id: string) => !down.has(instance_id);

  const carry = (from: string, each: (node: Node) => void) => {
    for (const [id, node] of nodes) {
      if (id === from) continue;
      const copies = random() < faults.duplicate ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1) {
        if (!isUp(from) || !isUp(id) || random() < faults.drop) continue;
        setTimeout(() => isUp(id) && each(node), random() * faults.delayMs).unref();
      }
    }
  };

  const ownOf = (user_id: string, instance_id: string) =>
    [...(leases.get(user_id) ?? [])].filter(([, at]) => at === instance_id || isUp(instance_id));

  const link: NonNullable<Overrides['cluster']> = ({ instance_id, clock }): Linked => {
    const local = createMemoryCluster({ instance_id, clock });
    const publisher = createMemoryPublisher();
    const listeners = new Set<PublicationListener>();
    const node: Node = {
      instance_id,
      watched: new Set(),
      publication(conversation_id, events) {
        if (!node.watched.has(conversation_id) && !events.some(({ kind }) => moving.has(kind))) return;
        for (const listener of listeners) listener(conversation_id, structuredClone(events), 'elsewhere');
      },
      notice: (name, notice) => local.notify(name, structuredClone(notice)),
    };
    nodes.set(instance_id, node);

    return {
      cluster: {
        ...local,
        notify(name, notice) {
          local.notify(name, notice);
          counts.notices += 1;
          carry(instance_id, other => other.notice(name, notice as never));
        },
        async online(user_id, socket_id) {
          const own = leases.get(user_id) ?? new Map();
          leases.set(user_id, own.set(socket_id, instance_id));
        },
        async offline(user_id, socket_id) {
          const own = leases.get(user_id);
          if (own?.delete(socket_id) && own.size === 0) leases.delete(user_id);
        },
        whoIsOnline: async ids => new Set(ids.filter(id => ownOf(id, instance_id).length > 0)),
        socketsOf: async user_id => ownOf(user_id, instance_id).length,
        async withLock(name, job) {
          const key = isUp(instance_id) ? name : `${instance_id} ${name}`;
          if (locks.has(key)) return false;
          locks.add(key);
          await job().finally(() => locks.delete(key));
          return true;
        },
        healthy: () => isUp(instance_id),
      },
      publisher: {
        publish(conversation_id, events) {
          publisher.publish(conversation_id, events);
          counts.publications += 1;
          const copy = structuredClone(events);
          carry(instance_id, other => other.publication(conversation_id, copy));
        },
        subscribe(listener) {
          const stop = publisher.subscribe(listener);
          listeners.add(listener);
          return () => {
            stop();
            listeners.delete(listener);
          };
        },
        async watch(ids) {
          counts.watches += ids.length;
          for (const id of ids) node.watched.add(id);
          await new Promise(resolve => setTimeout(resolve, isUp(instance_id) ? random() * faults.delayMs : 50));
        },
        unwatch(ids) {
          for (const id of ids) node.watched.delete(id);
        },
      },
      async close() {
        nodes.delete(instance_id);
        await local.close();
      },
    };
  };

  return {
    link,
    faults,
    counts,
    watchedBy: (instance_id: string): ReadonlySet<string> => nodes.get(instance_id)?.watched ?? new Set(),
    /** Nothing reaches or leaves these any more. */
    cut: (...instance_ids: string[]) => {
      for (const id of instance_ids) down.add(id);
    },
    heal: () => down.clear(),
    /** What somebody who can write to the wire makes an instance believe. */
    forge: (to: string, conversation_id: string, events: StoredEvent[]) =>
      nodes.get(to)?.publication(conversation_id, events),
    /** The instance vanishes without a word; its leases end as leases do. */
    kill(instance_id: string) {
      nodes.delete(instance_id);
      down.add(instance_id);
      setTimeout(() => {
        for (const own of leases.values())
          for (const [socket_id, at] of own) if (at === instance_id) own.delete(socket_id);
      }, leaseMs).unref();
    },
  };
};

export type Wire = ReturnType<typeof createWire>;

/** Several servers in this process over the same stores, named `i1`, `i2` …, and linked by a wire. */
export const startLinked = async (
  count: number,
  config: Partial<Config> = {},
  wire: Wire = createWire(),
  { wrap = stores => stores, clock }: { wrap?: (stores: Stores, instance_id: string) => Stores; clock?: Clock } = {},
) => {
  const folder = temporaryFolder();
  const log = await openSqliteLog({ file: join(folder, 'log.db') });
  const storage = await openSqliteStorage({ file: join(folder, 'parley.db') });
  const search = await openSqliteSearch({ file: join(folder, 'search.db') });
  const stores: Stores = { log, storage, search, close: async () => undefined };
  const ids = Array.from({ length: count }, (_, index) => `i${index + 1}`);
  const servers: TestServer[] = [];
  for (const instanceId of ids)
    servers.push(
      await startEmbedded(
        { jwtSecret: 'one secret for all of these instances', headsIntervalMs: 2_000, ...config, instanceId },
        { cluster: wire.link, stores: () => wrap(stores, instanceId), ...(clock && { clock }) },
      ),
    );
  return {
    servers,
    wire,
    stores,
    async close() {
      wire.heal();
      await Promise.all(servers.map(server => server.close()));
      await Promise.all([log.close(), storage.close(), search.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export type Instances = Awaited<ReturnType<typeof startLinked>>;
