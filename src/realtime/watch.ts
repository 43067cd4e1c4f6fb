import { ParleyError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Cluster } from '../ports/cluster.ts';
import type { Logger } from './logger.ts';
import { signalPacket } from './packet.ts';
import type { LocalSocket, Sockets } from './sockets.ts';

export interface WatchParts {
  /** One per namespace. */
  registries: readonly Sockets[];
  /** Whether a session is neither revoked nor expired, by the store itself. Throws where that is not known. */
  isLive: (session_id: string) => Promise<boolean>;
  /** The same for many at once, in one query. */
  liveAmong: (session_ids: string[]) => Promise<Set<string>>;
  /** Compares with the store who may hear what. Resolves with whether that could be done. */
  checkMemberships: () => Promise<boolean>;
  cluster: Pick<Cluster, 'on'>;
  clock: Clock;
  logger: Logger;
  /** Holds and resumes the delivery of events. */
  pause: () => void;
  resume: () => void;
}

/** Keeps sockets only for as long as their token and their session are good (G9). */
export interface Watch {
  /** For a command: throws `token_expired`, `signed_out`, or what the lookup of a session throws that could not be looked up lately. */
  confirm(local: LocalSocket): void | Promise<void>;
  /** Before a delivery: holds it where the process stood still for so long that a revocation may have been missed. */
  checkStall(): void;
  start(): void;
  stop(): void;
}

const sweepMs = 1_000;
/** A token's end is announced this long before, or by the last fifth of its life where that is shorter, but not so late that a sweep could miss it. */
const warnMs = 60_000;
const warnShare = 0.2;
const warnAtLeastMs = 2_500;
/** The sweep looks a session up anew this long after it was found alive; a notice ends it at once, this is for one that was lost. */
const recheckMs = 20_000;
/** Trouble in looking sessions up is bridged this long (G9: authorisation is never older). */
const trustedMs = 30_000;
const beatMs = 500;
const stallMs = 2_000;
/** Sessions per query, and milliseconds that a query may take. */
const lookupSize = 200;
const lookupMs = 5_000;

export const createWatch = ({
  registries,
  isLive,
  liveAmong,
  checkMemberships,
  cluster,
  clock,
  logger,
  pause,
  resume,
}: WatchParts): Watch => {
  const stops: (() => void)[] = [];
  let lastBeat = performance.now();
  let revalidating = false;
  let rechecking = false;

  const sockets = () => registries.flatMap(registry => [...registry.all()].map(local => ({ registry, local })));

  const signOut = (session_ids: Iterable<string>, code: 'signed_out' | 'account_erased') => {
    const ended = new Set(session_ids);
    for (const { registry, local } of sockets()) if (ended.has(local.actor.session_id)) registry.close(local, code);
  };

  const expire = () => {
    const now = clock.now();
    for (const registry of registries)
      for (const local of [...registry.all()]) {
        const { session } = local;
        const left = session.expires_at - now;
        if (left <= 0) {
          registry.close(local, 'token_expired');
          continue;
        }
        const life = session.expires_at - session.renewed_at;
        const lead = Math.min(warnMs, Math.max(warnAtLeastMs, life * warnShare));
        if (left > lead || session.warned || !local.live) continue;
        session.warned = true;
        const payload = { expires_in: Math.round(left / 1_000) };
        local.outbox.write(signalPacket('session:expiring', payload, local.socket.nsp.name));
      }
  };

  /** Looks up the sessions of sockets that are new or were not looked up since `before`; those that ended are closed. Returns whether all are known. */
  const recheck = async (before: number): Promise<boolean> => {
    const due = new Map<string, { registry: Sockets; local: LocalSocket }[]>();
    for (const each of sockets()) {
      const { session, actor } = each.local;
      if (session.checked_at > before && session.looked_up) continue;
      const own = due.get(actor.session_id);
      if (own) own.push(each);
      else due.set(actor.session_id, [each]);
    }
    const ids = [...due.keys()];
    for (let from = 0; from < ids.length; from += lookupSize) {
      const some = ids.slice(from, from + lookupSize);
      // The beginning counts: a process that was frozen while the answer was on its way holds an old answer.
      const at = clock.now();
      try {
        const alive = await within(lookupMs, liveAmong(some));
        for (const id of some)
          for (const { registry, local } of due.get(id) ?? [])
            if (alive.has(id)) Object.assign(local.session, { checked_at: at, looked_up: true });
            else registry.close(local, 'signed_out');
      } catch (error) {
        logger.warn('session_lookup_failed', { cause: error });
        return false;
      }
    }
    return true;
  };

  const revalidate = async () => {
    const since = clock.now();
    while (!((await recheck(since)) && (await within(trustedMs, checkMemberships()).catch(() => false)))) {
      if (clock.now() - since > trustedMs) {
        for (const { registry, local } of sockets()) registry.close(local, 'overloaded', Math.random() * 5_000);
        break;
      }
      await new Promise(resolve => setTimeout(resolve, beatMs).unref());
    }
  };

  const checkStall = () => {
    const now = performance.now();
    const stood = now - lastBeat - beatMs;
    if (stood <= stallMs || revalidating) return;
    revalidating = true;
    logger.warn('stalled', { ms: Math.round(stood) });
    pause();
    void revalidate().finally(() => {
      revalidating = false;
      resume();
    });
  };

  const sweep = () => {
    expire();
    if (rechecking) return;
    rechecking = true;
    void recheck(clock.now() - recheckMs).finally(() => {
      rechecking = false;
    });
  };

  const every = (ms: number, job: () => void) => {
    const timer = setInterval(job, ms).unref();
    stops.push(() => clearInterval(timer));
  };

  return {
    confirm({ session, actor }) {
      const now = clock.now();
      if (now >= session.expires_at) throw new ParleyError('token_expired');
      if (now - session.checked_at < trustedMs) return;
      return isLive(actor.session_id).then(live => {
        if (!live) throw new ParleyError('signed_out');
        session.checked_at = now;
      });
    },
    checkStall,
    start() {
      lastBeat = performance.now();
      every(beatMs, () => {
        checkStall();
        lastBeat = performance.now();
      });
      every(sweepMs, sweep);
      stops.push(cluster.on('sessions:revoked', ({ session_ids, reason }) => signOut(session_ids, reason)));
    },
    stop() {
      for (const stop of stops.splice(0)) stop();
    },
  };
};

const within = <T>(ms: number, lookup: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ParleyError('unavailable')), ms);
  });
  return Promise.race([lookup, late]).finally(() => clearTimeout(timer));
};
