import { describe, expect, test } from 'vitest';
import { until } from '../support/clients.ts';
import { eventOf, listen, promptly, timed, useRedis } from './rig.ts';

const { newCluster, client, server } = useRedis();

const bucket = { rate: 100_000, burst: 100_000 };

/** Everything that waits for an answer, once; the longest of it in milliseconds. */
const useAll = async (
  { cluster, publisher }: Awaited<ReturnType<ReturnType<typeof newCluster>['open']>>,
  round: number,
) => {
  const users = Array.from({ length: 100 }, (_, index) => `user${index}`);
  const all = await Promise.all(
    [
      () => cluster.take(`k${round % 7}`, bucket),
      () => cluster.online('ann', `s${round}`),
      () => cluster.offline('ann', `s${round}`),
      () => cluster.whoIsOnline(users),
      () => cluster.socketsOf('bob'),
      () => cluster.withLock(`l${round}`, async () => undefined),
      () => publisher.watch([`c${round}`]),
      () => {
        publisher.publish('x', [eventOf('x', round + 1)]);
        cluster.notify('presence', { user_id: 'ann' });
      },
    ].map(work => timed(work as () => unknown)),
  );
  return Math.max(...all.map(({ ms }) => ms));
};

describe('[G8] Redis frozen', () => {
  test('nothing waits for it for long, and once that is known, it is not even asked', async () => {
    const { open } = newCluster();
    const a = await open('a');
    server().pause();
    const first = await Promise.all(Array.from({ length: 200 }, () => timed(() => a.cluster.take('k', bucket))));
    expect(Math.max(...first.map(({ ms }) => ms))).toBeLessThan(promptly);
    expect(a.cluster.healthy()).toBe(false);
    const { commands } = a.stats();
    for (let round = 0; round < 200; round += 1) expect(await useAll(a, round)).toBeLessThan(promptly);
    const takes = await Promise.all(Array.from({ length: 200 }, () => timed(() => a.cluster.take('k', bucket))));
    expect(Math.max(...takes.map(({ ms }) => ms))).toBeLessThan(promptly);
    // Nothing was sent, hence nothing piles up.
    expect(a.stats().commands).toBe(commands);
    expect(a.stats().skipped).toBeGreaterThan(200);
    server().resume();
    await until(() => a.cluster.healthy());
  });

  test('an idle link notices within seconds, and heals within 5 s whether it froze briefly or for long', async () => {
    const { open } = newCluster();
    const [a, b] = [await open('a'), await open('b')];
    const heard = listen(b);
    await b.publisher.watch(['x']);
    let seq = 0;
    for (const ms of [300, 7_000]) {
      server().pause();
      await until(() => !a.cluster.healthy() && !b.cluster.healthy(), 4_000);
      await new Promise(resolve => setTimeout(resolve, ms));
      server().resume();
      await until(() => a.cluster.healthy() && b.cluster.healthy(), 5_000);
      seq += 1;
      a.publisher.publish('x', [eventOf('x', seq)]);
      await until(() => heard.includes(`x ${seq} elsewhere`));
    }
  });
});

