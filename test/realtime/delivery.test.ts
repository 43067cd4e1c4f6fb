import { afterEach, describe, expect, test } from 'vitest';
import type { Log } from '../../src/ports/log.ts';
import type { LogEvent } from '../../src/protocol/index.ts';
import { next, until } from '../support/clients.ts';
import { type Edge, type Overrides, range, received, seqs, startEdge } from './support.ts';

let edge: Edge;
const start = async (overrides: Overrides = {}) => {
  edge = await startEdge(overrides);
  return edge;
};
afterEach(() => edge.close());

describe.each(['websocket', 'polling'])('over %s', transport => {
  const options = { transports: [transport] };

  test('[G12] publications in any order, doubled and with gaps, reach a socket in seq order, each once', async () => {
    const { seat, store, publisher, connect } = await start();
    seat('bob', 'c1');
    const socket = await connect('bob/s1', options);
    const events = received(socket, 'c1');
    const stored = await store(
      'c1',
      Array.from({ length: 60 }, () => ({})),
    );
    const part = (from: number, to: number) => publisher.publish('c1', stored.slice(from - 1, to));
    part(1, 2);
    part(9, 12);
    part(3, 4);
    part(3, 4);
    part(30, 40);
    part(1, 12);
    part(60, 60);
    await until(() => events.length >= 60);
    expect(seqs(events)).toEqual(range(1, 60));
    socket.disconnect();
  });

  test('[G12] a socket gets what is appended after its CONNECT, and nothing from before', async () => {
    const { seat, say, connect } = await start();
    seat('bob', 'c1');
    await say('c1', {}, {}, {});
    const socket = await connect('bob/s1', options);
    const events = received(socket, 'c1');
    await say('c1', {}, {});
    await until(() => events.length >= 2);
    expect(seqs(events)).toEqual([4, 5]);
    socket.disconnect();
  });

  test('events carry names, and their name on the wire says what they are', async () => {
    const { say, connect } = await start();
    const socket = await connect('bob/s1', options);
    const message = next<LogEvent>(socket, 'message:created');
    const [stored] = await say('lobby', { payload: { message: 'Grüße, 世界 🎉' } });
    expect(await message).toMatchObject({
      id: stored?.id,
      seq: 1,
      n: 1,
      kind: 'message',
      message: 'Grüße, 世界 🎉',
      from: { id: 'ann', username: 'ann', full_name: 'Full ann' },
    });
    socket.disconnect();
  });

  test('a long text crosses every length class of a frame', async () => {
    const { say, connect } = await start();
    const socket = await connect('bob/s1', options);
    const texts = ['a', 'b'.repeat(126), 'c'.repeat(8_000), '𐍈'.repeat(30_000)];
    const got: string[] = [];
    socket.on('message:created', ({ message }) => got.push(message));
    for (const message of texts) await say('lobby', { payload: { message } });
    await until(() => got.length === texts.length);
    expect(got).toEqual(texts);
    socket.disconnect();
  });
});

test('[G12] a seq that nobody published is fetched once the feed tells of it', async () => {
  const { seat, store, say, connect } = await start({ settings: { headsIntervalMs: 900 } });
  seat('bob', 'c1');
  const socket = await connect('bob/s1');
  const events = received(socket, 'c1');
  await say('c1');
  await store(
    'c1',
    Array.from({ length: 250 }, () => ({})),
  );
  await until(() => events.length >= 251);
  expect(seqs(events)).toEqual(range(1, 251));
  socket.disconnect();
});

test('[G12] while a gap is fetched later events wait, and one fetch is in flight', async () => {
  let fetching = 0;
  let most = 0;
  const slow = (log: Log): Log => ({
    ...log,
    epoch: log.epoch,
    async range(...args) {
      fetching += 1;
      most = Math.max(most, fetching);
      await new Promise(resolve => setTimeout(resolve, 50));
      fetching -= 1;
      return log.range(...args);
    },
  });
  const { seat, store, publisher, connect } = await start({ log: slow });
  seat('bob', 'c1');
  const socket = await connect('bob/s1');
  const events = received(socket, 'c1');
  const stored = await store(
    'c1',
    Array.from({ length: 20 }, () => ({})),
  );
  for (const seq of [5, 9, 20, 7, 12]) publisher.publish('c1', stored.slice(seq - 1, seq));
  await until(() => events.length >= 20);
  expect(seqs(events)).toEqual(range(1, 20));
  expect(most).toBe(1);
  socket.disconnect();
});

