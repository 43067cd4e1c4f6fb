import type { Clock } from '../ports/clock.ts';

interface Bucket {
  tokens: number;
  /** When `tokens` was true, in milliseconds. */
  at: number;
  /** When it will be full again, and forgetting it therefore changes nothing. */
  fullAt: number;
}

/** Above this many keys those that are full again are forgotten; checked once per doubling, so that it costs nothing on average. */
const sweepAbove = 10_000;

/** What floating-point arithmetic may be off by, in milliseconds. */
const rounding = 1e-6;

/** Token buckets in memory. A key that was not used for as long as its refill takes leaves nothing behind. */
export const createTokenBuckets = ({ clock }: { clock: Clock }) => {
  const buckets = new Map<string, Bucket>();
  let sweepAt = sweepAbove;

  /** See `Cluster.take`. A cost above the burst is taken once the bucket is full, so that it is late rather than impossible. */
  const take = (key: string, { rate, burst }: { rate: number; burst: number }, cost = 1): number => {
    const now = clock.now();
    const bucket = buckets.get(key);
    const elapsed = bucket ? Math.max(0, now - bucket.at) : 0;
    const tokens = bucket ? Math.min(burst, bucket.tokens + (elapsed * rate) / 1_000) : burst;
    const needed = Math.min(cost, burst);
    if (tokens < needed - rounding) return Math.max(1, Math.ceil(((needed - tokens) * 1_000) / rate - rounding));
    const left = tokens - cost;
    buckets.set(key, { tokens: left, at: now, fullAt: now + ((burst - left) * 1_000) / rate });
    if (buckets.size > sweepAt) sweep(now);
    return 0;
  };

  const sweep = (now: number) => {
    for (const [key, { fullAt }] of buckets) if (fullAt <= now) buckets.delete(key);
    sweepAt = Math.max(sweepAbove, buckets.size * 2);
  };

  return { take, size: () => buckets.size };
};
