import { addressKey } from './client-address.ts';
import type { Charge, InvokeParts } from './invoke.ts';
import type { Cluster } from './ports/cluster.ts';
import type { LimitClass } from './protocol/index.ts';

/** Tokens a second, and how many may be saved. */
export type Rates = Record<LimitClass, { rate: number; burst: number }>;

const free: Charge = () => 0;

/** One token bucket per class and user (per address before signing in), over all sockets and instances (S37). */
export const createCharge = ({ cluster, rates }: { cluster: Pick<Cluster, 'take'>; rates: Rates | 'off' }): Charge =>
  rates === 'off'
    ? free
    : (limit, actor, call) =>
        cluster.take(actor ? `${limit}:${actor.user_id}` : `${limit}:@${addressKey(call.address)}`, rates[limit]);

/** The order in which work is refused as the event loop falls behind, as multiples of the tolerated lag (faults: overload). */
const shedAt: Record<LimitClass | 'handshake', number> = {
  handshake: 1,
  query: 1.5,
  search: 1.5,
  sync: 1.5,
  auth: 2,
  signal: 2,
  command: 3,
  send: 5,
};

export type Shed = (work: LimitClass | 'handshake') => number;

/** Milliseconds to wait, spread so that those refused together do not come back together; 0 where the work is welcome. */
export const createShed = ({
  lagMs,
  toleratedMs,
}: {
  lagMs: () => number;
  toleratedMs: number;
}): Shed & InvokeParts['shed'] =>
  toleratedMs === 0 ? () => 0 : work => (lagMs() > toleratedMs * shedAt[work] ? 1_000 + Math.random() * 2_000 : 0);