test('[G12] a fetch that fails is tried again, and nothing is skipped', async () => {
  let failures = 2;
  const flaky = (log: Log): Log => ({
    ...log,
    epoch: log.epoch,
    async range(...args) {
      failures -= 1;
      if (failures >= 0) throw new Error('disk');
      return log.range(...args);
    },
  });
  const { seat, store, publisher, connect } = await start({ log: flaky });
  seat('bob', 'c1');
  const socket = await connect('bob/s1');
  const events = received(socket, 'c1');
  const stored = await store('c1', [{}, {}, {}]);
  publisher.publish('c1', stored.slice(2));
  await until(() => events.length >= 3);
  expect(seqs(events)).toEqual([1, 2, 3]);
  socket.disconnect();
});

test('[G12] names that take time to look up, in turns, change no order', async () => {
  const names = (id: string) => ({ id, username: id, full_name: id });
  const { presentEvent } = await import('../../src/messages/present-event.ts');
  let turn = 0;
  const { seat, say, connect } = await start({
    present: events => {
      turn += 1;
      const presented = events.map(event => presentEvent(event, 'e', names));
      return turn % 2 ? new Promise(resolve => setTimeout(resolve, 20, presented)) : presented;
    },
  });
  seat('bob', 'c1');
  const socket = await connect('bob/s1');
  const events = received(socket, 'c1');
  for (let at = 0; at < 12; at += 1) await say('c1', {}, {});
  await until(() => events.length >= 24);
  expect(seqs(events)).toEqual(range(1, 24));
  socket.disconnect();
});

test('[G9] a kick holds from its seq: the kicked one gets the kick and nothing after, the others get all', async () => {
  const { seat, say, connect } = await start();
  seat('bob', 'c1');
  seat('eve', 'c1');
  const bob = await connect('bob/s1');
  const eve = await connect('eve/s2');
  const [ofBob, ofEve] = [received(bob, 'c1'), received(eve, 'c1')];
  await say('c1', {}, { kind: 'removed', payload: { user_id: 'eve' } }, {}, {});
  await say('c1');
  await until(() => ofBob.length >= 5);
  await say('lobby');
  await next(eve, 'message:created');
  expect(seqs(ofBob)).toEqual(range(1, 5));
  expect(seqs(ofEve)).toEqual([1, 2]);
  bob.disconnect();
  eve.disconnect();
});

test('[G9] kicked while others send: nothing above the kick reaches any of their devices', async () => {
  const { seat, say, connect } = await start();
  seat('bob', 'c1');
  seat('eve', 'c1');
  const bob = await connect('bob/s1');
  const devices = await Promise.all([connect('eve/s2'), connect('eve/s3', { transports: ['polling'] })]);
  const views = devices.map(device => received(device, 'c1'));
  const ofBob = received(bob, 'c1');
  const sends = Array.from({ length: 30 }, (_, index) =>
    say('c1', index === 15 ? { kind: 'banned', payload: { user_id: 'eve' } } : {}),
  );
  const kick = (await sends[15])?.[0]?.seq ?? 0;
  await Promise.all(sends);
  await until(() => ofBob.length >= 30);
  expect(seqs(ofBob)).toEqual(range(1, 30));
  await say('lobby');
  await Promise.all(devices.map((_, index) => until(() => (views[index]?.length ?? 0) >= kick)));
  for (const view of views) expect(seqs(view)).toEqual(range(1, kick));
  for (const socket of [bob, ...devices]) socket.disconnect();
});

