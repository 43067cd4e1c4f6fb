import type { Socket } from 'socket.io-client';
import { afterEach, expect, test } from 'vitest';
import type { Presence } from '../../src/protocol/index.ts';
import { type Edge, type Overrides, startEdge } from '../realtime/support.ts';
import { command, emit, next, until } from '../support/clients.ts';

let edge: Edge;
const start = async (overrides: Overrides = {}) => {
  edge = await startEdge(overrides);
  return edge;
};
afterEach(() => edge.close());

const updates = (socket: Socket) => {
  const all: string[] = [];
  socket.on('presence:updated', ({ user_id, status }: Presence) => all.push(`${user_id} ${status}`));
  return all;
};

test('who watches is told who is online, of a coming, and of a going once it is certain', async () => {
  const { connect, lastSeen } = await start();
  const ann = await connect('ann/s1');
  const told = updates(ann);
  const { items } = await command(ann, 'presence:watch', { user_ids: ['bob', 'ann', 'bob'] });
  expect(items).toEqual([
    { user_id: 'bob', status: 'offline', last_seen_at: null },
    { user_id: 'ann', status: 'online', last_seen_at: null },
  ]);
  const bob = await connect('bob/s2');
  await until(() => told.length === 1);
  const left = next<Presence>(ann, 'presence:updated');
  bob.disconnect();
  expect((await left).last_seen_at).toBe(lastSeen.get('bob'));
  expect(told).toEqual(['bob online', 'bob offline']);
  ann.disconnect();
});

test('with several devices only the last one’s going counts', async () => {
  const { connect } = await start();
  const ann = await connect('ann/s1');
  const told = updates(ann);
  const [laptop, phone] = [await connect('bob/s2'), await connect('bob/s3')];
  await command(ann, 'presence:watch', { user_ids: ['bob'] });
  laptop.disconnect();
  await new Promise(resolve => setTimeout(resolve, 500));
  expect((await command(ann, 'presence:get', { user_ids: ['bob'] })).items[0]?.status).toBe('online');
  expect(told).toEqual([]);
  phone.disconnect();
  await until(() => told.length === 1);
  expect(told).toEqual(['bob offline']);
  ann.disconnect();
});

test('a reload is no absence', async () => {
  const { connect, lastSeen } = await start({ offlineAfterMs: 1_000 });
  const ann = await connect('ann/s1');
  const told = updates(ann);
  const before = await connect('bob/s2');
  await command(ann, 'presence:watch', { user_ids: ['bob'] });
  before.disconnect();
  const after = await connect('bob/s2');
  await new Promise(resolve => setTimeout(resolve, 1_500));
  expect(told).toEqual([]);
  expect(lastSeen.has('bob')).toBe(false);
  after.disconnect();
  ann.disconnect();
});

test('nobody else is told, and nobody any more after unwatching or going', async () => {
  const { connect, cluster } = await start({ offlineAfterMs: 50 });
  const [ann, carl] = [await connect('ann/s1'), await connect('carl/s2')];
  const [toldAnn, toldCarl] = [updates(ann), updates(carl)];
  await command(ann, 'presence:watch', { user_ids: ['bob'] });
  await command(ann, 'presence:unwatch', { user_ids: ['bob'] });
  const bob = await connect('bob/s3');
  await until(async () => (await cluster.whoIsOnline(['bob'])).has('bob'));
  await new Promise(resolve => setTimeout(resolve, 300));
  expect([toldAnn, toldCarl]).toEqual([[], []]);
  for (const socket of [ann, bob, carl]) socket.disconnect();
});

test('a socket watches at most five hundred people, over all its calls', async () => {
  const { connect } = await start();
  const ann = await connect('ann/s1');
  const ids = (from: number, count: number) => Array.from({ length: count }, (_, index) => `u${from + index}`);
  expect((await emit(ann, 'presence:watch', { user_ids: ids(0, 500) })).ok).toBe(true);
  expect((await emit(ann, 'presence:watch', { user_ids: ids(0, 500) })).ok).toBe(true);
  expect(await emit(ann, 'presence:watch', { user_ids: ['one-more'] })).toMatchObject({
    ok: false,
    error: { code: 'limit_reached' },
  });
  expect(await emit(ann, 'presence:watch', { user_ids: ids(0, 501) })).toMatchObject({
    error: { code: 'invalid_input' },
  });
  await command(ann, 'presence:unwatch', { user_ids: ids(0, 1) });
  expect((await emit(ann, 'presence:watch', { user_ids: ['one-more'] })).ok).toBe(true);
  ann.disconnect();
});

test('[G11] an instance that died told nobody: its people are found gone', async () => {
  const { connect, cluster } = await start();
  const ann = await connect('ann/s1');
  await cluster.online('far', 'x1');
  expect((await command(ann, 'presence:watch', { user_ids: ['far'] })).items[0]?.status).toBe('online');
  const gone = next<Presence>(ann, 'presence:updated', () => true, 15_000);
  await cluster.offline('far', 'x1');
  expect(await gone).toMatchObject({ user_id: 'far', status: 'offline' });
  ann.disconnect();
});

test('when the server stops everybody is seen off, with the time', async () => {
  const { connect, realtime, lastSeen, cluster } = await start({ offlineAfterMs: 60_000 });
  await connect('bob/s1');
  await until(async () => (await cluster.socketsOf('bob')) === 1);
  await realtime.stop();
  await edge.close();
  expect(lastSeen.get('bob')).toMatch(/^\d{4}-/);
  expect(await cluster.socketsOf('bob')).toBe(0);
  edge = await startEdge();
});
