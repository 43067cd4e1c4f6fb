import { join } from 'node:path';
import { afterAll, beforeAll, expect, expectTypeOf, test, vi } from 'vitest';
import {
  type Ban,
  type ChatClient,
  type ChatConversation,
  type ChatStorage,
  type Conversation,
  createClient,
  createMemoryStorage,
  type Fetch,
  type Hit,
  type Input,
  type Loading,
  type LogEvent,
  type Member,
  type Message,
  type Notification,
  type OperationName,
  type Output,
  type Presence,
  type Profile,
  type Reaction,
  type Receipt,
  type ReplyPreview,
  type Room,
  type Session,
  type Stored,
  type User,
} from '../../src/client/index.ts';
import { openSqliteLog } from '../../src/storage/log/sqlite/log.ts';
import { until } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
const clients: ChatClient[] = [];
let people = 0;

beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await Promise.all(clients.map(client => client.close()));
  await server.close();
});

const newClient = (storage = createMemoryStorage()) => {
  const client = createClient({ url: server.url, storage, onError: error => console.error(error) });
  clients.push(client);
  return client;
};

const newPerson = async (storage = createMemoryStorage()) => {
  const client = newClient(storage);
  people += 1;
  const username = `person${people}_${Date.now().toString(36)}`;
  const user = await client.signUp({ username, password: 'correct horse', full_name: `Person ${people}` });
  await client.synced();
  return { client, user, username, storage };
};

const last = (client: ChatClient, id: string) => client.conversation(id).summary.get()?.last_message?.id ?? '';

const texts = (client: ChatClient, id: string) =>
  client
    .conversation(id)
    .messages.get()
    ?.messages.map(({ message }) => message) ?? [];

test('five lines: sign in, open, send; everybody sees it, in order, and unread counts are exact', async () => {
  const ann = await newPerson();
  const bob = await newPerson();
  const there = await ann.client.direct(bob.user.id);
  await there.open();
  for (const text of ['one', 'two 😀', 'שלוש']) there.send(text);
  expect(there.pending.get().map(({ message }) => message)).toEqual(['one', 'two 😀', 'שלוש']);
  await until(() => texts(ann.client, there.id).length === 3 && there.pending.get().length === 0);
  await until(() => bob.client.unread.get() === 3);
  const here = bob.client.conversation(there.id);
  await here.open();
  expect(texts(bob.client, there.id)).toEqual(['one', 'two 😀', 'שלוש']);
  here.markRead();
  expect(bob.client.unread.get()).toBe(0);
  await until(() => there.receipts.get().get(bob.user.id)?.read_seq === here.summary.get()?.head);
  await here.react(here.messages.get()?.messages[0]?.id ?? '', '👍');
  await there.edit(there.messages.get()?.messages[1]?.id ?? '', 'zwei');
  await there.unsend(there.messages.get()?.messages[2]?.id ?? '');
  await until(() => texts(bob.client, there.id).join() === 'one,zwei,');
  await until(() => there.messages.get()?.messages[0]?.reactions.length === 1);
  expect(here.messages.get()?.messages[0]?.reactions).toEqual([{ emoji: '👍', count: 1, me: true }]);
  expect(there.messages.get()?.messages[0]?.reactions).toEqual([{ emoji: '👍', count: 1, me: false }]);
});

test('[G2] [G5] what was written before a crash is there once, and what was missed is caught up on', async () => {
  const ann = await newPerson();
  const bob = await newPerson();
  const { id } = await ann.client.direct(bob.user.id);
  await bob.client.conversation(id).open();
  ann.client.conversation(id).send('before');
  await until(() => texts(bob.client, id).length === 1);
  await server.restart();
  ann.client.conversation(id).send('while it was away');
  await ann.client.close();
  const again = newClient(ann.storage);
  expect((await again.restore())?.id).toBe(ann.user.id);
  await again.synced();
  await again.conversation(id).open();
  await until(() => texts(bob.client, id).length === 2, 20_000);
  await until(() => texts(again, id).length === 2 && again.outbox.get().length === 0);
  expect(texts(bob.client, id)).toEqual(['before', 'while it was away']);
});

