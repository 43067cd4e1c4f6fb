import type { Cluster } from '../../ports/cluster.ts';
import { type Link, script } from './link.ts';

export interface PresenceLeasesParts {
  link: Pick<Link, 'up' | 'steadyMs' | 'run' | 'call' | 'onUp'>;
  prefix: string;
  boot: string;
  settings?: {
    /** Milliseconds after its last sign of life during which an instance's sockets count. */
    leaseMs: number;
    renewMs: number;
  };
}

export interface PresenceLeases extends Pick<Cluster, 'online' | 'offline' | 'whoIsOnline' | 'socketsOf'> {
  close(): Promise<void>;
}

/** Gone at most 6 s after its instance; with the 5 s of who looks whether the watched are there that is below the 15 s of G11. */
const defaults = { leaseMs: 6_000, renewMs: 1_500 };

/** Users in one command. */
const portion = 500;
/** Within this time all that is registered is written once more, should Redis have lost a part of it. */
const rewriteMs = 10 * 60_000;
/** How long it is believed that somebody is online elsewhere while Redis cannot tell, as long as a dead instance's may be shown (G11). */
const rememberedMs = 15_000;
const maxRemembered = 50_000;
/** After an outage it takes the others so long to register again. */
const settlingMs = 5_000;

/**
 * An instance's sockets: one hash, user id to number of sockets, which lives as long as its lease. Its field '' keeps it alive where
 * nobody is online. KEYS: the hash, the instances. ARGV: boot id, lease, then pairs of user id and number.
 * Answers whether the hash was there.
 */
const registerScript = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local existed = redis.call('EXISTS', KEYS[1])
redis.call('HSET', KEYS[1], '', 0)
for i = 3, #ARGV, 2 do
  if ARGV[i + 1] == '0' then redis.call('HDEL', KEYS[1], ARGV[i])
  else redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - 10 * ARGV[2])
redis.call('PEXPIRE', KEYS[2], 100 * ARGV[2])
return existed
`);

/** KEYS: the instances. ARGV: how their hashes begin, lease, the boot id not to ask, users. Answers pairs: which user, how many sockets. */
const countScript = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {}
for _, boot in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now - ARGV[2], '+inf')) do
  if boot ~= ARGV[3] then
    local counts = redis.call('HMGET', ARGV[1] .. boot, unpack(ARGV, 4))
    for i = 1, #counts do
      if counts[i] then found[i] = (found[i] or 0) + tonumber(counts[i]) end
    end
  end
end
local answer = {}
for i, count in pairs(found) do
  answer[#answer + 1] = i
  answer[#answer + 1] = count
end
return answer
`);

/**
 * Who is online where. Each instance says so for its own sockets only, and answers for those from memory; Redis adds the others'.
 * While Redis does not answer, somebody elsewhere counts as online for as long as a dead instance's users may.
 */
