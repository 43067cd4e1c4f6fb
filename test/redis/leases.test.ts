import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { until } from '../support/clients.ts';
import { startInstance } from './child.ts';
import { patient, promptly, timed, useRedis } from './rig.ts';

const { newCluster, client, server } = useRedis();

/** A job that lasts until it is let go. */
const newJob = () => {
  let finish: () => void = () => undefined;
  let started = 0;
  const ended = new Promise<void>(resolve => {
    finish = resolve;
  });
  const job = () => {
    started += 1;
    return ended;
  };
  return { job, finish, hasBegun: () => started > 0 };
};

describe('a lock', () => {
  test('excludes over all instances until its job ended, also by an error', async () => {
    const { open } = newCluster(patient);
    const [a, b] = [(await open('a')).cluster, (await open('b')).cluster];
    const { job, finish, hasBegun } = newJob();
    const first = a.withLock('l', job);
    await until(hasBegun);
    expect(await b.withLock('l', async () => undefined)).toBe(false);
    expect(await a.withLock('l', async () => undefined)).toBe(false);
    expect(await b.withLock('other', async () => undefined)).toBe(true);
    finish();
    expect(await first).toBe(true);
    await expect(
      b.withLock('l', async () => {
        throw new Error('fault');
      }),
    ).rejects.toThrow('fault');
    expect(await a.withLock('l', async () => undefined)).toBe(true);
  });

  test('of many that ask at once one gets', async () => {
    const { open } = newCluster(patient);
    const instances = [await open('a'), await open('b'), await open('c')];
    const { job, finish, hasBegun } = newJob();
    const got = Array.from({ length: 30 }, (_, index) => instances[index % 3]!.cluster.withLock('l', job));
    await until(hasBegun);
    expect(await instances[0]!.cluster.withLock('l', job)).toBe(false);
    finish();
    expect((await Promise.all(got)).filter(Boolean)).toHaveLength(1);
  });

  test('is held for as long as its job lasts, longer than its lease', async () => {
    const { open, prefix } = newCluster(patient);
    const [a, b] = [(await open('a')).cluster, (await open('b')).cluster];
    const { job, finish } = newJob();
    const first = a.withLock('l', job);
    const redis = await client();
    await until(async () => (await redis.pttl(`${prefix}lock:l`)) > 0);
    for (const end = performance.now() + 8_000; performance.now() < end; ) {
      expect(await b.withLock('l', async () => undefined)).toBe(false);
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    finish();
    expect(await first).toBe(true);
  });

  test('rejects where another instance took it over, and does not take it back', async () => {
    const { open, prefix } = newCluster(patient);
    const a = (await open('a')).cluster;
    const redis = await client();
    const { job } = newJob();
    const first = a.withLock('l', job);
    await until(async () => (await redis.exists(`${prefix}lock:l`)) === 1);
    await redis.set(`${prefix}lock:l`, 'somebody else');
    await expect(first).rejects.toThrow(/took the lock 'l' over/);
    expect(await redis.get(`${prefix}lock:l`)).toBe('somebody else');
  });

  test('[G8] is given to nobody while Redis is down, at once, and again when it is back', async () => {
    const { open } = newCluster();
    const a = (await open('a')).cluster;
    await server().kill();
    await until(() => !a.healthy());
    const { value, ms } = await timed(() => a.withLock('l', async () => undefined));
    expect(value).toBe(false);
    expect(ms).toBeLessThan(promptly);
    await server().start();
    await until(() => a.healthy());
    await until(() => a.withLock('l', async () => undefined));
  });
});

describe('an INSTANCE_ID', () => {
  test('is held by one: a second waits for a lease to run out, and then refuses', async () => {
    const { open } = newCluster(patient);
    const [first, second, other] = [await open('a'), await open('a'), await open('b')];
    await first.claim();
    await other.claim();
    const { ms } = await timed(() =>
      expect(second.claim()).rejects.toThrow(/another running instance .*INSTANCE_ID: a/i),
    );
    expect(ms).toBeGreaterThan(6_000);
    expect(ms).toBeLessThan(20_000);
  });

  test('is free at once where its holder closed, and after its lease where it was killed', async () => {
    const { open, prefix } = newCluster(patient);
    const first = await open('a');
    await first.claim();
    await first.close();
    const child = await startInstance(server().url, prefix, 'a');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const third = await open('a');
    const { ms } = await timed(() => third.claim());
    expect(ms).toBeGreaterThan(1_000);
    expect(ms).toBeLessThan(15_000);
  });

  test('whoever stood still while another one took it is told, once', async () => {
    const { open, prefix } = newCluster(patient);
    const first = await open('a');
    let lost = 0;
    first.onLost(() => {
      lost += 1;
    });
    await first.claim();
    const redis = await client();
    await redis.set(`${prefix}instance:a`, 'somebody else');
    await until(() => lost > 0);
    await new Promise(resolve => setTimeout(resolve, 2_000));
    expect(lost).toBe(1);
    await first.close();
    expect(await redis.get(`${prefix}instance:a`)).toBe('somebody else');
  });

  test('[G8] is claimed when Redis is back, where it was down; a Redis that forgot it takes it from nobody', async () => {
    const { open, prefix } = newCluster();
    await server().kill();
    const warnings: string[] = [];
    const logger = { info: () => undefined, warn: (event: string) => void warnings.push(event) };
    const { value: first, ms } = await timed(() => open('a', { logger }));
    expect(ms).toBeLessThan(5_000);
    let lost = 0;
    first.onLost(() => {
      lost += 1;
    });
    await first.claim();
    expect(warnings).toEqual(['redis_down', 'instance_id_unclaimed']);
    await server().start();
    const redis = await client();
    await until(async () => (await redis.exists(`${prefix}instance:a`)) === 1);
    await redis.flushall();
    await until(async () => (await redis.exists(`${prefix}instance:a`)) === 1);
    expect(lost).toBe(0);
  });
});
