import { type Link, script } from './link.ts';

/** Takes a lease, or renews one's own. ARGV: owner, milliseconds. Answers 1, or 0 where it is somebody else's. */
const holdScript = script(`
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`);

const releaseScript = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`);

export type Held = 'held' | 'taken' | 'unknown';

/** Leases with an owner: at most one holds a key, and one that dies holds it no longer than `leaseMs`. */
export const createLeases = ({ link }: { link: Pick<Link, 'run'> }) => ({
  /** Takes or renews; `unknown` where Redis does not tell, in which case it may be held until it runs out. */
  hold: (key: string, owner: string, leaseMs: number): Promise<Held> =>
    link.run(holdScript, [key], [owner, leaseMs]).then(
      answer => (answer === 1 ? 'held' : 'taken'),
      () => 'unknown',
    ),
  /** Gives it back, if it is still one's own. Where Redis does not answer, it runs out. */
  release: (key: string, owner: string): Promise<unknown> => link.run(releaseScript, [key], [owner]).catch(() => 0),
});

export type Leases = ReturnType<typeof createLeases>;
