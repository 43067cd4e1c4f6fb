import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ErrorCode,
  errorCatalogue,
  type OperationName,
  operationNames,
  operations,
} from '../../src/protocol/index.ts';
import { api, clientId, type Person, password, signIn, signUp, someName } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let ada: Person;
let ben: Person;
beforeAll(async () => {
  server = await startServer();
  [ada, ben] = [await signUp(server), await signUp(server)];
});
afterAll(() => server.close());

const as = (person: Person) => api(server, person.token);
const called = new Set<OperationName>();

/** Calls a route of the contract and holds the answer against it. */
const call = async <N extends OperationName>(
  name: N,
  person: Pick<Person, 'token'> | undefined,
  params: Record<string, string> = {},
  fields: Record<string, unknown> = {},
) => {
  const { rest, output } = operations[name];
  if (!rest) throw new Error(`${name} has no route`);
  const path = rest.path.replaceAll(/\{(\w+)\}/g, (_, field) => encodeURIComponent(params[field] ?? ''));
  const query = new URLSearchParams(
    Object.entries(fields).map(([field, value]): [string, string] => [field, String(value)]),
  );
  const inQuery = rest.from === 'query' && query.size > 0;
  const answer = await api(server, person?.token)(
    rest.method.toUpperCase(),
    inQuery ? `${path}?${query}` : path,
    rest.from === 'body' && Object.keys(fields).length > 0 ? fields : undefined,
  );
  expect(answer.headers.get('x-request-id')).toMatch(/^[\w-]{8,64}$/);
  if (answer.error) {
    expect(answer.status).toBe(errorCatalogue[answer.error.code].status);
    expect(answer.error.request_id).toBe(answer.headers.get('x-request-id'));
  } else {
    called.add(name);
    expect(answer.status, JSON.stringify(answer.body)).toBe(rest.status ?? 200);
    expect(output.safeParse(answer.body).error).toBeUndefined();
  }
  return answer;
};

const ok = async (...args: Parameters<typeof call>) => {
  const { body, error } = await call(...args);
  expect(error).toBeUndefined();
  return body;
};
const refused = async (code: ErrorCode, ...args: Parameters<typeof call>) => {
  const { error } = await call(...args);
  expect(error?.code).toBe(code);
  return error;
};

const send = async (person: Person, message: string, conversation_id = 'lobby') =>
  String((await ok('message:send', person, {}, { conversation_id, message, client_id: clientId() }))['id']);

/** A group of Ada's with Ben in it. */
const group = async () =>
  String((await ok('conversation:create', ada, {}, { kind: 'group', name: 'Group', members: [ben.id] }))['id']);

describe('accounts', () => {
  test('register, login, profile, update', async () => {
    const username = someName();
    const registered = await ok(
      'account:register',
      undefined,
      {},
      { username, password, full_name: 'Cy', email: `${username}@example.org` },
    );
    expect(registered['data']).toMatchObject({ username, full_name: 'Cy' });
    const taken = { username: username.toUpperCase(), password, full_name: 'Cy' };
    await refused('username_taken', 'account:register', undefined, {}, taken);
    const login = await ok('account:login', undefined, {}, { username, password });
    const cy = { token: String(login['token']) };
    expect(login).toMatchObject({ username, expires_in: 900 });
    await refused('invalid_credentials', 'account:login', undefined, {}, { username, password: 'wrong one' });
    expect(await ok('account:profile', cy)).toMatchObject({ username, email: `${username}@example.org`, role: 'user' });
    expect(await ok('account:update', cy, {}, { full_name: 'Cy the Second' })).toMatchObject({
      full_name: 'Cy the Second',
    });
    const wrong = await refused(
      'invalid_input',
      'account:register',
      undefined,
      {},
      { username: 'x', password, full_name: 'X' },
    );
    expect(Object.keys(wrong?.details ?? {})).toEqual(['username']);
    await refused(
      'invalid_input',
      'account:register',
      undefined,
      {},
      { username: someName(), password: 'short', full_name: 'X' },
    );
  });

  test('refresh, sessions, logout, password, erasure', async () => {
    const dee = await signUp(server);
    const other = await signIn(server, dee.username);
    const sessions = await ok('session:list', dee);
    expect(sessions['items']).toHaveLength(2);
    const [{ id } = { id: '' }] = (sessions['items'] as { id: string; current: boolean }[]).filter(
      ({ current }) => !current,
    );
    expect(await ok('session:revoke', dee, { id })).toEqual({ id });
    await refused('signed_out', 'account:profile', other);
    await refused('not_found', 'session:revoke', dee, { id });

    const renewed = await ok('account:refresh', { token: dee.refresh_token });
    const fresh = { token: String(renewed['token']) };
    expect(
      await ok('account:password', fresh, {}, { current_password: password, new_password: 'another one 2' }),
    ).toMatchObject({ id: dee.id });
    await refused(
      'invalid_credentials',
      'account:password',
      fresh,
      {},
      { current_password: password, new_password: 'another one 3' },
    );
    await ok('account:logout', fresh);
    await refused('signed_out', 'account:profile', fresh);

    const again = await ok('account:login', undefined, {}, { username: dee.username, password: 'another one 2' });
    const last = { token: String(again['token']) };
    await refused('invalid_credentials', 'account:erase', last, {}, { password });
    expect(await ok('account:erase', last, {}, { password: 'another one 2' })).toEqual({ id: dee.id });
    await refused('signed_out', 'account:profile', last);
    await refused(
      'invalid_credentials',
      'account:login',
      undefined,
      {},
      { username: dee.username, password: 'another one 2' },
    );
  });

  test('people are found', async () => {
    const found = await ok('user:search', ada, {}, { q: ben.username, limit: 5 });
    expect(found['items']).toMatchObject([{ id: ben.id }]);
    await refused('invalid_input', 'user:search', ada, {}, { q: '' });
  });
});

