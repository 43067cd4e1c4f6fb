import type { Cluster } from '../ports/cluster.ts';
import type { LocalSocket, Sockets } from './sockets.ts';

type Registry = Pick<Sockets, 'ofUser' | 'close'>;

export interface CrowdParts {
  cluster: Pick<Cluster, 'instance_id' | 'socketsOf' | 'notify' | 'on'>;
  /** Those that are registered with the cluster. */
  sockets: Registry;
  settings: { socketsPerUser: number };
  /** Milliseconds after which the sockets of an instance that died are counted no more. */
  settleMs?: number;
}

/**
 * Holds each user to so many sockets; the oldest goes. Those of one instance are counted at once. Over all instances they are counted
 * after a while, as someone whose instance just died comes back while their lost sockets still count; until then
 * somebody may have as many on each instance.
 */
export interface Crowd {
  /** A socket came; its registration with the cluster was begun. */
  arrived(local: LocalSocket, registry: Registry): void;
  stop(): void;
}

/** A lease dies within 15 s (G11). */
const leaseMs = 15_000;
/** Instances that are told of a crowd look at different times, within this share of that, so that the second finds what the first has closed. */
const spread = 0.7;

export const createCrowd = ({ cluster, sockets, settings, settleMs = leaseMs }: CrowdParts): Crowd => {
  const limit = settings.socketsPerUser;
  /** By user, who is counted again. */
  const suspects = new Map<string, NodeJS.Timeout>();

  const later = (user_id: string, ms: number, count: () => Promise<void>) => {
    if (suspects.has(user_id)) return;
    const timer = setTimeout(() => {
      suspects.delete(user_id);
      void count();
    }, ms).unref();
    suspects.set(user_id, timer);
  };

  const closeOldest = (registry: Registry, user_id: string, excess: number, keep?: LocalSocket): number => {
    if (excess <= 0) return 0;
    const oldest = [...registry.ofUser(user_id)].filter(local => local !== keep && local.live).slice(0, excess);
    for (const local of oldest) registry.close(local, 'too_many_sockets');
    return oldest.length;
  };

  const excessOf = async (user_id: string) => (await cluster.socketsOf(user_id)) - limit;

  /** Whoever has the newest closes its older ones, and tells the others where that is not enough. */
  const thin = async (user_id: string) => {
    const excess = await excessOf(user_id);
    const closed = closeOldest(sockets, user_id, excess, [...sockets.ofUser(user_id)].at(-1));
    if (closed < excess) cluster.notify('sockets:crowded', { user_id, instance_id: cluster.instance_id });
  };

  const off = cluster.on('sockets:crowded', ({ user_id, instance_id }) => {
    if (instance_id === cluster.instance_id || sockets.ofUser(user_id).size === 0) return;
    later(user_id, Math.random() * spread * settleMs, async () => {
      closeOldest(sockets, user_id, await excessOf(user_id));
    });
  });

  return {
    arrived(local, registry) {
      const { user_id } = local.actor;
      closeOldest(registry, user_id, registry.ofUser(user_id).size - limit, local);
      if (registry !== sockets) return;
      void excessOf(user_id).then(excess => {
        if (excess > 0) later(user_id, settleMs, () => thin(user_id));
      });
    },

    stop() {
      off();
      for (const timer of suspects.values()) clearTimeout(timer);
      suspects.clear();
    },
  };
};
