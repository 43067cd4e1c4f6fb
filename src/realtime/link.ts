import type { Cluster } from '../ports/cluster.ts';

/** Whether other instances can be heard; while they cannot, what they tell is asked for instead. */
export interface Link {
  /** The link is down, or was until a moment ago. */
  troubled(): boolean;
  /** Called once whenever it works again. */
  onHealed(listener: () => void): void;
  start(): void;
  stop(): void;
}

const lookMs = 250;
/** Milliseconds after which a link that works again is trusted to have carried everything. */
const latelyMs = 15_000;

export const createLink = ({ cluster }: { cluster: Pick<Cluster, 'healthy'> }): Link => {
  const listeners: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  let wasHealthy = true;
  let downAt = Number.NEGATIVE_INFINITY;

  const look = () => {
    const isHealthy = cluster.healthy();
    if (!isHealthy) downAt = performance.now();
    else if (!wasHealthy) for (const listener of listeners) listener();
    wasHealthy = isHealthy;
  };

  return {
    troubled: () => !cluster.healthy() || performance.now() - downAt < latelyMs,
    onHealed: listener => void listeners.push(listener),
    start() {
      timer = setInterval(look, lookMs).unref();
    },
    stop() {
      clearInterval(timer);
    },
  };
};
