import { describe, expect, test } from 'vitest';
import { createWire } from '../../src/cluster/redis/wire.ts';
import { until } from '../support/clients.ts';
import { eventOf, linkSecret, listen, patient, useRedis } from './rig.ts';

const { newCluster, client } = useRedis();

describe('log events', () => {
  test('are heard here at once, and by those instances that watch the conversation, which do not hear themselves', async () => {
    const { open } = newCluster(patient);
    const [a, b, c] = [await open('a'), await open('b'), await open('c')];
    const [here, there, apart] = [listen(a), listen(b), listen(c)];
    await Promise.all([a.publisher.watch(['x']), b.publisher.watch(['x', 'y'])]);
    a.publisher.publish('x', [eventOf('x', 1), eventOf('x', 2)]);
    expect(here).toEqual(['x 1', 'x 2']);
    await until(() => there.length === 2);
    b.publisher.publish('x', [eventOf('x', 3)]);
    await until(() => here.length === 3);
    a.publisher.publish('y', [eventOf('y', 1)]);
    await until(() => there.includes('y 1 elsewhere'));
    expect(here).toEqual(['x 1', 'x 2', 'x 3 elsewhere', 'y 1']);
    expect(there).toEqual(['x 1 elsewhere', 'x 2 elsewhere', 'x 3', 'y 1 elsewhere']);
    expect(apart).toEqual([]);
  });

  test.each(['created', 'joined', 'left', 'removed', 'banned', 'unbanned', 'deleted'] as const)(
    '%s is heard by everybody, whoever watches, once',
    async kind => {
      const { open } = newCluster(patient);
      const [a, b, c] = [await open('a'), await open('b'), await open('c')];
      const [there, apart] = [listen(b), listen(c)];
      await b.publisher.watch(['x']);
      a.publisher.publish('x', [eventOf('x', 1), eventOf('x', 2, { kind, n: 1 })]);
      await until(() => apart.length === 2);
      expect([there, apart]).toEqual([
        ['x 1 elsewhere', 'x 2 elsewhere'],
        ['x 1 elsewhere', 'x 2 elsewhere'],
      ]);
    },
  );

  test('cost Redis nothing where nobody else listens, and whoever begins to listen misses nothing', async () => {
    const { open } = newCluster(patient);
    const [a, b] = [await open('a'), await open('b')];
    await a.publisher.watch(['x']);
    a.publisher.publish('x', [eventOf('x', 1)]);
    let seq = 1;
    await until(() => {
      seq += 1;
      a.publisher.publish('x', [eventOf('x', seq)]);
      return a.stats().spared > 0;
    });
    const before = a.stats().publications;
    for (let more = 0; more < 100; more += 1) {
      seq += 1;
      a.publisher.publish('x', [eventOf('x', seq)]);
    }
    expect(a.stats().publications).toBe(before);
    const heard = listen(b);
    await b.publisher.watch(['x']);
    // The last one that was spared comes after all: by it the newcomer sees how far the log reaches.
    await until(() => heard.includes(`x ${seq} elsewhere`));
    a.publisher.publish('x', [eventOf('x', seq + 1)]);
    await until(() => heard.includes(`x ${seq + 1} elsewhere`));
  });

  test('whatever is published after `watch` has resolved arrives, however the two interleave', async () => {
    const { open } = newCluster(patient);
    const [a, b] = [await open('a'), await open('b')];
    const heard = listen(b);
    for (let round = 0; round < 40; round += 1) {
      const id = `x${round}`;
      // What is published before comes at any moment of b's beginning to listen.
      const publishing = setInterval(() => a.publisher.publish(id, [eventOf(id, 1)]), 1);
      await new Promise(resolve => setTimeout(resolve, Math.random() * 10));
      await b.publisher.watch([id]);
      clearInterval(publishing);
      a.publisher.publish(id, [eventOf(id, 2)]);
      await until(() => heard.includes(`${id} 2 elsewhere`));
    }
  });

  test('nobody hears any more what nobody needs, some time later; needed again, it is heard as before', async () => {
    const { open, prefix } = newCluster({ ...patient, lingerMs: 100 });
    const [a, b] = [await open('a'), await open('b')];
    const redis = await client();
    const listeners = async (id: string) => (await redis.pubsub('NUMSUB', `${prefix}c:${id}`))[1];
    const heard = listen(b);
    await b.publisher.watch(['x', 'z']);
    expect([await listeners('x'), await listeners('z')]).toEqual([1, 1]);
    b.publisher.unwatch(['x', 'z']);
    await b.publisher.watch(['z']);
    await until(async () => (await listeners('x')) === 0);
    expect(await listeners('z')).toBe(1);
    await b.publisher.watch(['x']);
    a.publisher.publish('x', [eventOf('x', 2)]);
    await until(() => heard.includes('x 2 elsewhere'));
  });

  test('thousands of conversations are watched within the time of a few', async () => {
    const { open } = newCluster(patient);
    const [a, b] = [await open('a'), await open('b')];
    const heard = listen(b);
    const ids = Array.from({ length: 5_000 }, (_, index) => `x${index}`);
    const before = b.stats().commands;
    await Promise.all(ids.map(id => b.publisher.watch([id])));
    expect(b.stats().commands - before).toBeLessThan(20);
    await until(() => {
      a.publisher.publish('x4999', [eventOf('x4999', 1)]);
      return heard.includes('x4999 1 elsewhere');
    });
  });

  test('what a listener throws reaches neither the others nor the writer', async () => {
    const { open, errors } = newCluster(patient);
    const [a, b] = [await open('a'), await open('b')];
    for (const { publisher } of [a, b])
      publisher.subscribe(() => {
        throw new Error('fault');
      });
    const [here, there] = [listen(a), listen(b)];
    await b.publisher.watch(['x']);
    a.publisher.publish('x', [eventOf('x', 1)]);
    await until(() => there.length === 1);
    expect(here).toEqual(['x 1']);
    expect(errors).toHaveLength(2);
  });
});

