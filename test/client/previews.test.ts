import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createClient, createMemoryStorage, type Message } from '../../src/client/index.ts';
import { password, someName, until } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const newPerson = async () => {
  const storage = createMemoryStorage();
  const client = createClient({ url: server.url, storage });
  onTestFinished(() => client.close());
  const user = await client.signUp({ username: someName(), password, full_name: 'Somebody' });
  await client.synced();
  return { client, user, storage };
};
type Someone = Awaited<ReturnType<typeof newPerson>>;

/** A group that shows nothing from before, with Carol who came after `said`. */
const newGroup = async (said: string[]) => {
  const [ann, bob, carol] = [await newPerson(), await newPerson(), await newPerson()];
  const group = await ann.client.create({ kind: 'group', name: 'Group', members: [bob.user.id] });
  await ann.client.call('conversation:update', { conversation_id: group.id, history: 'joined' });
  await group.open();
  for (const text of said) group.send(text);
  await until(() => group.messages.get()?.messages.length === said.length, 15_000);
  const first = group.messages.get()?.messages[0] as Message;
  await ann.client.call('conversation:invite', { conversation_id: group.id, user_ids: [carol.user.id] });
  const here = async ({ client }: Someone) => {
    const conversation = client.conversation(group.id);
    await until(() => conversation.summary.get() !== undefined);
    await conversation.open();
    return conversation;
  };
  return { ann, bob, carol, group, first, here };
};

const shownTo = ({ client }: Someone, id: string) => client.conversation(id).messages.get()?.messages ?? [];
const historyOf = async ({ client }: Someone, id: string) =>
  (await client.call('message:history', { conversation_id: id, limit: 50 })).items;

test('a reply shows live what the history shows each person, and follows its edits', async () => {
  const { ann, bob, carol, group, first, here } = await newGroup(['the first']);
  for (const each of [bob, carol]) await here(each);
  group.send('an answer', { reply_to: first.id });
  for (const each of [bob, carol]) await until(() => shownTo(each, group.id).at(-1)?.message === 'an answer');
  expect(shownTo(bob, group.id).at(-1)?.reply_preview).toEqual({ id: first.id, from: ann.user, message: 'the first' });
  expect(bob.client.conversation(group.id).summary.get()?.last_message?.reply_preview?.message).toBe('the first');
  expect(shownTo(carol, group.id).at(-1)?.reply_preview).toBeUndefined();
  await group.edit(first.id, 'was changed');
  await until(() => shownTo(bob, group.id).at(-1)?.reply_preview?.message === 'was changed');
  for (const each of [ann, bob, carol]) {
    await until(() => shownTo(each, group.id).length > 0);
    expect(shownTo(each, group.id)).toEqual(await historyOf(each, group.id));
  }
});

test('of what is answered to but not shown here the preview is asked for, also after a restart', async () => {
  const { bob, carol, group, first, here } = await newGroup(Array.from({ length: 55 }, (_, index) => `said ${index}`));
  const place = await here(bob);
  await here(carol);
  expect(shownTo(bob, group.id)[0]?.message).toBe('said 5');
  group.send('an answer', { reply_to: first.id });
  const preview = () => shownTo(bob, group.id).at(-1)?.reply_preview?.message;
  await until(() => preview() === 'said 0');
  expect(place.summary.get()?.last_message?.reply_preview?.message).toBe('said 0');
  expect(await historyOf(bob, group.id)).toEqual(shownTo(bob, group.id).slice(-50));
  expect(await historyOf(carol, group.id)).toEqual(shownTo(carol, group.id));

  // As where the connection went before the answer came, and the page after it.
  await bob.client.close();
  const key = `copy:${bob.user.id}:${group.id}`;
  const copy = (await bob.storage.get(key)) as { window: { messages: Message[] } };
  const last = copy.window.messages.at(-1) as Message;
  expect(last.reply_preview?.message).toBe('said 0');
  delete last.reply_preview;
  await bob.storage.write([[key, copy]]);
  const again = createClient({ url: server.url, storage: bob.storage });
  onTestFinished(() => again.close());
  await again.restore();
  await until(() => again.conversation(group.id).messages.get()?.messages.at(-1)?.reply_preview !== undefined);
});
