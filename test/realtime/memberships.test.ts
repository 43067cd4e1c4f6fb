import type { Socket } from 'socket.io-client';
import { afterEach, expect, test, vi } from 'vitest';
import type { Stores } from '../../src/open-stores.ts';
import { eventId, type StoredEvent } from '../../src/ports/log.ts';
import type { ConversationStore } from '../../src/ports/storage.ts';
import { clientId, command, connect, type Person, signUp, until } from '../support/clients.ts';
import { createWire, type Instances, startLinked } from './linked.ts';
import { range, received, seqs } from './support.ts';

// Each test starts several servers.
vi.setConfig({ testTimeout: 60_000 });

let instances: Instances;
const start = async (...parts: Parameters<typeof startLinked>) => {
  instances = await startLinked(...parts);
  const [a, b] = instances.servers;
  if (!a || !b) throw new Error('two at least');
  const [ann, bob, carol] = await Promise.all([signUp(a), signUp(a), signUp(a)]);
  return { ...instances, a, b, ann, bob, carol };
};
afterEach(() => instances.close());

const say = (socket: Socket, conversation_id: string, message = 'hi') =>
  command(socket, 'message:send', { conversation_id, message, client_id: clientId() });

const group = async (owner: Socket, ...members: Person[]) =>
  (await command(owner, 'conversation:create', { kind: 'group', name: 'g', members: members.map(({ id }) => id) })).id;

const disconnect = (...sockets: Socket[]) => {
  for (const socket of sockets) socket.disconnect();
};

/** Replaces queries about conversations as the second instance makes them. */
const onSecond =
  (replace: (store: ConversationStore) => Partial<ConversationStore>) =>
  (stores: Stores, instance_id: string): Stores => {
    if (instance_id !== 'i2') return stores;
    const { storage } = stores;
    return {
      ...stores,
      storage: { ...storage, conversations: { ...storage.conversations, ...replace(storage.conversations) } },
    };
  };

/** How somebody came in, and everything after it, each once. */
const expectFromJoining = (events: { seq: number; kind: string }[], last: number) => {
  expect(events[0]?.kind).toBe('joined');
  expect(seqs(events)).toEqual(range(events[0]?.seq ?? 0, last));
};

test('[G12] added while the link was down: the joining and all that followed come in order, where nobody there was a member', async () => {
  const { a, b, ann, bob, wire } = await start(2);
  const [annA, bobB] = [await connect(a, ann.token), await connect(b, bob.token)];
  const id = await group(annA);
  const events = received(bobB, id);
  wire.cut('i1', 'i2');
  for (let at = 0; at < 3; at += 1) await say(annA, id);
  await command(annA, 'conversation:invite', { conversation_id: id, user_ids: [bob.id] });
  for (let at = 0; at < 3; at += 1) await say(annA, id);
  await until(() => events.length >= 4);
  const { seq } = await say(annA, id);
  await until(() => events.at(-1)?.seq === seq);
  expectFromJoining(events, seq);
  disconnect(annA, bobB);
});

test('[G12] the same where others there are members and have it all already', async () => {
  let isHeld = false;
  const { a, b, ann, bob, carol, wire } = await start(2, {}, createWire(), {
    wrap: onSecond(store => ({
      async userVersions(ids) {
        while (isHeld && ids.includes(bob.id)) await new Promise(resolve => setTimeout(resolve, 20));
        return store.userVersions(ids);
      },
    })),
  });
  const [annA, bobB] = [await connect(a, ann.token), await connect(b, bob.token)];
  const id = await group(annA);
  const events = received(bobB, id);
  isHeld = true;
  wire.cut('i1', 'i2');
  await command(annA, 'conversation:invite', { conversation_id: id, user_ids: [bob.id, carol.id] });
  for (let at = 0; at < 150; at += 1) await say(annA, id);
  const carolA = await connect(a, carol.token);
  disconnect(carolA);
  const carolB = await connect(b, carol.token).catch(() => undefined);
  expect(carolB?.connected).toBe(true);
  isHeld = false;
  await until(() => events.length > 140);
  const { seq } = await say(annA, id);
  await until(() => events.at(-1)?.seq === seq);
  expectFromJoining(events, seq);
  disconnect(annA, bobB, ...(carolB ? [carolB] : []));
});

test('[G9] kicked while the link was down: the kick is the last that comes, also where others stay', async () => {
  const { a, b, ann, bob, carol, wire } = await start(2);
  const [annA, bobB, carolB] = [
    await connect(a, ann.token),
    await connect(b, bob.token),
    await connect(b, carol.token),
  ];
  const id = await group(annA, bob, carol);
  const [ofBob, ofCarol] = [received(bobB, id), received(carolB, id)];
  await say(annA, id);
  await until(() => ofBob.length > 0 && ofCarol.length > 0);
  wire.cut('i1', 'i2');
  await say(annA, id);
  await command(annA, 'conversation:kick', { conversation_id: id, user_id: bob.id });
  const { seq } = await say(annA, id);
  await until(() => ofCarol.at(-1)?.seq === seq);
  const kick = ofCarol.find(({ kind }) => kind === 'removed')?.seq ?? 0;
  expect(seqs(ofBob)).toEqual(range(ofBob[0]?.seq ?? 0, kick));
  disconnect(annA, bobB, carolB);
});

