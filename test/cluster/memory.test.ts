import { describe, expect, test } from 'vitest';
import { createMemoryCluster } from '../../src/cluster/memory.ts';
import { createMemoryPublisher } from '../../src/cluster/memory-publisher.ts';
import { createTokenBuckets } from '../../src/cluster/token-buckets.ts';

const at = (now = 0) => {
  const clock = { time: now, now: () => clock.time };
  return clock;
};

describe('token buckets', () => {
  test('let a burst through, then the rate, and say how long to wait', () => {
    const clock = at();
    const { take } = createTokenBuckets({ clock });
    const bucket = { rate: 10, burst: 3 };
    expect([1, 2, 3, 4].map(() => take('k', bucket))).toEqual([0, 0, 0, 100]);
    clock.time = 99;
    expect(take('k', bucket)).toBe(1);
    clock.time = 100;
    expect(take('k', bucket)).toBe(0);
    expect(take('k', bucket)).toBe(100);
    expect(take('other', bucket)).toBe(0);
  });

  test('a refusal takes nothing, and a clock that goes back gives nothing', () => {
    const clock = at(1_000);
    const { take } = createTokenBuckets({ clock });
    const bucket = { rate: 1, burst: 1 };
    take('k', bucket);
    for (let count = 0; count < 5; count += 1) expect(take('k', bucket)).toBe(1_000);
    clock.time = 0;
    expect(take('k', bucket)).toBe(1_000);
    clock.time = 2_000;
    expect(take('k', bucket)).toBe(0);
  });

  test('a cost above the burst is late, not impossible', () => {
    const clock = at();
    const { take } = createTokenBuckets({ clock });
    const bucket = { rate: 10, burst: 5 };
    expect(take('k', bucket, 10)).toBe(0);
    expect(take('k', bucket)).toBe(600);
  });

  test('keys that are full again are forgotten, so that memory follows the load', () => {
    const clock = at();
    const { take, size } = createTokenBuckets({ clock });
    for (let count = 0; count < 100_000; count += 1) {
      clock.time = count;
      take(`k${count}`, { rate: 10, burst: 1 });
    }
    expect(size()).toBeLessThan(11_000);
  });
});

describe('the cluster of one instance', () => {
  test('notices go round at once, and a listener that throws keeps them from nobody', () => {
    const errors: unknown[] = [];
    const cluster = createMemoryCluster({
      instance_id: 'a1',
      clock: at(),
      onListenerError: error => errors.push(error),
    });
    const got: string[] = [];
    cluster.on('presence', () => {
      throw new Error('fault');
    });
    const stop = cluster.on('presence', ({ user_id }) => got.push(user_id));
    cluster.notify('presence', { user_id: 'bob' });
    stop();
    cluster.notify('presence', { user_id: 'eve' });
    expect(got).toEqual(['bob']);
    expect(errors).toHaveLength(2);
  });

  test('leases are per socket', async () => {
    const cluster = createMemoryCluster({ instance_id: 'a1', clock: at() });
    await cluster.online('bob', 'x');
    await cluster.online('bob', 'y');
    await cluster.online('bob', 'y');
    expect(await cluster.socketsOf('bob')).toBe(2);
    await cluster.offline('bob', 'x');
    expect(await cluster.whoIsOnline(['bob', 'eve'])).toEqual(new Set(['bob']));
    await cluster.offline('bob', 'y');
    expect(await cluster.whoIsOnline(['bob'])).toEqual(new Set());
  });

  test('a lock excludes until its job ended, also by an error', async () => {
    const cluster = createMemoryCluster({ instance_id: 'a1', clock: at() });
    let release: (() => void) | undefined;
    const first = cluster.withLock(
      'l',
      () =>
        new Promise(resolve => {
          release = resolve;
        }),
    );
    expect(await cluster.withLock('l', async () => undefined)).toBe(false);
    release?.();
    expect(await first).toBe(true);
    const failing = cluster.withLock('l', async () => {
      throw new Error('fault');
    });
    await expect(failing).rejects.toThrow('fault');
    expect(await cluster.withLock('l', async () => undefined)).toBe(true);
  });
});

test('the publisher tells every subscriber, whatever another one throws', () => {
  const errors: unknown[] = [];
  const publisher = createMemoryPublisher({ onListenerError: error => errors.push(error) });
  const got: string[] = [];
  publisher.subscribe(() => {
    throw new Error('fault');
  });
  const stop = publisher.subscribe(conversation_id => got.push(conversation_id));
  publisher.publish('c1', []);
  stop();
  publisher.publish('c2', []);
  expect(got).toEqual(['c1']);
  expect(errors).toHaveLength(2);
});