test('[G9] signed out in one place, over everywhere; nobody else’s desk stays', async () => {
  const ann = await newPerson();
  const other = newClient(ann.storage);
  await other.restore();
  await other.synced();
  const ended = new Promise(resolve => other.on('ended', resolve));
  await ann.client.signOut();
  expect(await ended).toBe('signed_out');
  await until(() => other.user.get() === undefined && other.conversations.get().length === 0);
  expect(() => other.conversation('lobby')).toThrow(expect.objectContaining({ code: 'signed_out' }));
});

test('a client that starts without a server shows what it held, and takes what is written', async () => {
  const ann = await newPerson();
  const bob = await newPerson();
  const { id } = await ann.client.direct(bob.user.id);
  await ann.client.conversation(id).open();
  ann.client.conversation(id).send('kept');
  await until(() => texts(ann.client, id).length === 1);
  await ann.client.close();

  const offline = createClient({ url: 'http://127.0.0.1:9', storage: ann.storage, onError: () => undefined });
  clients.push(offline);
  await offline.restore();
  await until(() => offline.conversations.get().some(summary => summary.id === id));
  expect(texts(offline, id)).toEqual(['kept']);
  offline.conversation(id).send('later');
  await until(() => offline.connection.get().status === 'waiting');
  expect(offline.connection.get().error).toMatchObject({ code: 'offline' });
  await offline.close();

  const again = newClient(ann.storage);
  await again.restore();
  await again.synced();
  await until(() => texts(again, id).join() === 'kept,later');
  expect(again.outbox.get()).toEqual([]);
  await again.signOut();
  expect((await ann.storage.list('')).map(([key]) => key)).toEqual([]);
});

test('what a stranger says first is told like everything else, once and in order', async () => {
  const ann = await newPerson();
  const bob = await newPerson();
  const heard: string[] = [];
  bob.client.on('event', event => {
    if (event.kind === 'message') heard.push(event.message);
  });
  const there = await ann.client.direct(bob.user.id);
  for (const text of ['one', 'two', 'three']) there.send(text);
  await until(() => heard.length === 3);
  await server.restart();
  there.send('four');
  await until(() => heard.length === 4, 20_000);
  expect(heard).toEqual(['one', 'two', 'three', 'four']);
  expect(bob.client.unread.get()).toBe(4);
});

test('[G5] after a backup was put back, what is shown is loaded anew by itself', async () => {
  const ann = await newPerson();
  const room = await ann.client.create({ kind: 'room', name: `Room ${Date.now()}` });
  await room.open();
  room.send('before');
  await until(() => texts(ann.client, room.id).length === 1);
  await server.app.close();
  const log = await openSqliteLog({ file: join(server.config.dataDir, 'log.db') });
  await log.renewEpoch();
  await log.close();
  await server.restart();
  room.send('after');
  await until(() => texts(ann.client, room.id).join() === 'before,after', 20_000);
});

test('read marks find their way: those of another device to one that was away, and one’s own over a crash', async () => {
  const ann = await newPerson();
  const bob = await newPerson();
  const { id } = await bob.client.direct(ann.user.id);
  bob.client.conversation(id).send('read me');
  await until(() => ann.client.unread.get() === 1);
  await ann.client.close();

  const other = newClient();
  await other.signIn({ username: ann.username, password: 'correct horse' });
  await other.synced();
  other.conversation(id).markRead();
  const unreadAtServer = async () =>
    (await bob.client.call('message:readers', { id: last(bob.client, id) })).read.length;
  await until(async () => (await unreadAtServer()) === 1);

  const again = newClient(ann.storage);
  await again.restore();
  expect(again.user.get()?.id).toBe(ann.user.id);
  await again.synced();
  expect(again.unread.get()).toBe(0);

  bob.client.conversation(id).send('and me');
  await until(() => again.unread.get() === 1);
  again.conversation(id).markRead();
  // At once, before it was told.
  await again.close();
  const third = newClient(ann.storage);
  await third.restore();
  await third.synced();
  expect(third.unread.get()).toBe(0);
  await until(async () => (await unreadAtServer()) === 1);
});