test('[G9] kicked elsewhere while being admitted, and nobody told: what was read before the kick lets nobody in', async () => {
  let read: () => void = () => undefined;
  let isHeld = false;
  const { a, b, ann, bob, wire } = await start(2, {}, createWire(), {
    wrap: onSecond(store => ({
      async audibleTo(user_id) {
        const ids = await store.audibleTo(user_id);
        read();
        while (isHeld) await new Promise(resolve => setTimeout(resolve, 10));
        return ids;
      },
    })),
  });
  const annA = await connect(a, ann.token);
  const id = await group(annA, bob);
  wire.cut('i1', 'i2');
  isHeld = true;
  const wasRead = new Promise<void>(resolve => {
    read = resolve;
  });
  const connecting = connect(b, bob.token);
  await wasRead;
  await command(annA, 'conversation:kick', { conversation_id: id, user_id: bob.id });
  isHeld = false;
  const bobB = await connecting;
  const events = received(bobB, id);
  await say(annA, id);
  await new Promise(resolve => setTimeout(resolve, 1_000));
  expect(events).toEqual([]);
  disconnect(annA, bobB);
});

test('[G9] banned from the lobby and let in again while the link was down', async () => {
  const { a, b, ann, bob, wire } = await start(2);
  await instances.stores.storage.users.update(ann.id, { role: 'admin' });
  await instances.servers[0]?.restart();
  const [annA, bobB] = [await connect(a, ann.token), await connect(b, bob.token)];
  const events = received(bobB, 'lobby');
  wire.cut('i1', 'i2');
  await command(annA, 'conversation:ban', { conversation_id: 'lobby', user_id: bob.id });
  await say(annA, 'lobby');
  await until(() => events.at(-1)?.kind === 'banned');
  await say(annA, 'lobby');
  await new Promise(resolve => setTimeout(resolve, 600));
  expect(events.at(-1)?.kind).toBe('banned');
  await command(annA, 'conversation:unban', { conversation_id: 'lobby', user_id: bob.id });
  const { seq } = await say(annA, 'lobby');
  await until(() => events.at(-1)?.seq === seq);
  expect(events.slice(-3).map(({ kind }) => kind)).toEqual(['banned', 'unbanned', 'message']);
  disconnect(annA, bobB);
});

test('[S54] nobody enters by a packet that the log does not know, nor by one that is over', async () => {
  const { a, b, ann, bob, carol, wire, stores } = await start(2);
  const [annA, bobB] = [await connect(a, ann.token), await connect(b, bob.token)];
  const id = await group(annA, carol);
  const first = await say(annA, id);
  const [created, joined] = await stores.log.range(id, 0, 10);
  const events = received(bobB, id);
  const forge = (event: Partial<StoredEvent>) =>
    wire.forge('i2', id, [{ ...(joined as StoredEvent), ...event, id: eventId(id, event.seq ?? 2, 'abc') }]);
  forge({ payload: { user_id: bob.id } });
  forge({ payload: { user_id: bob.id }, seq: first.seq + 1 });
  forge({ payload: { user_id: bob.id }, seq: 1_000_000 });
  wire.forge('i2', id, [{ ...(created as StoredEvent), from: bob.id }]);
  await say(annA, id);
  await new Promise(resolve => setTimeout(resolve, 300));
  expect(events).toEqual([]);

  await command(annA, 'conversation:invite', { conversation_id: id, user_ids: [bob.id] });
  await until(() => events.length === 1);
  await command(bobB, 'conversation:leave', { conversation_id: id });
  await until(() => events.length === 2);
  const real = (await stores.log.range(id, 0, 20)).find(event => event.seq === events[0]?.seq) as StoredEvent;
  wire.forge('i2', id, [real]);
  await say(annA, id);
  await new Promise(resolve => setTimeout(resolve, 300));
  expect(events.map(({ kind }) => kind)).toEqual(['joined', 'left']);
  disconnect(annA, bobB);
});

test('[S54] a packet sends nobody out, and one from beyond the end of the log stops nothing', async () => {
  const { a, b, ann, bob, wire, stores } = await start(2);
  const [annA, bobB] = [await connect(a, ann.token), await connect(b, bob.token)];
  const id = await group(annA, bob);
  const events = received(bobB, id);
  await say(annA, id);
  await until(() => events.length > 0);
  const [real] = await stores.log.range(id, 0, 1);
  const from = events[0]?.seq ?? 0;
  const next = (events.at(-1)?.seq ?? 0) + 1;
  for (const seq of [next, next + 5, 1_000_000])
    wire.forge('i2', id, [{ ...(real as StoredEvent), seq, kind: 'removed', payload: { user_id: bob.id } }]);
  wire.forge('i2', id, [{ ...(real as StoredEvent), seq: 5_000_000, kind: 'message', payload: { message: 'x' } }]);
  for (let at = 0; at < 20; at += 1) await say(annA, id);
  const { seq } = await say(annA, id);
  await until(() => events.at(-1)?.seq === seq);
  expect(seqs(events)).toEqual(range(from, seq));
  disconnect(annA, bobB);
});