describe('[G8] Redis killed', () => {
  test('what is published here is heard here; after its return everything is as before within 5 s', async () => {
    const { open } = newCluster();
    const [a, b] = [await open('a'), await open('b')];
    const [here, there] = [listen(a), listen(b)];
    await b.publisher.watch(['x']);
    await server().kill();
    await until(() => !a.cluster.healthy() && !b.cluster.healthy());
    for (let round = 0; round < 100; round += 1) expect(await useAll(a, round)).toBeLessThan(promptly);
    expect(here).toHaveLength(100);
    // Watched for the first time while nobody could be asked.
    await b.publisher.watch(['y']);
    await new Promise(resolve => setTimeout(resolve, 3_000));
    await server().start();
    await until(() => a.cluster.healthy() && b.cluster.healthy(), 5_000);
    a.publisher.publish('x', [eventOf('x', 101)]);
    a.publisher.publish('y', [eventOf('y', 1)]);
    await until(() => there.includes('x 101 elsewhere') && there.includes('y 1 elsewhere'));
    expect(await a.cluster.withLock('l', async () => undefined)).toBe(true);
    await a.ping();
  });

  test('in the middle of load, ten times: nothing throws, nothing waits', async () => {
    const { open, errors } = newCluster();
    const a = await open('a');
    let over = false;
    let longest = 0;
    const load = (async () => {
      for (let round = 0; !over; round += 1) {
        longest = Math.max(longest, await useAll(a, round));
        // While Redis is down nothing waits, hence nobody else would have a turn.
        await new Promise(resolve => setImmediate(resolve));
      }
    })();
    for (let kill = 0; kill < 10; kill += 1) {
      await server().kill();
      await new Promise(resolve => setTimeout(resolve, 100));
      await server().start();
      await new Promise(resolve => setTimeout(resolve, 200));
    }
    over = true;
    await load;
    expect(longest).toBeLessThan(promptly);
    expect(errors).toEqual([]);
    await until(() => a.cluster.healthy());
  });

  test('before anybody opened: opening takes a second, and the link comes up with Redis', async () => {
    const { open } = newCluster();
    await server().kill();
    const { value: a, ms } = await timed(() => open('a'));
    expect(ms).toBeLessThan(5_000);
    expect(a.cluster.healthy()).toBe(false);
    expect(a.stats().state).toBe('down');
    await expect(a.ping()).rejects.toThrow();
    await server().start();
    await until(() => a.cluster.healthy());
    const heard = listen(a);
    const b = await open('b');
    await a.publisher.watch(['x']);
    b.publisher.publish('x', [eventOf('x', 1)]);
    await until(() => heard.length === 1);
  });
});

test('[G8] a connection that only one side has lost is noticed and made again', async () => {
  const { open } = newCluster();
  const [a, b] = [await open('a'), await open('b')];
  const heard = listen(b);
  await b.publisher.watch(['x']);
  const redis = await client();
  for (const type of ['normal', 'pubsub']) {
    await redis.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
    await until(async () => {
      a.publisher.publish('x', [eventOf('x', 1)]);
      return heard.length > 0 && a.cluster.healthy() && b.cluster.healthy();
    });
    heard.length = 0;
  }
  // What one instance believes of the others may be from before: that b listens.
  await until(() => {
    heard.length = 0;
    a.publisher.publish('x', [eventOf('x', 2)]);
    return until(() => heard.includes('x 2 elsewhere'), 1_000).then(() => true);
  });
});

test('[G8] a wrong password, or a Redis that refuses, is like none', async () => {
  const { open } = newCluster();
  const redis = await client();
  await redis.config('SET', 'requirepass', 'secret');
  const warnings: unknown[] = [];
  const logger = { info: () => undefined, warn: (_: string, facts?: object) => void warnings.push(facts) };
  const a = await open('a', { logger });
  expect(a.cluster.healthy()).toBe(false);
  expect(await a.cluster.take('k', { rate: 1, burst: 1 })).toBe(0);
  expect(await a.cluster.take('k', { rate: 1, burst: 1 })).toBeGreaterThan(0);
  await redis.config('SET', 'requirepass', '');
  await until(() => a.cluster.healthy());
  expect(warnings).toHaveLength(1);

  // Full: it answers, but stores nothing.
  await redis.config('SET', 'maxmemory', '1');
  try {
    expect(await a.cluster.take('m', { rate: 1, burst: 1 })).toBe(0);
    expect(await a.cluster.take('m', { rate: 1, burst: 1 })).toBeGreaterThan(0);
    expect(await a.cluster.withLock('l', async () => undefined)).toBe(false);
    expect(a.cluster.healthy()).toBe(true);
  } finally {
    await redis.config('SET', 'maxmemory', '0');
  }
  await until(() => a.cluster.withLock('l', async () => undefined));
});
