import { describe, expect, test } from 'vitest';
import { until } from '../support/clients.ts';
import { startInstance } from './child.ts';
import { patient, timed, useRedis } from './rig.ts';

const { newCluster, client, server } = useRedis();

describe('who is online', () => {
  test('is so by any socket on any instance, and no longer than that', async () => {
    const { open } = newCluster(patient);
    const [a, b] = [(await open('a')).cluster, (await open('b')).cluster];
    await Promise.all([a.online('ann', 'x'), a.online('ann', 'y'), b.online('ann', 'z'), b.online('bob', 'w')]);
    expect([await a.socketsOf('ann'), await b.socketsOf('ann'), await a.socketsOf('bob')]).toEqual([3, 3, 1]);
    for (const cluster of [a, b])
      expect(await cluster.whoIsOnline(['ann', 'bob', 'eve'])).toEqual(new Set(['ann', 'bob']));
    await Promise.all([
      a.offline('ann', 'x'),
      a.offline('ann', 'x'),
      b.offline('ann', 'z'),
      b.offline('bob', 'unknown'),
    ]);
    expect(await b.whoIsOnline(['ann', 'bob'])).toEqual(new Set(['ann', 'bob']));
    await Promise.all([a.offline('ann', 'y'), b.offline('bob', 'w')]);
    for (const cluster of [a, b]) expect(await cluster.whoIsOnline(['ann', 'bob'])).toEqual(new Set());
    expect(await a.socketsOf('ann')).toBe(0);
  });

  test('500 are looked up by one command, a storm of sockets is written by a few', async () => {
    const { open } = newCluster(patient);
    const [a, b] = [await open('a'), await open('b')];
    const users = Array.from({ length: 500 }, (_, index) => `user${index}`);
    let before = b.stats().commands;
    await Promise.all(users.slice(0, 250).map(id => b.cluster.online(id, 's')));
    expect(b.stats().commands - before).toBeLessThan(10);
    before = a.stats().commands;
    expect((await a.cluster.whoIsOnline(users)).size).toBe(250);
    expect(a.stats().commands - before).toBeLessThan(4);
    expect((await a.cluster.whoIsOnline(Array.from({ length: 2_000 }, (_, index) => `user${index}`))).size).toBe(250);
  });

  test('an instance that closes takes its sockets along at once', async () => {
    const { open } = newCluster(patient);
    const [a, b] = [await open('a'), await open('b')];
    await b.cluster.online('bob', 's');
    await b.close();
    expect(await a.cluster.whoIsOnline(['bob'])).toEqual(new Set());
  });

  test('[G11] an instance that was killed leaves no ghost after 15 s, and one that lives loses nobody', async () => {
    const { open, prefix } = newCluster(patient);
    const [a, b] = [await open('a'), await open('b')];
    const child = await startInstance(server().url, prefix, 'c', 'bob', 'eve');
    await b.cluster.online('ann', 's');
    await until(async () => (await a.cluster.whoIsOnline(['bob', 'eve', 'ann'])).size === 3);
    child.kill('SIGKILL');
    const { ms } = await timed(() =>
      until(async () => {
        const online = await a.cluster.whoIsOnline(['bob', 'eve', 'ann']);
        expect(online.has('ann')).toBe(true);
        return online.size === 1;
      }, 15_000),
    );
    // Whoever watches asks every 5 s.
    expect(ms).toBeLessThan(10_000);
    expect(ms).toBeGreaterThan(2_000);
  });
});

describe('[G8] presence', () => {
  test('is registered again within 5 s of a Redis that lost everything', async () => {
    const { open } = newCluster(patient);
    const [a, b] = [await open('a'), await open('b')];
    await Promise.all(Array.from({ length: 1_200 }, (_, index) => b.cluster.online(`user${index}`, 's')));
    const everybody = Array.from({ length: 1_200 }, (_, index) => `user${index}`);
    await (await client()).flushall();
    await until(async () => (await a.cluster.whoIsOnline(everybody)).size === 1_200, 5_000);
    const stays = await open('c');
    await server().kill();
    await until(() => !a.cluster.healthy() && !b.cluster.healthy());
    await server().start();
    // One that remembers nobody.
    await until(async () => (await stays.cluster.whoIsOnline(everybody)).size === 1_200, 5_000);
  });

  test('nobody turns offline for a moment, while Redis is away for seconds and when it is back', async () => {
    const { open } = newCluster();
    const [a, b] = [await open('a'), await open('b')];
    await a.cluster.online('ann', 's');
    await b.cluster.online('bob', 's');
    await until(async () => (await a.cluster.whoIsOnline(['ann', 'bob'])).size === 2);
    const watch = async (ms: number) => {
      for (const end = performance.now() + ms; performance.now() < end; ) {
        expect(await a.cluster.whoIsOnline(['ann', 'bob'])).toEqual(new Set(['ann', 'bob']));
        await new Promise(resolve => setTimeout(resolve, 20));
      }
    };
    await server().kill();
    await until(() => !a.cluster.healthy());
    await watch(2_000);
    await server().start();
    await watch(4_000);
    expect(a.cluster.healthy()).toBe(true);
  });

  test('who went while Redis was away is not online when it is back', async () => {
    const { open } = newCluster(patient);
    const [a, b] = [await open('a'), await open('b')];
    await Promise.all([b.cluster.online('bob', 's'), b.cluster.online('eve', 's')]);
    server().pause();
    await until(() => !b.cluster.healthy(), 10_000);
    await Promise.all([b.cluster.offline('bob', 's'), b.cluster.online('dan', 's')]);
    server().resume();
    await until(async () => {
      const online = await a.cluster.whoIsOnline(['bob', 'eve', 'dan']);
      return online.size === 2 && !online.has('bob');
    }, 10_000);
  });
});