describe('conversations', () => {
  test('create, list, get, update, directory, join, leave, delete', async () => {
    const name = `Room ${someName()}`;
    const client_id = clientId();
    const room = await ok('conversation:create', ada, {}, { kind: 'room', name, client_id });
    const conversation_id = String(room['id']);
    expect(await ok('conversation:create', ada, {}, { kind: 'room', name, client_id })).toMatchObject({
      id: conversation_id,
    });
    await refused('name_taken', 'conversation:create', ben, {}, { kind: 'room', name });
    const mine = await ok('conversation:list', ada, {}, { limit: 500 });
    expect((mine['items'] as { id: string }[]).map(({ id }) => id)).toContain(conversation_id);
    expect(await ok('conversation:get', ada, { conversation_id })).toMatchObject({ name, role: 'owner' });
    expect(await ok('conversation:update', ada, { conversation_id }, { topic: 'News' })).toMatchObject({
      topic: 'News',
    });
    await refused('invalid_input', 'conversation:update', ada, { conversation_id }, { slow_mode_ms: -1 });
    const rooms = await ok('conversation:directory', ben, {}, { q: name });
    expect(rooms['items']).toMatchObject([{ id: conversation_id, joined: false }]);
    expect(await ok('conversation:join', ben, { conversation_id })).toMatchObject({ role: 'member' });
    await refused('forbidden', 'conversation:update', ben, { conversation_id }, { topic: 'Mine' });
    await refused('last_owner', 'conversation:leave', ada, { conversation_id });
    await ok('conversation:leave', ben, { conversation_id });
    await refused('not_found', 'conversation:join', ben, { conversation_id: 'nowhere' });
    await ok('conversation:delete', ada, { conversation_id });
    await refused('not_found', 'conversation:get', ada, { conversation_id });
  });

  test('direct: the same one each time, for both', async () => {
    const first = await ok('conversation:direct', ada, {}, { user_id: ben.id });
    expect(await ok('conversation:direct', ben, {}, { user_id: ada.id })).toMatchObject({
      id: first['id'],
      kind: 'direct',
    });
    await refused('not_found', 'conversation:direct', ada, {}, { user_id: 'nobody' });
  });

  test('members: invite, list, change, kick, ban, bans, lift', async () => {
    const conversation_id = await group();
    const cy = await signUp(server);
    const onBen = { conversation_id, user_id: ben.id };
    await refused('not_found', 'conversation:get', cy, { conversation_id });
    await ok('conversation:invite', ada, { conversation_id }, { user_ids: [cy.id] });
    const members = await ok('conversation:members', cy, { conversation_id });
    expect(members['items']).toHaveLength(3);
    expect(await ok('conversation:member', ada, onBen, { role: 'admin' })).toMatchObject({ role: 'admin' });
    await refused('invalid_input', 'conversation:member', ada, onBen);
    await refused('forbidden', 'conversation:kick', cy, onBen);
    expect(await ok('conversation:ban', ada, onBen)).toEqual(onBen);
    expect((await ok('conversation:bans', ada, { conversation_id }))['items']).toMatchObject([
      { user: { id: ben.id } },
    ]);
    await refused('not_found', 'conversation:get', ben, { conversation_id });
    expect(await ok('conversation:unban', ada, onBen)).toEqual(onBen);
    expect(await ok('conversation:kick', ada, { conversation_id, user_id: cy.id })).toMatchObject({ user_id: cy.id });
  });

  test('the path names the target, whatever the body says', async () => {
    const [one, two] = [await group(), await group()];
    const answer = await as(ada)('PATCH', `/conversation/v1/${one}`, { conversation_id: two, topic: 'Of the path' });
    expect(answer).toMatchObject({ status: 200, body: { id: one, topic: 'Of the path' } });
    expect(await ok('conversation:get', ada, { conversation_id: two })).toMatchObject({ topic: '' });
  });
});

