import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LogEvent, Output } from '../../src/protocol/index.ts';
import { api, clientId, command, connect, next, type Person, signUp, until } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let ann: Person;
let bob: Person;

beforeAll(async () => {
  server = await startServer();
  [ann, bob] = await Promise.all([signUp(server), signUp(server)]);
});
afterAll(() => server.close());

test('a conversation between two devices: sent, edited, reacted to, unsent, read, each seen live and by sync', async () => {
  const [mine, theirs] = [await connect(server, ann.token), await connect(server, bob.token)];
  const arrives = (name: string) => next<LogEvent>(theirs, name);
  const created = arrives('message:created');
  const sent = await command(mine, 'message:send', {
    to: bob.id,
    message: `hi @${bob.username}`,
    client_id: clientId(),
  });
  expect(await created).toMatchObject({ id: sent.id, seq: sent.seq, mentions: [{ id: bob.id }], from: { id: ann.id } });
  const edited = arrives('message:edited');
  await command(mine, 'message:edit', { id: sent.id, message: 'kangaroocanary' });
  expect(await edited).toMatchObject({ target_id: sent.id, message: 'kangaroocanary' });
  const added = next(mine, 'reaction:added');
  await command(theirs, 'message:react', { id: sent.id, emoji: '❤️' });
  expect(await added).toMatchObject({ target_id: sent.id, emoji: '❤️' });
  const receipt = next<{ receipts: { user_id: string }[] }>(mine, 'receipt:updated', ({ receipts }) =>
    receipts.some(({ user_id }) => user_id === bob.id),
  );
  const { conversation_id } = sent;
  expect(await command(theirs, 'receipt:read', { conversation_id, seq: sent.seq })).toMatchObject({ unread: 0 });
  await receipt;
  const unsent = arrives('message:unsent');
  await command(mine, 'message:unsend', { id: sent.id });
  await unsent;
  const { conversations } = await command(theirs, 'sync', {
    cursors: { [conversation_id]: { epoch: sent.epoch, seq: 0 } },
  });
  const { events = [], head } = conversations[conversation_id] ?? {};
  expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: head ?? 0 }, (_, at) => at + 1));
  expect(JSON.stringify(events)).not.toContain('kangaroocanary');
  mine.disconnect();
  theirs.disconnect();
});

test('[G2] over REST: history with its page, a resend after a restart, search and the inbox', async () => {
  const post = api(server, ann.token);
  const input = { to: bob.id, message: `pistachio @${bob.username}`, client_id: clientId() };
  const { status, body: sent } = await post<Output<'message:send'>>('POST', '/message/v1/send', input);
  expect(status).toBe(201);
  await server.restart();
  const again = await post<Output<'message:send'>>('POST', '/message/v1/send', input);
  expect(again.body).toMatchObject({ id: sent.id, seq: sent.seq, duplicate: true });
  const asBob = api(server, bob.token);
  const history = await asBob('GET', `/message/v1/history?conversation_id=${sent.conversation_id}&page=1&limit=1`);
  expect(history.body).toMatchObject({
    items: [{ id: sent.id }],
    page: 1,
    limit: 1,
    total: 2,
    has_more: true,
    next: '2',
  });
  const lobby = await asBob('GET', '/message/v1/history');
  expect(lobby.body).toMatchObject({ items: [], has_more: false, page: 1, limit: 50, total: 0 });
  const find = async () => (await asBob<Output<'message:search'>>('GET', '/message/v1/search?q=pist')).body.items;
  await until(async () => (await find()).length === 1);
  expect((await find())[0]?.highlight[0]).toEqual({ text: 'pistachio', match: true });
  const inbox = async () => (await asBob<Output<'notification:list'>>('GET', '/notification/v1')).body;
  await until(async () => (await inbox()).items.some(({ message_id }) => message_id === sent.id));
  expect((await inbox()).items.filter(({ message_id }) => message_id === sent.id)).toHaveLength(1);
  expect((await asBob('PUT', '/notification/v1/read', {})).body).toEqual({ unread: 0 });
});

test('a notification arrives live in its namespace', async () => {
  const socket = await connect(server, bob.token, { namespace: '/notifications' });
  const created = next<{ preview: string }>(socket, 'notification:created', ({ preview }) => preview === 'live one');
  await api(server, ann.token)('POST', '/message/v1/send', { to: bob.id, message: 'live one', client_id: clientId() });
  expect(await created).toMatchObject({ kind: 'direct', from: { id: ann.id }, read: false });
  socket.disconnect();
});

test('[S32] [S33] wrong input names its field', async () => {
  const post = api(server, ann.token);
  const send = { conversation_id: 'lobby', message: 'x', client_id: 'c' };
  for (const [field, value] of [
    ...[
      ['message', ''],
      ['message', ' '],
      ['message', 'x'.repeat(8_001)],
      ['message', {}],
      ['message', 'a\0b'],
    ],
    ...[
      ['client_id', '~1'],
      ['client_id', ''],
      ['reply_to', '../..'],
      ['conversation_id', 7],
      ['to', bob.id],
    ],
  ] as [string, unknown][]) {
    const { status, error } = await post('POST', '/message/v1/send', { ...send, [field]: value });
    expect([status, error?.code], `${field}`).toEqual([400, 'invalid_input']);
  }
});

test('who opens a conversation later learns from its members how far each has read', async () => {
  const mine = await connect(server, ann.token);
  const theirs = await connect(server, bob.token);
  const sent = { to: bob.id, message: 'read me', client_id: clientId() };
  const { conversation_id, seq } = await command(mine, 'message:send', sent);
  await command(theirs, 'receipt:read', { conversation_id, seq });
  await until(async () => {
    const { items } = await command(mine, 'conversation:members', { conversation_id });
    return items.every(({ read_seq, delivered_seq }) => read_seq === seq && delivered_seq === seq);
  });
  mine.disconnect();
  theirs.disconnect();
});
