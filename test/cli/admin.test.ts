import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Output } from '../../src/protocol/index.ts';
import { openSqliteStorage } from '../../src/storage/sql/open.ts';
import { api, command, connect, password, signIn, signUp, someName } from '../support/clients.ts';
import { startServer, type TestServer, temporaryFolder } from '../support/server.ts';
import { answerOf, parley, refusalOf } from './program.ts';

/** Each call is a process that begins with the TypeScript loader; on a busy machine that is slow. */
vi.setConfig({ testTimeout: 300_000 });

let server: TestServer;
let env: { DATA_DIR: string };

beforeAll(async () => {
  server = await startServer();
  env = { DATA_DIR: server.config.dataDir };
});
afterAll(() => server.close());

/** Embedded, the files have one owner at a time: the server stops for what is done on the command line. */
const stopped = async <T>(work: () => Promise<T>): Promise<T> => {
  await server.app.close();
  try {
    return await work();
  } finally {
    await server.restart();
  }
};

const profile = async (token: string) =>
  (await api(server, token)<Output<'account:profile'>>('GET', '/user/v1/profile')).body;
const statusOf = async (token: string) => (await api(server, token)('GET', '/user/v1/profile')).status;
const login = (username: string, secret: string) =>
  api(server)('POST', '/user/v1/login', { username, password: secret });

