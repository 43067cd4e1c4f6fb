import type { Socket } from 'socket.io-client';
import { afterEach, expect, test, vi } from 'vitest';
import type { Stores } from '../../src/open-stores.ts';
import type { Presence } from '../../src/protocol/index.ts';
import { createWire, type Instances, startLinked } from '../realtime/linked.ts';
import { command, connect, next, signUp, until } from '../support/clients.ts';

// Each test starts several servers.
vi.setConfig({ testTimeout: 60_000 });

let instances: Instances;
/** The dates that were written of each user, in order. */
let written: Map<string, string[]>;
let writes: number;

const counting = (stores: Stores): Stores => {
  const { storage } = stores;
  const setLastSeen = (seen: Map<string, string>) => {
    writes += 1;
    for (const [id, at] of seen) written.set(id, [...(written.get(id) ?? []), at]);
    return storage.users.setLastSeen(seen);
  };
  return { ...stores, storage: { ...storage, users: { ...storage.users, setLastSeen } } };
};

const start = async (wire = createWire()) => {
  written = new Map();
  writes = 0;
  instances = await startLinked(2, {}, wire, { wrap: counting });
  const [a, b] = instances.servers;
  if (!a || !b) throw new Error('two at least');
  const [ann, bob] = await Promise.all([signUp(a), signUp(a)]);
  return { a, b, ann, bob, wire };
};
afterEach(() => instances.close());

const updates = (socket: Socket) => {
  const all: string[] = [];
  socket.on('presence:updated', ({ status }: Presence) => all.push(status));
  return all;
};

test('who watches on one instance is told who comes and goes on another; with devices on both only the last going counts', async () => {
  const { a, b, ann, bob } = await start();
  const annA = await connect(a, ann.token);
  const told = updates(annA);
  await command(annA, 'presence:watch', { user_ids: [bob.id] });
  const [onA, onB] = [await connect(a, bob.token), await connect(b, bob.token)];
  await until(() => told.length > 0);
  onA.disconnect();
  await new Promise(resolve => setTimeout(resolve, 4_000));
  expect([told, written.has(bob.id)]).toEqual([['online'], false]);
  onB.disconnect();
  await until(() => told.length > 1, 8_000);
  expect(told).toEqual(['online', 'offline']);
  expect(written.get(bob.id)).toHaveLength(1);
  annA.disconnect();
});

test('[G11] within 15 s nobody is online who was on an instance that died', async () => {
  const { a, b, ann, bob, wire } = await start();
  const [annA, bobB] = [await connect(a, ann.token), await connect(b, bob.token)];
  await until(async () => {
    const { items } = await command(annA, 'presence:watch', { user_ids: [bob.id] });
    return items[0]?.status === 'online';
  });
  const gone = next<Presence>(annA, 'presence:updated', ({ status }) => status === 'offline', 15_000);
  wire.kill('i2');
  expect((await gone).user_id).toBe(bob.id);
  annA.disconnect();
  bobB.disconnect();
});

test('while the link is down nobody is said to have gone who is only not heard of', async () => {
  const { a, b, ann, bob, wire } = await start();
  const [annA, bobB] = [await connect(a, ann.token), await connect(b, bob.token)];
  await until(async () => {
    const { items } = await command(annA, 'presence:watch', { user_ids: [bob.id] });
    return items[0]?.status === 'online';
  });
  const told = updates(annA);
  wire.cut('i1', 'i2');
  await new Promise(resolve => setTimeout(resolve, 6_000));
  expect(told).toEqual([]);
  wire.heal();
  bobB.disconnect();
  await until(() => told.length > 0, 15_000);
  expect(told).toEqual(['offline']);
  annA.disconnect();
});

test('a stop of an instance with many people writes their absence together, and of nobody who is elsewhere', async () => {
  const { a, b, ann, bob } = await start();
  const people = await Promise.all(Array.from({ length: 20 }, () => signUp(a)));
  const sockets = await Promise.all([bob, ...people].map(({ token }) => connect(b, token)));
  const [annA, bobA] = [await connect(a, ann.token), await connect(a, bob.token)];
  const told = updates(annA);
  await command(annA, 'presence:watch', { user_ids: [bob, ...people].map(({ id }) => id) });
  writes = 0;
  await instances.servers[1]?.app.close();
  await until(() => told.length === people.length);
  expect(writes).toBeLessThanOrEqual(2);
  expect([...written.keys()].sort()).toEqual(people.map(({ id }) => id).sort());
  for (const socket of [...sockets, annA, bobA]) socket.disconnect();
});
