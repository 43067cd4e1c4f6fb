import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { api, password, signIn, someName, until } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { startWire } from './network.ts';
import { createBrowser } from './tabs.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const newTab = (browser = createBrowser(), url = server.url) => {
  const client = createClient({ url, storage: browser.storage() });
  onTestFinished(() => client.close());
  const name = () => client.user.get()?.full_name;
  return { client, browser, name };
};

const newPerson = async () => {
  const tab = newTab();
  const username = someName();
  const user = await tab.client.signUp({ username, password, full_name: 'Before' });
  await tab.client.synced();
  return { ...tab, username, user };
};

const kept = ({ entries }: ReturnType<typeof createBrowser>) => entries.get('session') as { refresh_token: string };

test('a new name is shown here at once, and in the other tabs, which stay signed in as they are', async () => {
  const { client, browser, user } = await newPerson();
  const other = newTab(browser);
  await other.client.restore();
  await other.client.synced();
  const endings: string[] = [];
  other.client.on('ended', reason => endings.push(reason));
  const lobby = other.client.conversation('lobby');
  const { refresh_token } = kept(browser);
  await client.call('account:update', { full_name: 'After' });
  expect(client.user.get()).toEqual({ ...user, full_name: 'After' });
  await until(() => other.name() === 'After');
  // Nothing else of a sign-in begins anew.
  expect(kept(browser).refresh_token).toBe(refresh_token);
  expect(other.client.conversation('lobby')).toBe(lobby);
  expect(endings).toEqual([]);
  expect((await newTab(browser).client.restore())?.full_name).toBe('After');
});

test('a name that was changed on another device while this one was away is there after the next connect', async () => {
  const { browser, client, username } = await newPerson();
  await client.close();
  const { token } = await signIn(server, username);
  await api(server, token)('PUT', '/user/v1/profile', { full_name: 'Elsewhere' });
  const again = newTab(browser);
  expect((await again.client.restore())?.full_name).toBe('Before');
  await until(() => again.name() === 'Elsewhere');

  const wire = await startWire(Number(new URL(server.url).port), Math.random);
  onTestFinished(() => wire.close());
  const cut = newTab(createBrowser(), wire.url);
  await cut.client.signIn({ username, password });
  await cut.client.synced();
  wire.refuse(true);
  await until(() => cut.client.connection.get().status !== 'online');
  await api(server, token)('PUT', '/user/v1/profile', { full_name: 'Again' });
  wire.refuse(false);
  cut.client.reconnect();
  await until(() => cut.name() === 'Again');
});

test('while it is connected a device hears of a new name by what its person says on another one', async () => {
  const { client, name, username } = await newPerson();
  const { token } = await signIn(server, username);
  await api(server, token)('PUT', '/user/v1/profile', { full_name: 'Elsewhere' });
  const place = { conversation_id: 'lobby', client_id: 'x', message: 'hello' };
  await api(server, token)('POST', '/message/v1/send', place);
  await until(() => name() === 'Elsewhere');
  expect(client.connection.get().status).toBe('online');
});