describe('notices', () => {
  test('reach all instances, here at once; those about a conversation only where it is watched', async () => {
    const { open } = newCluster(patient);
    const [a, b, c] = [await open('a'), await open('b'), await open('c')];
    const heard: string[] = [];
    for (const [name, { cluster }] of Object.entries({ a, b, c })) {
      cluster.on('sessions:revoked', ({ session_ids }) => heard.push(`${name} ${session_ids}`));
      cluster.on('typing', ({ user_id }) => heard.push(`${name} ${user_id}`));
    }
    await b.publisher.watch(['x']);
    a.cluster.notify('typing', { conversation_id: 'x', user_id: 'ann', typing: true });
    a.cluster.notify('sessions:revoked', { session_ids: ['s1'], reason: 'signed_out' });
    expect(heard).toEqual(['a ann', 'a s1']);
    await until(() => heard.length === 5);
    expect(heard.slice(2).sort()).toEqual(['b ann', 'b s1', 'c s1']);
  });

  test('a listener that stopped hears nothing more, and one that throws keeps them from nobody', async () => {
    const { open, errors } = newCluster(patient);
    const [a, b] = [await open('a'), await open('b')];
    const heard: string[] = [];
    b.cluster.on('presence', () => {
      throw new Error('fault');
    });
    const stop = b.cluster.on('presence', ({ user_id }) => heard.push(user_id));
    a.cluster.notify('presence', { user_id: 'bob' });
    await until(() => heard.length === 1);
    stop();
    a.cluster.notify('presence', { user_id: 'eve' });
    await until(() => errors.length === 2);
    expect(heard).toEqual(['bob']);
  });
});

test('what makes no sense, or was not said by one of ours, is counted and dropped, whatever it is', async () => {
  const { open, prefix, errors } = newCluster(patient);
  const a = await open('a');
  const heard = listen(a);
  const noticed: unknown[] = [];
  a.cluster.on('sessions:revoked', notice => noticed.push(notice));
  a.cluster.on('receipts', notice => noticed.push(notice));
  await a.publisher.watch(['x']);
  const redis = await client();
  const event = eventOf('x', 5);
  const wire = createWire('someoneelse0', linkSecret);
  const events = [
    [],
    {},
    null,
    [null],
    [{ ...event, seq: '5' }],
    [{ ...event, seq: 0 }],
    [{ ...event, kind: 'constructor' }],
    [{ ...event, payload: [] }],
    [{ ...event, id: undefined }],
    [event, { ...event, seq: 7 }],
    [event, { ...event, seq: 6, conversation_id: 'y' }],
  ].map(content => wire.encode('events', content));
  const notices = [
    ['toString', {}],
    ['__proto__', {}],
    ['sessions:revoked'],
    ['sessions:revoked', null],
    ['sessions:revoked', { session_ids: 'all', reason: 'signed_out' }],
    ['sessions:revoked', { session_ids: ['s'], reason: 'whim' }],
    ['receipts', { conversation_id: 'x', receipts: [{ user_id: 'u', read_seq: -1, delivered_seq: 0 }] }],
  ].map(content => wire.encode('notice', content));
  const listening = [{}, [1], true, null].map(content => wire.encode('listening', content));
  const sealed = wire.encode('events', [event]);
  const strangers = [
    sealed.slice(0, 12) + sealed.slice(34),
    createWire('someoneelse0', 'a secret of others').encode('events', [event]),
    sealed.replace('"seq":5', '"seq":6'),
    sealed.replace('someoneelse0', 'someoneelse1'),
    ...['', '\0', 'e', 'e[', 'z[]', 'e'.repeat(100_000)].map(body => `someoneelse0${body}`),
  ];
  const all = [...events, ...notices, ...listening, ...strangers];
  for (const channel of [`${prefix}all`, `${prefix}c:x`])
    for (const message of all) await redis.publish(channel, message);
  await redis.publish(`${prefix}all`, Buffer.from([0xff, 0xfe, 0x00, 0x80]));
  await redis.publish(`${prefix}all`, sealed);
  await until(() => heard.length > 0);
  expect(heard).toEqual(['x 5 elsewhere']);
  expect(noticed).toEqual([]);
  expect(errors).toEqual([]);
  expect(a.stats().malformed).toBe(2 * all.length + 1);
});
