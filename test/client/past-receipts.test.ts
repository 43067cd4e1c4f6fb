import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type ChatClient, createClient, createMemoryStorage } from '../../src/client/index.ts';
import { createLink } from '../page/proxy.ts';
import { connect, password, signIn, someName, until } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ socketsPerUser: 2 });
});
afterAll(() => server.close());

const newPerson = async (url = server.url) => {
  const client = createClient({ url, storage: createMemoryStorage() });
  onTestFinished(() => client.close());
  const user = await client.signUp({ username: someName(), password, full_name: 'Somebody' });
  await client.synced();
  return { client, user };
};

const readBy = (client: ChatClient, id: string, user_id: string) =>
  client.conversation(id).receipts.get().get(user_id)?.read_seq ?? 0;

test('who signs in later knows who has read, as soon as the conversation is open; and what was read during an absence', async () => {
  const [ann, bob] = [await newPerson(), await newPerson()];
  const direct = await ann.client.direct(bob.user.id);
  direct.send('seen?');
  await until(() => bob.client.unread.get() === 1);
  bob.client.conversation(direct.id).markRead();
  await until(() => readBy(ann.client, direct.id, bob.user.id) > 0);

  const link = await createLink(server.url);
  onTestFinished(() => link.close());
  const phone = createClient({ url: link.url, storage: createMemoryStorage() });
  onTestFinished(() => phone.close());
  await phone.signIn({ username: ann.user.username, password });
  await phone.synced();
  expect(readBy(phone, direct.id, bob.user.id)).toBe(0);
  await phone.conversation(direct.id).open();
  await until(() => readBy(phone, direct.id, bob.user.id) === readBy(ann.client, direct.id, bob.user.id));

  link.cut();
  await until(() => phone.connection.get().status === 'waiting');
  direct.send('and this?');
  await until(() => bob.client.unread.get() === 1);
  bob.client.conversation(direct.id).markRead();
  const head = () => ann.client.conversation(direct.id).summary.get()?.head ?? 0;
  await until(() => readBy(ann.client, direct.id, bob.user.id) === head());
  link.heal();
  phone.reconnect();
  await until(() => readBy(phone, direct.id, bob.user.id) === head(), 15_000);
});

test('nobody is shown as online by a client that cannot know', async () => {
  const link = await createLink(server.url);
  onTestFinished(() => link.close());
  const [ann, bob] = [await newPerson(link.url), await newPerson()];
  const presence = ann.client.presence(bob.user.id);
  onTestFinished(presence.subscribe(() => undefined));
  await until(() => presence.get()?.status === 'online');
  link.cut();
  await until(() => ann.client.connection.get().status === 'waiting');
  expect(presence.get()).toBeUndefined();
  link.heal();
  ann.client.reconnect();
  await until(() => presence.get()?.status === 'online', 15_000);
});

test('who was sent away for too many windows comes back by their own wish', async () => {
  const { client, user } = await newPerson();
  const others = await signIn(server, user.username);
  for (let count = 0; count < 2; count += 1) {
    const socket = await connect(server, others.token);
    onTestFinished(() => void socket.disconnect());
  }
  await until(() => client.connection.get().status === 'ended', 15_000);
  expect(client.connection.get().error?.details).toEqual({ reason: 'too_many_sockets' });
  client.reconnect();
  await until(() => client.connection.get().status === 'online', 15_000);
});
