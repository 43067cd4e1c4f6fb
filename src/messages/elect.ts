import type { Cluster } from '../ports/cluster.ts';
import type { Follower } from './follow.ts';

export interface ElectedParts {
  /** Names what only one instance does. */
  name: string;
  follower: Follower;
  cluster: Pick<Cluster, 'withLock' | 'healthy'>;
  onError: (error: unknown) => void;
  /** Milliseconds between two looks at who does it. */
  lookMs?: number;
}

/**
 * A follower that runs on one instance of the cluster, as the same work on all of them would be done once and paid for on each.
 * Where the lock cannot be had because the link is down, it runs here as well: what a follower does, it may do twice.
 */
export const createElected = ({ name, follower, cluster, onError, lookMs = 2_000 }: ElectedParts) => {
  let timer: NodeJS.Timeout | undefined;
  let stopped: (() => void) | undefined;
  let holding: Promise<unknown> | undefined;
  let alone = false;
  let running = false;

  const run = (wanted: boolean) => {
    if (wanted === running) return;
    running = wanted;
    if (wanted) follower.start();
    else follower.stop().catch(onError);
  };

  const hold = async () => {
    const ended = new Promise<void>(resolve => {
      stopped = resolve;
    });
    await cluster.withLock(name, async () => {
      run(true);
      await ended;
    });
  };

  const look = () => {
    const linked = cluster.healthy();
    if (linked && !holding) {
      alone = false;
      holding = hold()
        .catch(onError)
        .finally(() => {
          holding = undefined;
          stopped = undefined;
          if (!alone) run(false);
        });
    } else if (!linked && !holding) {
      alone = true;
      run(true);
    }
  };

  return {
    start() {
      look();
      timer = setInterval(look, lookMs * (0.75 + Math.random() / 2)).unref();
    },
    async stop() {
      clearInterval(timer);
      stopped?.();
      await holding;
      running = false;
      await follower.stop();
    },
  };
};