describe('administrators', () => {
  test('grant makes one, list and show know, revoke-admin takes it back; the token in use stays good', async () => {
    const [grace, ada] = [await signUp(server), await signUp(server)];
    const found = await stopped(async () => {
      expect(await answerOf(['admin', 'list'], env)).toBe('Nobody is an administrator.\n');
      // However the name is written.
      const upper = grace.username.toUpperCase();
      expect(await answerOf(['admin', 'grant', upper], env)).toBe(`${grace.username} is an administrator now.\n`);
      expect(await answerOf(['admin', 'grant', upper], env)).toBe(`${grace.username} is an administrator already.\n`);
      return JSON.parse(await answerOf(['admin', 'list', '--json'], env));
    });
    expect(found.items).toEqual([
      {
        ...{ id: grace.id, username: grace.username, full_name: grace.full_name },
        created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ]);
    expect((await profile(grace.token)).role).toBe('admin');
    expect((await profile(ada.token)).role).toBe('user');
    await stopped(async () => {
      expect(await answerOf(['admin', 'list'], env)).toMatch(
        new RegExp(`^${grace.username} +${grace.id} .*${grace.full_name}$`, 'm'),
      );
      const { stdout, stderr } = await parley(['admin', 'revoke-admin', grace.username], {
        ...env,
        ADMINS: grace.username,
      });
      expect(stdout).toBe(`${grace.username} is no administrator any more.\n`);
      expect(stderr).toContain('ADMINS names');
      expect(await answerOf(['admin', 'revoke-admin', grace.username], env)).toBe(
        `${grace.username} was no administrator.\n`,
      );
    });
    expect((await profile(grace.token)).role).toBe('user');
  });

  test('show tells what there is of an account, and nothing by which one signs in', async () => {
    const person = await signUp(server);
    await api(server, person.token)('PUT', '/user/v1/profile', { email: 'me@example.org', full_name: 'שלום עולם 🐎' });
    await api(server, person.token)('POST', '/conversation/v1', { kind: 'group', name: 'Ours' });
    const [text, data] = await stopped(async () => [
      await answerOf(['admin', 'show', person.username], env),
      await answerOf(['admin', 'show', person.username, '--json'], env),
    ]);
    expect(JSON.parse(data)).toMatchObject({
      ...{ id: person.id, username: person.username, full_name: 'שלום עולם 🐎', email: 'me@example.org', role: 'user' },
      ...{ sessions: 1, conversations: 1 },
    });
    expect(text).toMatch(/^full_name +שלום עולם 🐎$/m);
    expect(text + data).not.toMatch(/password|\$2b\$|generation/);
  });
});

describe('a password', () => {
  test('reset-password sets it and ends every session: the old one is refused, the new one signs in', async () => {
    const person = await signUp(server);
    const other = await signIn(server, person.username);
    const secret = 'cörrect 🐎 battery שלום';
    const printed = await stopped(() =>
      answerOf(['admin', 'reset-password', person.username, '--password-stdin'], env, `${secret}\n`),
    );
    expect(printed).toBe(`${person.username} has a new password; 2 sessions ended.\n`);
    for (const { token, refresh_token } of [person, other]) {
      expect(await statusOf(token)).toBe(401);
      expect((await api(server, refresh_token)('PUT', '/user/v1/refresh-token')).status).toBe(401);
    }
    expect((await login(person.username, password)).error?.code).toBe('invalid_credentials');
    expect((await login(person.username, secret)).status).toBe(200);
  });

  test('that the server would not take is refused, and the old one stays', async () => {
    const person = await signUp(server);
    const args = ['admin', 'reset-password', person.username, '--password-stdin'];
    const unfit: [secret: string | Buffer, why: string, settings?: Record<string, string>][] = [
      ['seven 7', 'must have at least 8 characters'],
      ['eight 88', 'must have at least 12 characters', { PASSWORD_MIN_LENGTH: '12' }],
      ['🐎'.repeat(19), 'must have at most 72 bytes'],
      ['a password\0more', 'must be well-formed'],
      [Buffer.from([0x61, 0xff, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67]), 'not UTF-8'],
    ];
    await stopped(async () => {
      for (const [secret, why, settings] of unfit) {
        const { line } = await refusalOf(args, { ...env, ...settings }, secret);
        expect(line).toContain(why);
        expect(line).not.toContain(String(secret));
      }
    });
    expect(await statusOf(person.token)).toBe(200);
  });

  test('is asked of nobody where nobody is there', async () => {
    const person = await signUp(server);
    const refused = await stopped(() => refusalOf(['admin', 'reset-password', person.username], env));
    expect(refused).toEqual({ code: 2, line: expect.stringContaining('--password-stdin') });
  });
});

describe('sessions', () => {
  test('are listed, ended one by one, and all together', async () => {
    const person = await signUp(server);
    const [second, third] = [await signIn(server, person.username), await signIn(server, person.username)];
    const mine = async (token: string) =>
      (await api(server, token)<Output<'session:list'>>('GET', '/user/v1/sessions')).body.items;
    const own = (await mine(second.token)).find(({ current }) => current)?.id ?? '';

    await stopped(async () => {
      const { items } = JSON.parse(await answerOf(['admin', 'sessions', person.username, '--json'], env));
      expect(items).toHaveLength(3);
      expect(items.map(({ id }: { id: string }) => id)).toContain(own);
      expect(Object.keys(items[0])).toEqual(['id', 'created_at', 'last_seen_at', 'expires_at', 'user_agent']);
      expect(await answerOf(['admin', 'sessions', person.username], env)).toMatch(new RegExp(`^${own} `, 'm'));
      expect(await answerOf(['admin', 'revoke-session', person.username, own], env)).toBe(
        `1 session of ${person.username} ended.\n`,
      );
      expect(await refusalOf(['admin', 'revoke-session', person.username, own], env)).toEqual({
        code: 1,
        line: `${person.username} has no session ${own}.`,
      });
    });
    expect([await statusOf(person.token), await statusOf(second.token), await statusOf(third.token)]).toEqual([
      200, 401, 200,
    ]);

    await stopped(async () => {
      expect(await answerOf(['admin', 'revoke-session', person.username, '--all'], env)).toBe(
        `2 sessions of ${person.username} ended.\n`,
      );
      expect(await answerOf(['admin', 'sessions', person.username], env)).toBe(
        `${person.username} is signed in nowhere.\n`,
      );
    });
    expect([await statusOf(person.token), await statusOf(third.token)]).toEqual([401, 401]);
    expect((await signIn(server, person.username)).id).toBe(person.id);
  });

  test('of somebody else are not ended by their id', async () => {
    const [grace, ada] = [await signUp(server), await signUp(server)];
    const { body } = await api(server, ada.token)<Output<'session:list'>>('GET', '/user/v1/sessions');
    const id = body.items[0]?.id ?? '';
    await stopped(() => refusalOf(['admin', 'revoke-session', grace.username, id], env));
    expect(await statusOf(ada.token)).toBe(200);
  });
});

describe('erasing', () => {
  test('is the erasure that the person has: left with a hand-over, blanked, signed out, texts kept', async () => {
    const [grace, ada] = [await signUp(server), await signUp(server)];
    const socket = await connect(server, grace.token);
    const group = await command(socket, 'conversation:create', { kind: 'group', name: 'Ours', members: [ada.id] });
    await command(socket, 'message:send', { conversation_id: group.id, message: 'I was here', client_id: 'one' });
    socket.disconnect();

    await stopped(async () => {
      expect(await refusalOf(['admin', 'erase', grace.username], env)).toEqual({
        code: 2,
        line: expect.stringContaining('--yes'),
      });
      expect(await answerOf(['admin', 'erase', grace.username, '--yes'], env)).toBe(
        `${grace.username} (${grace.id}) is erased; 1 session ended.\n`,
      );
      expect(await refusalOf(['admin', 'erase', grace.username, '--yes'], env)).toEqual({
        code: 1,
        line: `There is no account ${grace.username}.`,
      });
    });

    expect(await statusOf(grace.token)).toBe(401);
    expect((await login(grace.username, password)).error?.code).toBe('invalid_credentials');
    const history = await api(server, ada.token)<Output<'message:history'>>(
      'GET',
      `/message/v1/history?conversation_id=${group.id}`,
    );
    expect(history.body.items).toMatchObject([
      { message: 'I was here', from: { id: grace.id, username: '', full_name: '' } },
    ]);
    const members = await api(server, ada.token)<Output<'conversation:members'>>(
      'GET',
      `/conversation/v1/${group.id}/members`,
    );
    expect(members.body.items.map(({ user, role }) => [user.id, role])).toEqual([[ada.id, 'owner']]);
    // The name is free again.
    expect((await signUp(server, grace.username)).id).not.toBe(grace.id);
  });

  test('that failed midway finds the account by the name that it does not show any more', async () => {
    const grace = await signUp(server);
    await stopped(async () => {
      const storage = await openSqliteStorage({ file: join(env.DATA_DIR, 'parley.db') });
      await storage.users.update(grace.id, { username: '', full_name: '' });
      await storage.close();
      expect(await answerOf(['admin', 'erase', grace.username, '--yes'], env)).toBe(
        `${grace.username} (${grace.id}) is erased; 1 session ended.\n`,
      );
    });
    expect(await statusOf(grace.token)).toBe(401);
  });
});

describe('names', () => {
  test('that read from right to left, or begin with a hyphen, are names like others', async () => {
    const [rtl, hyphen] = [`שלום${someName('')}`.slice(0, 20), `-${someName('')}`.slice(0, 20)];
    await signUp(server, rtl);
    await signUp(server, hyphen);
    await stopped(async () => {
      expect(await answerOf(['admin', 'grant', rtl], env)).toBe(`${rtl} is an administrator now.\n`);
      expect(await answerOf(['admin', 'show', '--', hyphen], env)).toContain(hyphen);
    });
  });

  test('that nobody has are said, in one line', async () => {
    const calls = [
      ['grant', 'nobody-here'],
      ['reset-password', 'nobody-here', '--password-stdin'],
      ['revoke-session', 'nobody-here', '--all'],
      ['erase', 'nobody-here', '--yes'],
    ];
    await stopped(async () => {
      for (const call of calls)
        expect(await refusalOf(['admin', ...call], env)).toEqual({
          code: 1,
          line: 'There is no account nobody-here.',
        });
    });
  });
});

test.each([
  ['admin', 'list'],
  ['admin', 'erase', 'nobody-here', '--yes'],
  ['restored', '--yes'],
])('a folder without a server stays without one: %s %s', async (...args) => {
  const DATA_DIR = join(temporaryFolder(), 'none');
  const { code, line } = await refusalOf(args, { DATA_DIR });
  expect({ code, line }).toEqual({ code: 1, line: expect.stringContaining(`DATA_DIR ${DATA_DIR} holds no data`) });
  expect(existsSync(DATA_DIR)).toBe(false);
});

test('while the server runs, its folder is not touched, and the line says what to do', async () => {
  const person = await signUp(server);
  const { code, line } = await refusalOf(['admin', 'revoke-session', person.username, '--all'], env);
  expect({ code, line }).toEqual({ code: 1, line: expect.stringContaining('in use by another running server') });
  expect(line).toContain('stop the server, repeat it, and start the server again');
  expect(await statusOf(person.token)).toBe(200);
});