export const createPresenceLeases = ({
  link,
  prefix,
  boot,
  settings: { leaseMs, renewMs } = defaults,
}: PresenceLeasesParts): PresenceLeases => {
  const hashes = `${prefix}online:`;
  const instances = `${prefix}instances`;
  const here = new Map<string, Set<string>>();
  /** Users whose number Redis does not know yet. */
  const unwritten = new Set<string>();
  /** Seen online elsewhere, and when; oldest first. */
  const elsewhere = new Map<string, number>();
  let writing: Promise<void> | undefined;
  let rewriting: Iterator<string> = [].values();
  let closed = false;

  const register = (users: string[]) =>
    link.run(
      registerScript,
      [hashes + boot, instances],
      [boot, leaseMs, ...users.flatMap(id => [id, here.get(id)?.size ?? 0])],
    );

  /** Writes what is unwritten. It was lost as a whole (a restart, a freeze longer than the lease): all of it is written again. */
  const write = async () => {
    do {
      const users = [...unwritten].slice(0, portion);
      for (const id of users) unwritten.delete(id);
      try {
        const existed = await register(users);
        if (existed !== 1) {
          const written = new Set(users);
          for (const id of here.keys()) if (!written.has(id)) unwritten.add(id);
        }
      } catch {
        // The next beat tries again.
        for (const id of users) unwritten.add(id);
        return;
      }
    } while (unwritten.size > 0 && !closed);
  };

  /** What came in one turn is written at once; whoever asks while a write is under way, waits for the next. */
  const writeSoon = (): Promise<void> => {
    if (!link.up || closed) return Promise.resolve();
    writing ??= new Promise(resolve => setImmediate(resolve)).then(() => {
      writing = undefined;
      return write();
    });
    return writing;
  };

  const beat = () => {
    // A part of everybody each time.
    for (let left = Math.ceil((here.size * renewMs) / rewriteMs); left > 0; left -= 1) {
      const next = rewriting.next();
      if (next.done) {
        rewriting = here.keys();
        break;
      }
      unwritten.add(next.value);
    }
    void writeSoon();
  };

  const timer = setInterval(beat, renewMs).unref();
  link.onUp(() => void writeSoon());

  const remember = (user_id: string) => {
    elsewhere.delete(user_id);
    elsewhere.set(user_id, performance.now());
    if (elsewhere.size > maxRemembered) elsewhere.delete(elsewhere.keys().next().value ?? '');
  };

  /** Whether somebody is to be taken for online whom Redis has not named, or has not been heard of: `told` says which. */
  const isRemembered = (user_id: string, told: boolean) => {
    const seen = elsewhere.get(user_id);
    const ago = seen === undefined ? Number.POSITIVE_INFINITY : performance.now() - seen;
    if (ago >= rememberedMs) return false;
    // After an outage the others need a moment to register again; what Redis has named since then, it also knows to be gone.
    return !told || (link.steadyMs < settlingMs && ago > link.steadyMs);
  };

  /** Sockets on other instances of those who have any; undefined where Redis does not tell. */
  const count = async (users: string[]): Promise<Map<string, number> | undefined> => {
    if (!link.up) return undefined;
    const counts = new Map<string, number>();
    const ask = async (some: string[]) => {
      const answer = (await link.run(countScript, [instances], [hashes, leaseMs, boot, ...some])) as number[];
      for (let at = 0; at < answer.length; at += 2) {
        const user_id = some[(answer[at] ?? 0) - 1];
        if (user_id !== undefined) counts.set(user_id, answer[at + 1] ?? 0);
      }
    };
    const asked: Promise<void>[] = [];
    for (let from = 0; from < users.length; from += portion) asked.push(ask(users.slice(from, from + portion)));
    return Promise.all(asked).then(
      () => counts,
      () => undefined,
    );
  };

  return {
    online(user_id, socket_id) {
      const sockets = here.get(user_id);
      if (sockets) sockets.add(socket_id);
      else here.set(user_id, new Set([socket_id]));
      unwritten.add(user_id);
      return writeSoon();
    },

    async offline(user_id, socket_id) {
      const sockets = here.get(user_id);
      if (!sockets?.delete(socket_id)) return;
      if (sockets.size === 0) here.delete(user_id);
      unwritten.add(user_id);
      await writeSoon();
    },

    async whoIsOnline(user_ids) {
      const online = new Set(user_ids.filter(id => here.has(id)));
      const others = user_ids.filter(id => !online.has(id));
      if (others.length === 0) return online;
      const counts = await count(others);
      for (const id of others) {
        if (counts?.has(id)) {
          online.add(id);
          remember(id);
        } else if (isRemembered(id, counts !== undefined)) online.add(id);
        else elsewhere.delete(id);
      }
      return online;
    },

    async socketsOf(user_id) {
      const counts = await count([user_id]);
      const others = counts?.get(user_id) ?? (isRemembered(user_id, counts !== undefined) ? 1 : 0);
      return (here.get(user_id)?.size ?? 0) + others;
    },

    async close() {
      closed = true;
      clearInterval(timer);
      await writing;
      if (!link.up) return;
      await Promise.allSettled([link.call('UNLINK', [hashes + boot]), link.call('ZREM', [instances, boot])]);
    },
  };
};
