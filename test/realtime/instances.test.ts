import type { Socket } from 'socket.io-client';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { LogEvent } from '../../src/protocol/index.ts';
import { api, clientId, command, connect, emit, next, type Person, signIn, signUp, until } from '../support/clients.ts';
import { createWire, type Instances, seeded, startLinked } from './linked.ts';
import { range, received, seqs } from './support.ts';

// Each test starts several servers.
vi.setConfig({ testTimeout: 60_000 });

let instances: Instances;
const start = async (...parts: Parameters<typeof startLinked>) => {
  instances = await startLinked(...parts);
  const [a, b, c] = instances.servers;
  if (!a || !b) throw new Error('two at least');
  return { ...instances, a, b, c: c ?? b };
};
afterEach(() => instances.close());

const say = (socket: Socket, conversation_id: string, message = 'hi') =>
  command(socket, 'message:send', { conversation_id, message, client_id: clientId() });

const group = async (owner: Socket, ...members: Person[]) =>
  (await command(owner, 'conversation:create', { kind: 'group', name: 'g', members: members.map(({ id }) => id) })).id;

const disconnect = (...sockets: Socket[]) => {
  for (const socket of sockets) socket.disconnect();
};

describe.each([2, 3])('%i instances', count => {
  test('[G12] [G4] many senders everywhere, packets lost, doubled and overtaken: every device sees each event once, in order', async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 100_000);
    const random = seeded(seed);
    const wire = createWire({ random });
    const { servers, a } = await start(count, { headsIntervalMs: 1_000 }, wire);
    const people = await Promise.all(Array.from({ length: 4 }, () => signUp(a)));
    const devices = await Promise.all(
      people.flatMap((person, index) =>
        servers.map((server, at) =>
          connect(server, person.token, {
            transports: [(index + at) % 3 === 0 ? 'polling' : 'websocket'],
            auth: { batch: index % 2 === 0 },
          }),
        ),
      ),
    );
    const conversations = [await group(devices[0] as Socket, ...people), await group(devices[1] as Socket, ...people)];
    const views = conversations.map(id => devices.map(device => received(device, id)));
    await Promise.all(devices.map(device => command(device, 'conversation:list', {})));
    Object.assign(wire.faults, { drop: 0.2, duplicate: 0.2, delayMs: 40 });

    const sends = Array.from({ length: 160 }, async (_, index) => {
      await new Promise(resolve => setTimeout(resolve, index * 6 * random()));
      const device = devices[Math.floor(random() * devices.length)] as Socket;
      return say(device, conversations[index % 2] as string, `m${index}`);
    });
    const acked = await Promise.all(sends);
    try {
      for (const [index, id] of conversations.entries()) {
        const mine = acked.filter(({ conversation_id }) => conversation_id === id);
        const last = Math.max(...seqs(mine));
        for (const view of views[index] ?? []) {
          await until(() => (view.at(-1)?.seq ?? 0) >= last, 10_000);
          expect(seqs(view)).toEqual(range(view[0]?.seq ?? 0, last));
          for (const { id: sent } of mine) expect(view.filter(event => event.id === sent)).toHaveLength(1);
        }
      }
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
    disconnect(...devices);
  });
});

test('[G8] with the link cut sends are acked, those here get them at once, those elsewhere within seconds, and all once it is back', async () => {
  const { a, b, wire } = await start(2);
  const [ann, bob] = [await signUp(a), await signUp(a)];
  const [annA, bobA, bobB] = [await connect(a, ann.token), await connect(a, bob.token), await connect(b, bob.token)];
  const id = await group(annA, bob);
  await until(() => wire.watchedBy('i2').has(id));
  const [here, there] = [received(bobA, id), received(bobB, id)];
  await say(annA, id);
  await until(() => there.length > 0, 1_000);

  wire.cut('i1', 'i2');
  const started = performance.now();
  const { seq } = await say(annA, id);
  await until(() => here.at(-1)?.seq === seq, 500);
  await until(() => there.at(-1)?.seq === seq, 3_000);
  expect(performance.now() - started).toBeLessThan(3_000);

  await say(annA, id);
  wire.heal();
  const { seq: last } = await say(annA, id);
  await until(() => there.at(-1)?.seq === last && here.at(-1)?.seq === last);
  expect(seqs(there)).toEqual(range(there[0]?.seq ?? 0, last));
  disconnect(annA, bobA, bobB);
});

test('[G8] after the link was down a device is told at once where its conversations end', async () => {
  const { a, b, wire } = await start(2, { headsIntervalMs: 300_000 });
  const [ann, bob] = [await signUp(a), await signUp(a)];
  const [annA, bobB] = [await connect(a, ann.token), await connect(b, bob.token)];
  const id = await group(annA, bob);
  await until(() => wire.watchedBy('i2').has(id));
  const events = received(bobB, id);
  const told = next<{ heads: Record<string, number> }>(bobB, 'heads', ({ heads }) => id in heads, 8_000);
  wire.cut('i1', 'i2');
  const { seq } = await say(annA, id);
  // Long enough for the link to be found down.
  await new Promise(resolve => setTimeout(resolve, 600));
  wire.heal();
  expect((await told).heads[id]).toBe(seq);
  await until(() => events.at(-1)?.seq === seq);
  disconnect(annA, bobB);
});

