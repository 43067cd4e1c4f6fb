import type { Cluster } from '../../ports/cluster.ts';
import { createTokenBuckets } from '../token-buckets.ts';
import { type Link, script } from './link.ts';

/**
 * A bucket is one number: when it will be full again, in milliseconds of Redis' clock; its key ends then by itself.
 * ARGV: rate, burst, cost, and for how many milliseconds it is not full as far as the caller knows, which holds where Redis lost it.
 * Answers how long to wait, and for how long it is not full now.
 */
const takeScript = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local rate, burst, cost = tonumber(ARGV[1]) / 1000, tonumber(ARGV[2]), tonumber(ARGV[3])
local empty = (burst + cost) / rate
local full = math.min(tonumber(redis.call('GET', KEYS[1]) or 0), now + empty)
full = math.max(full, now + math.min(tonumber(ARGV[4]), empty), now)
local tokens = burst - (full - now) * rate
local needed = math.min(cost, burst)
if tokens < needed - 0.000001 then
  return { math.max(1, math.ceil((needed - tokens) / rate - 0.000001)), math.floor(full - now) }
end
full = full + cost / rate
redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', math.max(1, math.ceil(full - now)))
return { 0, math.floor(full - now) }
`);

/**
 * Token buckets, exact over all instances. This instance keeps what it last knew of each: a bucket that is empty by that is empty
 * (others can only have taken more), so that a flood costs Redis nothing; and where Redis does not answer, its own takes go on from
 * there. The next answer joins both, so neither an outage nor its end is a fresh start.
 */
export const createLimits = ({
  link,
  prefix,
}: {
  link: Pick<Link, 'up' | 'run'>;
  prefix: string;
}): Pick<Cluster, 'take'> => {
  const now = () => performance.now();
  const own = createTokenBuckets({ clock: { now } });

  return {
    take(key, bucket, cost = 1) {
      if (!link.up) return own.take(key, bucket, cost);
      const wait = own.waitFor(key, bucket, cost);
      if (wait > 0) return wait;
      // As of now, not as of the answer: what is remembered must not exceed what is true.
      const at = now();
      return link
        .run(takeScript, [`${prefix}rate:${key}`], [bucket.rate, bucket.burst, cost, own.fullIn(key)])
        .then(answer => {
          const [wait, fullIn] = answer as [number, number];
          own.lower(key, bucket, at + fullIn);
          return wait;
        })
        .catch(() => own.take(key, bucket, cost));
    },
  };
};
