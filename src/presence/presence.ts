import { ParleyError } from '../errors.ts';
import type { Handlers } from '../invoke.ts';
import { type Clock, isoDate } from '../ports/clock.ts';
import type { Cluster } from '../ports/cluster.ts';
import type { UserStore } from '../ports/storage.ts';
import { limits, type Presence as Status } from '../protocol/index.ts';
import type { Signals } from './signals.ts';
import { createWatchers } from './watchers.ts';

export interface PresenceParts {
  cluster: Pick<Cluster, 'notify' | 'on' | 'online' | 'offline' | 'whoIsOnline' | 'healthy'>;
  users: Pick<UserStore, 'findMany' | 'setLastSeen'>;
  signals: Signals;
  clock: Clock;
  settings: {
    /** How long after their last socket went somebody still counts as online: a reload is no absence. */
    offlineAfterMs: number;
    /** How often it is looked whether the watched are still there, besides being told: an instance that died tells nobody (G11). */
    pollMs: number;
  };
  onError: (error: unknown) => void;
}

export interface Presence {
  handlers: Handlers<'presence:get' | 'presence:watch' | 'presence:unwatch'>;
  /** A socket came or went, in any order of devices. */
  connected(user_id: string, socket_id: string): void;
  disconnected(user_id: string, socket_id: string): void;
  start(): void;
  /** Everybody connected here is seen off at once. */
  stop(): Promise<void>;
}

export const presenceDefaults: PresenceParts['settings'] = { offlineAfterMs: 5_000, pollMs: 5_000 };

/** Presence notices that arrive together are looked up together, and absences that become certain together are written together. */
const gatherMs = 100;
/** People whose absence one transaction writes. */
const writtenAtOnce = 500;