describe('messages', () => {
  test('send, get, edit, react, unreact, unsend', async () => {
    const client_id = clientId();
    const fields = { conversation_id: 'lobby', message: 'hello', client_id };
    const sent = await ok('message:send', ada, {}, fields);
    expect(await ok('message:send', ada, {}, fields)).toMatchObject({
      id: sent['id'],
      seq: sent['seq'],
      duplicate: true,
    });
    const id = String(sent['id']);
    expect(await ok('message:edit', ada, { id }, { message: 'hello!' })).toMatchObject({ id, message: 'hello!' });
    await refused('forbidden', 'message:edit', ben, { id }, { message: 'mine' });
    const emoji = '👩‍👩‍👧';
    expect(await ok('message:react', ben, { id, emoji })).toMatchObject({ reactions: [{ emoji, count: 1, me: true }] });
    await refused('invalid_input', 'message:react', ben, { id, emoji: 'no' });
    expect(await ok('message:unreact', ben, { id, emoji })).toMatchObject({ reactions: [] });
    expect(await ok('message:unsend', ada, { id })).toMatchObject({ unsent: true });
    expect(await ok('message:get', ben, { id })).toMatchObject({ id, message: '', unsent: true });
    await refused('message_unsent', 'message:edit', ada, { id }, { message: 'back' });
    await refused('not_found', 'message:get', ben, { id: 'lobby.zzz.nothing' });
    await refused('invalid_input', 'message:send', ada, {}, { ...fields, to: ben.id });
  });

  test('to a person and to a room by name', async () => {
    expect(await ok('message:send', ada, {}, { to: ben.id, message: 'psst', client_id: clientId() })).toHaveProperty(
      'conversation_id',
    );
    expect(await ok('message:send', ada, {}, { room: 'lobby', message: 'all', client_id: clientId() })).toMatchObject({
      conversation_id: 'lobby',
    });
  });

  test('history: texts of a query become the numbers of the contract', async () => {
    const conversation_id = await group();
    for (const text of ['one', 'two', 'three']) await send(ada, text, conversation_id);
    const page = await ok('message:history', ben, {}, { conversation_id, page: 1, limit: 2 });
    expect(page).toMatchObject({
      page: 1,
      limit: 2,
      total: 3,
      has_more: true,
      items: [{ message: 'two' }, { message: 'three' }],
    });
    for (const wrong of ['x', '1e9', '-1', '0', '1.5', '']) {
      const error = await refused('invalid_input', 'message:history', ben, {}, { conversation_id, limit: wrong });
      expect(Object.keys(error?.details ?? {})).toEqual(['limit']);
    }
    await refused('invalid_input', 'message:history', ben, {}, { conversation_id, page: 1, before: 3 });
  });

  test('receipts and readers', async () => {
    const conversation_id = await group();
    const id = await send(ada, 'read me', conversation_id);
    const { seq } = await ok('message:get', ben, { id });
    expect(await ok('receipt:delivered', ben, {}, { conversation_id, seq })).toMatchObject({
      delivered_seq: seq,
      unread: 1,
    });
    expect(await ok('receipt:read', ben, {}, { conversation_id, seq })).toMatchObject({ read_seq: seq, unread: 0 });
    expect(await ok('message:readers', ada, { id })).toMatchObject({ read_count: 1, read: [{ id: ben.id }] });
  });

  test('search', async () => {
    const word = `needle${someName()}`;
    const id = await send(ada, `a ${word} in the hay`);
    await expect
      .poll(async () => (await ok('message:search', ben, {}, { q: word, limit: 5 }))['items'], { timeout: 10_000 })
      .toMatchObject([{ id }]);
    await refused('invalid_input', 'message:search', ben, {}, { q: '' });
  });
});

test('notifications: a mention arrives in the inbox and is read', async () => {
  const conversation_id = await group();
  const id = await send(ada, `look, @${ben.username}`, conversation_id);
  const inbox = () => ok('notification:list', ben, {}, { unread: true });
  await expect
    .poll(async () => (await inbox())['items'], { timeout: 10_000 })
    .toEqual(expect.arrayContaining([expect.objectContaining({ kind: 'mention', message_id: id })]));
  expect(await ok('notification:read', ben)).toEqual({ unread: 0 });
  await refused('invalid_input', 'notification:list', ben, {}, { unread: 'perhaps' });
});

test.each(operationNames.filter(name => operations[name].rest && operations[name].auth !== 'none'))(
  '%s without a token is unauthenticated, whatever else is wrong',
  async name => {
    await refused('unauthenticated', name, undefined, { id: 'x', conversation_id: 'x', user_id: 'x', emoji: 'x' });
  },
);

test('every route of the contract was called here with success', () => {
  expect([...called].sort()).toEqual(operationNames.filter(name => operations[name].rest).sort());
});
