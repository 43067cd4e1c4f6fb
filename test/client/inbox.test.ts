import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createClient, createMemoryStorage, type Notification } from '../../src/client/index.ts';
import { api, clientId, type Person, password, signIn, signUp, someName, until } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { startWire } from './network.ts';
import { createBrowser } from './tabs.ts';

let server: TestServer;
let ann: Person;
beforeAll(async () => {
  server = await startServer();
  ann = await signUp(server);
});
afterAll(() => server.close());

const newTab = (storage = createMemoryStorage(), url = server.url) => {
  const client = createClient({ url, storage });
  onTestFinished(() => client.close());
  const told: string[] = [];
  client.on('notification', ({ preview }: Notification) => told.push(preview));
  return { client, told, storage, unread: client.unreadNotifications.get };
};

const newPerson = async (tab = newTab()) => {
  const username = someName();
  const user = await tab.client.signUp({ username, password, full_name: 'Bob' });
  await tab.client.synced();
  const inbox = async () => {
    const { token } = await signIn(server, username);
    return (await api(server, token)<{ unread: number }>('GET', '/notification/v1?unread=true')).body.unread;
  };
  /** Resolves when it is in the inbox. */
  const tell = async (...messages: string[]) => {
    const before = await inbox();
    for (const message of messages)
      await api(server, ann.token)('POST', '/message/v1/send', { to: user.id, message, client_id: clientId() });
    await until(async () => (await inbox()) === before + messages.length);
  };
  return { ...tab, username, user, tell };
};

test('notifications are told once, live and missed, in their order, and counted; here and after a restart', async () => {
  const wire = await startWire(Number(new URL(server.url).port), Math.random);
  onTestFinished(() => wire.close());
  const storage = createMemoryStorage();
  const { client, told, unread, tell, user } = await newPerson(newTab(storage, wire.url));
  expect(unread()).toBe(0);
  await tell('one', 'two');
  await until(() => told.length === 2 && unread() === 2);

  wire.refuse(true);
  await until(() => client.connection.get().status !== 'online');
  await tell('three', 'four');
  wire.refuse(false);
  client.reconnect();
  await until(() => unread() === 4 && told.length === 4);
  await tell('five');
  await until(() => told.length === 5);
  expect(told).toEqual(['one', 'two', 'three', 'four', 'five']);
  expect(unread()).toBe(5);
  await client.close();

  await tell('six');
  const again = newTab(storage);
  await again.client.restore();
  await until(() => again.unread() === 6);
  expect(again.told).toEqual(['six']);
  await again.client.signOut();
  expect(again.unread()).toBe(0);
  expect((await storage.list('')).filter(([key]) => key.includes(user.id))).toEqual([]);
});

test('a new device counts what is unread, and tells what comes from then on', async () => {
  const { username, tell } = await newPerson();
  await tell('before');
  const fresh = newTab();
  await fresh.client.signIn({ username, password });
  await until(() => fresh.unread() === 1);
  await tell('after');
  await until(() => fresh.unread() === 2);
  expect(fresh.told).toEqual(['after']);
});

test('of many that were missed the newest 50 are told, and all are counted', async () => {
  const storage = createMemoryStorage();
  const { client, tell } = await newPerson(newTab(storage));
  await client.close();
  await tell(...Array.from({ length: 53 }, (_, index) => `missed ${index}`));
  const again = newTab(storage);
  await again.client.restore();
  await until(() => again.unread() === 53);
  expect(again.told).toEqual(Array.from({ length: 50 }, (_, index) => `missed ${index + 3}`));
});

test('what was read in one tab is read in the others', async () => {
  const browser = createBrowser();
  const { client, tell, unread } = await newPerson(newTab(browser.storage()));
  const other = newTab(browser.storage());
  await other.client.restore();
  await other.client.synced();
  await tell('one', 'two');
  await until(() => unread() === 2 && other.unread() === 2);
  const { items } = await client.call('notification:list', {});
  await client.call('notification:read', { ids: [items[0]?.id ?? ''] });
  await until(() => unread() === 1 && other.unread() === 1);
  await other.client.call('notification:read', {});
  await until(() => unread() === 0 && other.unread() === 0);
  expect([other.told, other.client.connection.get().status]).toEqual([['one', 'two'], 'online']);
});
