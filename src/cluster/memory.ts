import { EventEmitter } from 'node:events';
import type { Clock } from '../ports/clock.ts';
import type { Cluster, Notices } from '../ports/cluster.ts';
import { createTokenBuckets } from './token-buckets.ts';

/**
 * The cluster of one instance: notices go round at once, leases last as long as the process, locks exclude within it.
 * `onListenerError` is told what a listener threw; the others still get the notice.
 */
export const createMemoryCluster = ({
  instance_id,
  clock,
  onListenerError = rethrowLater,
}: {
  instance_id: string;
  clock: Clock;
  onListenerError?: (error: unknown) => void;
}): Cluster => {
  const bus = new EventEmitter({ captureRejections: false }).setMaxListeners(0);
  const buckets = createTokenBuckets({ clock });
  const leases = new Map<string, Set<string>>();
  const locks = new Set<string>();

  return {
    instance_id,

    notify(name, notice) {
      for (const listener of bus.listeners(name)) {
        try {
          listener(notice);
        } catch (error) {
          onListenerError(error);
        }
      }
    },

    on<N extends keyof Notices>(name: N, listener: (notice: Notices[N]) => void) {
      bus.on(name, listener);
      return () => void bus.off(name, listener);
    },

    take: buckets.take,

    async online(user_id, socket_id) {
      const sockets = leases.get(user_id) ?? new Set();
      leases.set(user_id, sockets.add(socket_id));
    },

    async offline(user_id, socket_id) {
      const sockets = leases.get(user_id);
      if (sockets?.delete(socket_id) && sockets.size === 0) leases.delete(user_id);
    },

    whoIsOnline: async user_ids => new Set(user_ids.filter(id => leases.has(id))),
    socketsOf: async user_id => leases.get(user_id)?.size ?? 0,

    async withLock(name, job) {
      if (locks.has(name)) return false;
      locks.add(name);
      try {
        await job();
      } finally {
        locks.delete(name);
      }
      return true;
    },

    healthy: () => true,

    async close() {
      bus.removeAllListeners();
      leases.clear();
    },
  };
};

/** A fault of a listener is one of the program: it surfaces, but not in whoever gave the notice. */
const rethrowLater = (error: unknown) =>
  queueMicrotask(() => {
    throw error;
  });
