import type { Cluster } from '../../ports/cluster.ts';
import type { Leases } from './leases.ts';

/** A holder that died is succeeded after this many milliseconds. */
const leaseMs = 6_000;
const renewMs = 2_000;

/**
 * Locks over all instances, each a lease that is renewed while its job runs. Where Redis does not answer, nobody gets one: `false`.
 * A lock is no fence: a holder that stood still, or a Redis that lost its data, lets a second one in. Hence a job must be such that
 * two of it do no harm. Where another instance holds the lock in the middle of a job, `withLock` rejects at once; the job is not
 * stopped by that.
 */
export const createLocks = ({
  leases,
  prefix,
  boot,
}: {
  leases: Leases;
  prefix: string;
  boot: string;
}): Pick<Cluster, 'withLock'> => {
  let count = 0;

  return {
    async withLock(name, job) {
      const key = `${prefix}lock:${name}`;
      count += 1;
      const owner = `${boot}.${count}`;
      if ((await leases.hold(key, owner, leaseMs)) !== 'held') return false;
      let timer: NodeJS.Timeout | undefined;
      const lost = new Promise<never>((_, reject) => {
        const renew = async () => {
          if ((await leases.hold(key, owner, leaseMs)) === 'taken')
            reject(new Error(`Another instance took the lock '${name}' over.`));
        };
        timer = setInterval(() => void renew(), renewMs).unref();
      });
      try {
        await Promise.race([job(), lost]);
      } finally {
        clearInterval(timer);
        await leases.release(key, owner);
      }
      return true;
    },
  };
};
