import type { Clock } from '../ports/clock.ts';

interface Bucket {
  tokens: number;
  /** When `tokens` was true, in milliseconds. */
  at: number;
  /** When it will be full again, and forgetting it therefore changes nothing. */
  fullAt: number;
}

interface Refill {
  rate: number;
  burst: number;
}

/** Above this many keys those that are full again are forgotten; checked once per doubling, so that it costs nothing on average. */
const sweepAbove = 10_000;

/** What floating-point arithmetic may be off by, in milliseconds. */
const rounding = 1e-6;

/** Token buckets in memory. A key that was not used for as long as its refill takes leaves nothing behind. */
export const createTokenBuckets = ({ clock }: { clock: Clock }) => {
  const buckets = new Map<string, Bucket>();
  let sweepAt = sweepAbove;

  const tokensAt = (key: string, { rate, burst }: Refill, now: number) => {
    const bucket = buckets.get(key);
    const elapsed = bucket ? Math.max(0, now - bucket.at) : 0;
    return bucket ? Math.min(burst, bucket.tokens + (elapsed * rate) / 1_000) : burst;
  };

  const lacking = (tokens: number, { rate, burst }: Refill, cost: number) => {
    const needed = Math.min(cost, burst);
    return tokens < needed - rounding ? Math.max(1, Math.ceil(((needed - tokens) * 1_000) / rate - rounding)) : 0;
  };

  const put = (key: string, { rate, burst }: Refill, tokens: number, now: number) => {
    buckets.set(key, { tokens, at: now, fullAt: now + ((burst - tokens) * 1_000) / rate });
    if (buckets.size > sweepAt) sweep(now);
  };

  /** See `Cluster.take`. A cost above the burst is taken once the bucket is full, so that it is late rather than impossible. */
  const take = (key: string, bucket: Refill, cost = 1): number => {
    const now = clock.now();
    const tokens = tokensAt(key, bucket, now);
    const wait = lacking(tokens, bucket, cost);
    if (wait === 0) put(key, bucket, tokens - cost, now);
    return wait;
  };

  const sweep = (now: number) => {
    for (const [key, { fullAt }] of buckets) if (fullAt <= now) buckets.delete(key);
    sweepAt = Math.max(sweepAbove, buckets.size * 2);
  };

  /** Milliseconds until a bucket is full; 0 where nothing is known of it. */
  const fullIn = (key: string): number => Math.max(0, (buckets.get(key)?.fullAt ?? 0) - clock.now());

  return {
    take,
    /** What `take` would answer; takes nothing. */
    waitFor: (key: string, bucket: Refill, cost = 1): number =>
      lacking(tokensAt(key, bucket, clock.now()), bucket, cost),
    fullIn,
    /** Somebody knows that it will not be full before `fullAt`. */
    lower(key: string, bucket: Refill, fullAt: number) {
      const now = clock.now();
      if (fullAt <= now + fullIn(key)) return;
      put(key, bucket, bucket.burst - ((fullAt - now) * bucket.rate) / 1_000, now);
    },
    size: () => buckets.size,
  };
};
