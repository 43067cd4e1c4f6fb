import { setTimeout as sleep } from 'node:timers/promises';
import type { Leases } from './leases.ts';

/** How long an instance that died keeps its id. */
const leaseMs = 5_000;
const renewMs = 1_500;
/** A second one waits for as long as the lease of one that died may last, and somewhat more. */
const patienceMs = 8_000;
const retryMs = 400;

/** The INSTANCE_ID, leased, as two instances of one id would get each other's polling clients. */
export interface Claim {
  /**
   * Resolves once this instance holds the id, or where Redis does not tell (it is then claimed when Redis is back). Rejects with an
   * `Error` that says so where another instance that runs holds it.
   */
  claim(): Promise<void>;
  /** Called once, where another instance holds the id: this one stood still for longer than its lease. */
  onLost(callback: () => void): void;
  release(): Promise<void>;
}

export const createClaim = ({
  leases,
  prefix,
  boot,
  instance_id,
  warn,
}: {
  leases: Leases;
  prefix: string;
  boot: string;
  instance_id: string;
  warn: (event: string, facts: Record<string, unknown>) => void;
}): Claim => {
  const key = `${prefix}instance:${instance_id}`;
  const callbacks: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  /** Whether it was held once: then who holds it now took it over. */
  let held = false;
  let takenSince: number | undefined;
  let over = false;

  const attempt = async () => {
    const outcome = await leases.hold(key, boot, leaseMs);
    if (outcome === 'held') held = true;
    if (outcome === 'taken') takenSince ??= performance.now();
    else if (outcome === 'held') takenSince = undefined;
    return outcome;
  };
  const isTakenForGood = () => takenSince !== undefined && performance.now() - takenSince > patienceMs;

  const lose = () => {
    over = true;
    clearInterval(timer);
    for (const callback of callbacks.splice(0)) callback();
  };

  const renew = async () => {
    const outcome = await attempt();
    // One that never held it yet waits for a lease to run out first, as `claim` does.
    if (!over && outcome === 'taken' && (held || isTakenForGood())) lose();
  };

  return {
    async claim() {
      for (let outcome = await attempt(); outcome === 'taken'; outcome = await attempt()) {
        if (isTakenForGood()) throw new Error(`Another running instance has this INSTANCE_ID: ${instance_id}.`);
        await sleep(retryMs);
      }
      if (over) return;
      if (!held) warn('instance_id_unclaimed', { instance_id, reason: 'Redis does not answer' });
      timer = setInterval(() => void renew(), renewMs).unref();
    },
    onLost: callback => void callbacks.push(callback),
    async release() {
      over = true;
      clearInterval(timer);
      if (held) await leases.release(key, boot);
    },
  };
};
