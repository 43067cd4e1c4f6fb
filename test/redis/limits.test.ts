import { expect, test } from 'vitest';
import { until } from '../support/clients.ts';
import { patient, timed, useRedis } from './rig.ts';

const { newCluster, client, server } = useRedis();

test('a bucket is one over all instances: exactly its burst is let through, and its rate after that', async () => {
  const { open } = newCluster(patient);
  const instances = [await open('a'), await open('b'), await open('c')];
  const bucket = { rate: 0.01, burst: 50 };
  const waits = await Promise.all(
    Array.from({ length: 300 }, (_, index) => instances[index % 3]!.cluster.take('k', bucket)),
  );
  expect(waits.filter(wait => wait === 0)).toHaveLength(50);
  for (const wait of waits.filter(wait => wait > 0)) {
    expect(wait).toBeGreaterThan(90_000);
    expect(wait).toBeLessThanOrEqual(100_000);
  }
  expect(await instances[0]!.cluster.take('other', bucket)).toBe(0);
});

test('it refills by its rate; a refusal takes nothing and says for how long', async () => {
  const { open } = newCluster(patient);
  const [a, b] = [await open('a'), await open('b')];
  const bucket = { rate: 20, burst: 1 };
  const begun = performance.now();
  let taken = 0;
  while (taken < 11) {
    const wait = await (taken % 2 === 0 ? a : b).cluster.take('k', bucket);
    if (wait === 0) taken += 1;
    else await new Promise(resolve => setTimeout(resolve, wait));
  }
  // The first is free, ten more take 50 ms each; that it waited late costs nobody a token.
  expect(performance.now() - begun).toBeGreaterThan(490);
});

test('a cost above the burst is late, not impossible', async () => {
  const { open } = newCluster(patient);
  const a = await open();
  const { value: wait, ms } = await timed(async () => {
    expect(await a.cluster.take('k', { rate: 10, burst: 5 }, 10)).toBe(0);
    return a.cluster.take('k', { rate: 10, burst: 5 });
  });
  // Less what it has refilled meanwhile; Redis and this process round to the millisecond.
  expect(wait).toBeGreaterThan(595 - ms);
  expect(wait).toBeLessThanOrEqual(600);
});

test('a flood that is refused costs Redis nothing', async () => {
  const { open } = newCluster(patient);
  const a = await open();
  const bucket = { rate: 0.01, burst: 2 };
  while ((await a.cluster.take('k', bucket)) === 0);
  const before = a.stats().commands;
  for (let count = 0; count < 1_000; count += 1) expect(a.cluster.take('k', bucket)).toBeGreaterThan(0);
  expect(a.stats().commands - before).toBeLessThan(5);
});

test('a key is gone from Redis once its bucket is full', async () => {
  const { open, prefix } = newCluster(patient);
  const a = await open();
  const redis = await client();
  await a.cluster.take('k', { rate: 10, burst: 5 }, 3);
  expect(await redis.pttl(`${prefix}rate:k`)).toBeGreaterThan(0);
  await until(async () => (await redis.exists(`${prefix}rate:k`)) === 0, 2_000);
});

test('[G8] neither the end of Redis nor its return is a fresh start', async () => {
  const { open } = newCluster(patient);
  const [a, b] = [await open('a'), await open('b')];
  const bucket = { rate: 0.01, burst: 10 };
  const takenBy = async (instance: typeof a, tries: number) => {
    let taken = 0;
    for (let count = 0; count < tries; count += 1) if ((await instance.cluster.take('k', bucket)) === 0) taken += 1;
    return taken;
  };
  expect(await takenBy(a, 6)).toBe(6);
  await server().kill();
  await until(() => !a.cluster.healthy() && !b.cluster.healthy());
  // Its own bucket goes on from what it last knew.
  expect(await takenBy(a, 10)).toBe(4);
  await server().start();
  await until(() => a.cluster.healthy() && b.cluster.healthy());
  // The new Redis knows nothing of it; this instance tells.
  expect(await takenBy(a, 10)).toBe(0);

  const other = 'other';
  while ((await a.cluster.take(other, bucket)) === 0);
  await (await client()).flushall();
  expect(await a.cluster.take(other, bucket)).toBeGreaterThan(0);
});