/** Who is online, over all devices and instances; told only to those who watch. */
export const createPresence = ({ cluster, users, signals, clock, settings, onError }: PresenceParts): Presence => {
  /** The sockets here. While nobody is left but the absence is not yet certain, the last one's lease stays. */
  const here = new Map<string, Set<string>>();
  const leaving = new Map<string, { socket_id: string; at: number; timer: NodeJS.Timeout }>();
  const watchers = createWatchers();
  /** What watchers were last told. */
  const told = new Map<string, Status['status']>();
  const gathered = new Set<string>();
  let gathering: NodeJS.Timeout | undefined;
  /** Whose absence became certain, their last socket here, and since when they are absent. */
  let absent: { user_id: string; socket_id: string; at: number }[] = [];
  let seeingOff: NodeJS.Timeout | undefined;
  const stops: (() => void)[] = [];
  let linkWasDown = false;

  const look = async (user_ids: string[]): Promise<Status[]> => {
    const [online, rows] = await Promise.all([cluster.whoIsOnline(user_ids), users.findMany(user_ids)]);
    const seen = new Map(rows.map(row => [row.id, row.last_seen_at]));
    return user_ids.map(user_id => ({
      user_id,
      status: online.has(user_id) ? 'online' : 'offline',
      last_seen_at: seen.get(user_id) ?? null,
    }));
  };

  /** Looks, and tells the watchers of those whose status is another than they know. */
  const update = async (user_ids: string[]) => {
    const online = await cluster.whoIsOnline(user_ids);
    const turned = user_ids.filter(id => told.has(id) && told.get(id) !== (online.has(id) ? 'online' : 'offline'));
    for (const presence of turned.length > 0 ? await look(turned) : []) {
      if (!told.has(presence.user_id) || told.get(presence.user_id) === presence.status) continue;
      told.set(presence.user_id, presence.status);
      for (const socket_id of watchers.of(presence.user_id)) signals.toSocket(socket_id, 'presence:updated', presence);
    }
  };

  const gather = (user_id: string) => {
    if (!told.has(user_id)) return;
    gathered.add(user_id);
    const wasLinked = cluster.healthy();
    gathering ??= setTimeout(() => {
      gathering = undefined;
      const user_ids = [...gathered];
      gathered.clear();
      // What was said of people elsewhere cannot be looked up any more: `poll` will, once the link is back.
      if (cluster.healthy() || !wasLinked) update(user_ids).catch(onError);
    }, gatherMs).unref();
  };

  const forgetUnwatched = (user_ids: Iterable<string>) => {
    for (const user_id of user_ids) if (watchers.of(user_id).size === 0) told.delete(user_id);
  };

  /** Of whoever has no device left anywhere, tells and writes since when. */
  const seeOff = async () => {
    clearTimeout(seeingOff);
    seeingOff = undefined;
    const all = absent;
    absent = [];
    for (let from = 0; from < all.length; from += writtenAtOnce) {
      const some = all.slice(from, from + writtenAtOnce);
      await Promise.all(some.map(({ user_id, socket_id }) => cluster.offline(user_id, socket_id)));
      // Somebody who came back meanwhile, or is there with another device, has not gone.
      const online = await cluster.whoIsOnline(some.map(({ user_id }) => user_id));
      const gone = new Map(some.map(({ user_id, at }) => [user_id, isoDate(at)]));
      for (const user_id of online) gone.delete(user_id);
      if (gone.size > 0) await users.setLastSeen(gone).catch(onError);
      for (const user_id of gone.keys()) cluster.notify('presence', { user_id });
    }
  };

  const away = (user_id: string, socket_id: string, at: number) => {
    absent.push({ user_id, socket_id, at });
    seeingOff ??= setTimeout(() => void seeOff().catch(onError), gatherMs).unref();
  };

  /** While the link is down only those here are known, and for a while after it the others are still registering. */
  const poll = () => {
    const isDown = !cluster.healthy();
    const isKnown = !isDown && !linkWasDown;
    linkWasDown = isDown;
    if (isKnown && told.size > 0) update([...told.keys()]).catch(onError);
  };

  const unique = (user_ids: string[]) => [...new Set(user_ids)];

  return {
    connected(user_id, socket_id) {
      const sockets = here.get(user_id);
      if (sockets) sockets.add(socket_id);
      else here.set(user_id, new Set([socket_id]));
      const back = leaving.get(user_id);
      if (back) clearTimeout(back.timer);
      leaving.delete(user_id);
      const arrive = async () => {
        await cluster.online(user_id, socket_id);
        if (back) await cluster.offline(user_id, back.socket_id);
        // It may have gone meanwhile: then its lease must not outlive it.
        if (!here.get(user_id)?.has(socket_id) && leaving.get(user_id)?.socket_id !== socket_id)
          await cluster.offline(user_id, socket_id);
        if (!sockets && !back) cluster.notify('presence', { user_id });
      };
      arrive().catch(onError);
    },

    disconnected(user_id, socket_id) {
      forgetUnwatched(watchers.drop(socket_id));
      const sockets = here.get(user_id);
      if (!sockets?.delete(socket_id)) return;
      if (sockets.size > 0) {
        cluster.offline(user_id, socket_id).catch(onError);
        return;
      }
      here.delete(user_id);
      const at = clock.now();
      const timer = setTimeout(() => {
        leaving.delete(user_id);
        away(user_id, socket_id, at);
      }, settings.offlineAfterMs).unref();
      leaving.set(user_id, { socket_id, at, timer });
    },

    handlers: {
      'presence:get': async (_actor, { user_ids }) => ({ items: await look(unique(user_ids)) }),

      'presence:watch': async (_actor, { user_ids }, { connection }) => {
        const wanted = unique(user_ids);
        if (!connection) throw new ParleyError('invalid_input', { message: 'Only a socket can watch.' });
        if (!watchers.add(connection.id, wanted, limits.presence_users))
          throw new ParleyError('limit_reached', { details: { user_ids: limits.presence_users } });
        // Watched before looking, so that a change in between is told rather than missed.
        for (const id of wanted) if (!told.has(id)) told.set(id, 'offline');
        const items = await look(wanted);
        for (const { user_id, status } of items) if (watchers.of(user_id).size > 0) told.set(user_id, status);
        return { items };
      },

      'presence:unwatch': (_actor, { user_ids }, { connection }) => {
        if (connection) forgetUnwatched(watchers.remove(connection.id, user_ids));
        return {};
      },
    },

    start() {
      stops.push(cluster.on('presence', ({ user_id }) => gather(user_id)));
      const timer = setInterval(poll, settings.pollMs).unref();
      stops.push(() => clearInterval(timer));
    },

    async stop() {
      for (const stop of stops.splice(0)) stop();
      clearTimeout(gathering);
      for (const [user_id, { socket_id, at, timer }] of leaving) {
        clearTimeout(timer);
        away(user_id, socket_id, at);
      }
      const now = clock.now();
      for (const [user_id, sockets] of here) for (const socket_id of sockets) away(user_id, socket_id, now);
      here.clear();
      leaving.clear();
      await seeOff();
    },
  };
};