test('[G9] kicked on one instance while sending on another: nothing of theirs after the kick, nothing to them after it', async () => {
  const { a, b, c, wire } = await start(3);
  wire.faults.delayMs = 20;
  const [ann, eve] = [await signUp(a), await signUp(a)];
  const [annA, annC, eveB, eveC] = [
    await connect(a, ann.token),
    await connect(c, ann.token),
    await connect(b, eve.token),
    await connect(c, eve.token),
  ];
  const id = await group(annA, eve);
  await until(() => wire.watchedBy('i2').has(id) && wire.watchedBy('i3').has(id));
  const [ofAnn, ...ofEve] = [annC, eveB, eveC].map(socket => received(socket, id)) as [LogEvent[], ...LogEvent[][]];
  let isKicked = false;
  const eveSends = (async () => {
    const results = [];
    while (!isKicked || results.length < 20)
      results.push(await emit(eveB, 'message:send', { conversation_id: id, message: 'more', client_id: clientId() }));
    return results;
  })();
  const annSends = (async () => {
    while (!isKicked) await say(annA, id);
  })();
  await until(() => ofAnn.length > 10);
  await command(annA, 'conversation:kick', { conversation_id: id, user_id: eve.id });
  isKicked = true;
  await annSends;
  const last = await say(annA, id);
  const results = await eveSends;
  expect(results.at(-1)).toMatchObject({ ok: false, error: { code: 'not_found' } });
  await until(() => ofAnn.at(-1)?.seq === last.seq);
  const kick = ofAnn.find(event => event.kind === 'removed')?.seq ?? 0;
  expect(kick).toBeGreaterThan(0);
  expect(ofAnn.filter(event => event.seq > kick && event.from.id === eve.id)).toEqual([]);
  await Promise.all([eveB, eveC].map(socket => say(socket, 'lobby')));
  for (const view of ofEve) {
    await until(() => view.at(-1)?.seq === kick);
    expect(seqs(view)).toEqual(range(view[0]?.seq ?? 0, kick));
  }
  disconnect(annA, annC, eveB, eveC);
});

test('[G9] a session that ended on one instance is closed on the others; without the link it is found out within 30 s', async () => {
  let ahead = 0;
  const clock = { now: () => Date.now() + ahead };
  const { a, b, wire } = await start(2, {}, createWire(), { clock });
  const bob = await signUp(a);
  const [phone, tablet] = [await signIn(a, bob.username), await signIn(a, bob.username)];
  const [main, onPhone, onTablet] = await Promise.all([bob, phone, tablet].map(({ token }) => connect(b, token)));
  const ended = [onPhone, onTablet].map(socket =>
    next<{ code: string }>(socket as Socket, 'closing', () => true, 8_000),
  );
  const started = performance.now();
  await api(a, phone.token)('DELETE', '/user/v1/logout');
  expect(await ended[0]).toMatchObject({ code: 'signed_out' });
  expect(performance.now() - started).toBeLessThan(2_000);

  // Until the sweep has looked at it once, it would be found out at once.
  await new Promise(resolve => setTimeout(resolve, 1_500));
  wire.cut('i1', 'i2');
  await api(a, tablet.token)('DELETE', '/user/v1/logout');
  ahead = 25_000;
  expect(await ended[1]).toMatchObject({ code: 'signed_out' });
  expect(main?.connected).toBe(true);
  disconnect(...([main, onPhone, onTablet] as Socket[]));
});

test('[G9] who ended a session without the link does not come in with it elsewhere for longer than a moment', async () => {
  const { a, b, wire } = await start(2);
  const bob = await signUp(a);
  disconnect(await connect(b, bob.token));
  wire.cut('i1', 'i2');
  await api(a, bob.token)('DELETE', '/user/v1/logout');
  // What was found of the session moments ago is still believed there.
  const socket = await connect(b, bob.token);
  expect(await next(socket, 'closing', () => true, 3_000)).toMatchObject({ code: 'signed_out' });
  socket.disconnect();
});

test('conversations are watched once while somebody is in them, and no longer than that', async () => {
  const { a, b, wire } = await start(2);
  const [ann, bob] = [await signUp(a), await signUp(a)];
  const annA = await connect(a, ann.token);
  const id = await group(annA, bob);
  const devices = [await connect(b, bob.token)];
  expect(wire.watchedBy('i2').has(id)).toBe(true);
  const { watches } = wire.counts;
  for (let at = 0; at < 3; at += 1) devices.push(await connect(b, bob.token));
  expect(wire.counts.watches).toBe(watches);
  disconnect(...devices);
  await until(() => !wire.watchedBy('i2').has(id), 8_000);
  annA.disconnect();
});

test('receipts and typing reach members on other instances, and receipts never go back', async () => {
  const { a, b, wire } = await start(2);
  const [ann, bob] = [await signUp(a), await signUp(a)];
  const [annA, annB, bobB] = [await connect(a, ann.token), await connect(b, ann.token), await connect(b, bob.token)];
  const id = await group(annA, bob);
  const read: number[] = [];
  bobB.on('receipt:updated', ({ receipts }: { receipts: { user_id: string; read_seq: number }[] }) => {
    for (const receipt of receipts) if (receipt.user_id === ann.id) read.push(receipt.read_seq);
  });
  const typing = next<{ typing: { id: string }[] }>(bobB, 'typing:updated');
  await command(annA, 'typing:start', { conversation_id: id });
  expect((await typing).typing.map(person => person.id)).toEqual([ann.id]);
  const sent: { seq: number }[] = [];
  for (let at = 0; at < 6; at += 1) sent.push(await say(bobB, id));
  wire.faults.delayMs = 60;
  // By turns here and there: what goes over the wire comes late.
  for (const [at, { seq }] of sent.entries())
    await command(at % 2 ? annB : annA, 'receipt:read', { conversation_id: id, seq });
  await until(() => read.at(-1) === sent.at(-1)?.seq);
  await new Promise(resolve => setTimeout(resolve, 100));
  expect(read).toEqual([...new Set(read)].sort((x, y) => x - y));
  disconnect(annA, annB, bobB);
});