test('clients of different names wait for none of each other’s locks, those of one name do', async () => {
  const asked = new Set<string>();
  const request = (name: string, work: () => Promise<unknown>) => {
    asked.add(name);
    return work();
  };
  vi.stubGlobal('navigator', { locks: { request } });
  try {
    for (const name of ['one', 'two']) {
      const client = createClient({ url: server.url, storage: createMemoryStorage(), name });
      clients.push(client);
      const username = `locks_${name}_${Date.now().toString(36)}`;
      const { id } = await client.signUp({ username, password: 'correct horse', full_name: name });
      await client.synced();
      client.conversation('lobby').send(name);
      await until(() => client.outbox.get().length === 0);
      expect([...asked]).toEqual([`parley:outbox-sender:${id}:${name}`]);
      asked.clear();
    }
  } finally {
    vi.unstubAllGlobals();
  }
});

test('what an app handles has a type of its own, all of one contract', () => {
  expectTypeOf<Output<'message:history'>['items'][number]>().toEqualTypeOf<Message>();
  expectTypeOf<Message['reactions'][number]>().toEqualTypeOf<Reaction>();
  expectTypeOf<Exclude<Message['reply_preview'], undefined>>().toEqualTypeOf<ReplyPreview>();
  expectTypeOf<Output<'conversation:members'>['items'][number]>().toEqualTypeOf<Member>();
  expectTypeOf<Output<'conversation:bans'>['items'][number]['user']>().toEqualTypeOf<Ban['user']>();
  expectTypeOf<Output<'conversation:directory'>['items'][number]>().toEqualTypeOf<Room>();
  expectTypeOf<Output<'conversation:get'>>().toEqualTypeOf<Conversation>();
  expectTypeOf<Output<'message:search'>['items'][number]>().toEqualTypeOf<Hit>();
  expectTypeOf<Output<'account:profile'>>().toEqualTypeOf<Profile>();
  expectTypeOf<Output<'session:list'>['items'][number]>().toEqualTypeOf<Session>();
  expectTypeOf<Output<'notification:list'>['items'][number]>().toEqualTypeOf<Notification>();
  expectTypeOf<Output<'presence:get'>['items'][number]>().toEqualTypeOf<Presence>();
  expectTypeOf<Message['from']>().toEqualTypeOf<User>();
  expectTypeOf<Receipt['read_seq']>().toEqualTypeOf<number>();
  expectTypeOf<LogEvent['kind']>().toExtend<string>();
  expectTypeOf<Input<OperationName>>().toExtend<object>();
  type Place = Parameters<ChatClient['join']>[0];
  expectTypeOf<{ name: string }>().toExtend<Place>();
  expectTypeOf<{ conversation_id: string }>().toExtend<Place>();
  expectTypeOf<object>().not.toExtend<Place>();
  expectTypeOf<{ conversation_id: string; name: string }>().not.toExtend<Place>();
  expectTypeOf<ReturnType<ChatConversation['loading']['get']>>().toEqualTypeOf<Loading>();
  expectTypeOf<Awaited<ReturnType<ChatStorage['get']>>>().toEqualTypeOf<Stored>();
  expectTypeOf<typeof globalThis.fetch>().toExtend<Fetch>();
});

test('a storage of the app’s own tells by its subscribe that it does not keep what is written any more', async () => {
  const inner = createMemoryStorage();
  const listeners = new Set<(keys: string[]) => void>();
  let kind: 'persistent' | 'memory' = 'persistent';
  const storage = {
    ...inner,
    subscribe(listener: (keys: string[]) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    get kind() {
      return kind;
    },
  };
  const client = createClient({ url: server.url, storage });
  const told: string[] = [];
  client.storage.subscribe(() => told.push(client.storage.get()));
  const tell = async (keys: string[]) => {
    for (const listener of listeners) listener(keys);
    await Promise.resolve();
  };
  await tell(['something']);
  kind = 'memory';
  await tell([]);
  await tell([]);
  kind = 'persistent';
  await tell([]);
  expect(told).toEqual(['memory', 'persistent']);
  await client.close();
  expect(listeners.size).toBe(0);
});

test('where signOut has resolved nothing is left to read, however long the storage takes', async () => {
  const inner = createMemoryStorage();
  const write: typeof inner.write = async changes => {
    await new Promise(resolve => setTimeout(resolve, 100));
    await inner.write(changes);
  };
  const { client } = await newPerson({ ...inner, write });
  const room = await client.create({ kind: 'room', name: `Slow ${Date.now()}` });
  await room.open();
  room.send('kept');
  await until(async () => (await inner.list('copy:')).length > 1 && client.outbox.get().length === 0);
  await client.signOut();
  expect((await inner.list('')).map(([key]) => key)).toEqual([]);
});