test('who is added gets the joining event itself and what follows, also where nobody here was in it before', async () => {
  const { say, connect } = await start();
  await say('c1', { kind: 'created', from: 'ann', payload: { conversation_kind: 'group' } }, {});
  const bob = await connect('bob/s1');
  const events = received(bob, 'c1');
  await say('c1', { kind: 'joined', payload: { user_id: 'bob', role: 'member' } });
  await say('c1');
  await until(() => events.length >= 2);
  expect(seqs(events)).toEqual([3, 4]);
  bob.disconnect();
});

test('the creator of a conversation gets its first event', async () => {
  const { say, connect } = await start();
  const ann = await connect('ann/s1');
  const created = next<LogEvent>(ann, 'conversation:created');
  await say('c9', { kind: 'created', from: 'ann', payload: { conversation_kind: 'room', name: 'r' } });
  expect(await created).toMatchObject({ conversation_id: 'c9', seq: 1 });
  ann.disconnect();
});

test('the only member here, removed and added again in one batch, misses nothing that is theirs', async () => {
  const { seat, say, connect } = await start();
  seat('bob', 'c1');
  const bob = await connect('bob/s1');
  const events = received(bob, 'c1');
  await say(
    'c1',
    {},
    { kind: 'removed', payload: { user_id: 'bob' } },
    {},
    { kind: 'joined', payload: { user_id: 'bob' } },
    {},
  );
  await until(() => events.length >= 4);
  expect(seqs(events)).toEqual([1, 2, 4, 5]);
  bob.disconnect();
});

test('a deleted conversation says so to everybody, and is over', async () => {
  const { seat, say, connect, sockets } = await start();
  seat('bob', 'c1');
  const bob = await connect('bob/s1');
  const gone = next(bob, 'conversation:removed');
  await say('c1', { kind: 'deleted' });
  await gone;
  expect(sockets.rooms.has('c1')).toBe(false);
  bob.disconnect();
});

test('a banned user is not in the lobby, and is again once the ban is lifted', async () => {
  const { banned, say, connect } = await start();
  banned.add('eve');
  const eve = await connect('eve/s1');
  const events = received(eve, 'lobby');
  await say('lobby');
  await say('lobby', { kind: 'unbanned', payload: { user_id: 'eve' } });
  await say('lobby');
  await until(() => events.length >= 2);
  expect(seqs(events)).toEqual([2, 3]);
  eve.disconnect();
});

test('a room that nobody here is in any more is forgotten', async () => {
  const { seat, connect, sockets } = await start();
  seat('bob', 'c1', 'c2');
  const bob = await connect('bob/s1');
  expect([...sockets.rooms.keys()].sort()).toEqual(['c1', 'c2', 'lobby']);
  bob.disconnect();
  await until(() => sockets.rooms.size === 0);
});

test('with batch: true several events that are ready at once come as one log:batch, in order', async () => {
  const { seat, say, connect } = await start();
  seat('bob', 'c1');
  const batched = await connect('bob/s1', { auth: { batch: true } });
  const plain = await connect('bob/s2');
  const packets: string[] = [];
  batched.onAny(name => packets.push(name));
  const [ofBatched, ofPlain] = [received(batched, 'c1'), received(plain, 'c1')];
  await say('c1', {}, {}, {}, {});
  await say('c1');
  await until(() => ofBatched.length >= 5 && ofPlain.length >= 5);
  expect(packets).toEqual(['log:batch', 'message:created']);
  expect(seqs(ofBatched)).toEqual(range(1, 5));
  expect(ofPlain).toEqual(ofBatched);
  batched.disconnect();
  plain.disconnect();
});

test('an idle socket is told the heads that changed among its own conversations', async () => {
  const { seat, say, connect, log } = await start({ settings: { headsIntervalMs: 600 } });
  seat('bob', 'c1');
  const bob = await connect('bob/s1');
  const digests: { epoch: string; heads: Record<string, number> }[] = [];
  bob.on('heads', digest => digests.push(digest));
  await say('c1', {}, {});
  await say('foreign', {}, {});
  await until(() => digests.length > 0);
  expect(digests[0]).toEqual({ epoch: log.epoch, heads: { c1: 2 } });
  bob.disconnect();
});
