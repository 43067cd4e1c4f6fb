import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChatClient, createClient, createMemoryStorage } from '../../src/client/index.ts';
import { password, someName, until } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { startWire } from './network.ts';

let server: TestServer;
const clients: ChatClient[] = [];

beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await Promise.all(clients.map(client => client.close()));
  await server.close();
});

const newPerson = async () => {
  const client = createClient({ url: server.url, storage: createMemoryStorage(), onError: () => undefined });
  clients.push(client);
  const user = await client.signUp({ username: someName(), password, full_name: 'Somebody' });
  await client.synced();
  return { client, user };
};

test('[G4] whoever joins a group that shows nothing from before counts what was said since', async () => {
  const [ann, bob] = [await newPerson(), await newPerson()];
  const group = await ann.client.create({ kind: 'group', name: 'Later' });
  await ann.client.call('conversation:update', { conversation_id: group.id, history: 'joined' });
  for (const text of ['one', 'two', 'three']) group.send(text);
  await until(() => group.pending.get().length === 0);
  await ann.client.call('conversation:invite', { conversation_id: group.id, user_ids: [bob.user.id] });
  await until(() => bob.client.conversation(group.id).summary.get() !== undefined);
  expect(bob.client.unread.get()).toBe(0);
  group.send('four');
  await until(() => bob.client.conversation(group.id).summary.get()?.last_message?.message === 'four');
  const { items } = await bob.client.call('conversation:list', {});
  expect(items.find(({ id }) => id === group.id)?.unread).toBe(1);
  expect(bob.client.unread.get()).toBe(1);
});

test('a room that is looked at without having been joined is none of the caller’s', async () => {
  const [ann, bob] = [await newPerson(), await newPerson()];
  const room = await ann.client.create({ kind: 'room', name: someName() });
  await bob.client
    .conversation(room.id)
    .open()
    .catch(() => undefined);
  expect(bob.client.conversations.get().map(({ id }) => id)).toEqual(['lobby']);
  await bob.client.join({ conversation_id: room.id });
  expect(bob.client.conversations.get().map(({ id }) => id)).toContain(room.id);
});

test('[G5] whoever was away while they were removed and let in again is in', async () => {
  const [ann, bob] = [await newPerson(), await newPerson()];
  const room = await ann.client.create({ kind: 'room', name: someName() });
  const there = await bob.client.join({ conversation_id: room.id });
  await there.open();
  const wire = await startWire(Number(new URL(server.url).port), Math.random);
  const away = createClient({ url: wire.url, storage: createMemoryStorage(), onError: () => undefined });
  clients.push(away);
  await away.signIn({ username: bob.user.username, password });
  await away.synced();
  await away.conversation(room.id).open();
  wire.refuse(true);
  await until(() => away.connection.get().status !== 'online');
  await ann.client.call('conversation:kick', { conversation_id: room.id, user_id: bob.user.id });
  await until(() => there.summary.get() === undefined);
  await bob.client.join({ conversation_id: room.id });
  room.send('again');
  await until(() => there.summary.get()?.last_message?.message === 'again');
  wire.refuse(false);
  away.reconnect();
  const held = () => away.conversation(room.id);
  await until(() => held().summary.get()?.last_message?.message === 'again');
  await until(() => held().messages.get()?.messages.at(-1)?.message === 'again');
  expect(away.conversations.get().map(({ id }) => id)).toContain(room.id);
  await away.close();
  await wire.close();
});
