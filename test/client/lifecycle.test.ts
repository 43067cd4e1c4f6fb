import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type ChatClient, ChatError, type ClientOptions, createClient } from '../../src/client/index.ts';
import type { Ending } from '../../src/client/session.ts';
import { api, password, signIn, someName, until } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createBrowser } from './tabs.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const newClient = (options: ClientOptions = {}) => {
  const client = createClient({ url: server.url, ...options });
  onTestFinished(() => client.close());
  return client;
};

const newcomer = () => {
  const username = someName();
  return { username, password, full_name: `Full ${username}` };
};

/** Signs up and is up to date. */
const newPerson = async (options: ClientOptions = {}) => {
  const client = newClient(options);
  const input = newcomer();
  const user = await client.signUp(input);
  await client.synced();
  return { client, user, username: input.username };
};

const codeOf = (work: () => unknown) =>
  Promise.resolve()
    .then(work)
    .then(
      () => 'none',
      error => (error instanceof ChatError ? error.code : error),
    );

/** A way to the server that falls silent, when told or when something is asked: what is there stays open, and nothing passes any more. */
const startWay = async (target: string, silentAt?: RegExp) => {
  const { port, hostname } = new URL(target);
  const sockets = new Set<Socket>();
  let silent = false;
  const way = createServer({ allowHalfOpen: true }, near => {
    const far = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', data => {
        silent ||= silentAt?.test(data.toString('latin1')) === true;
        if (!silent) to.write(data);
      });
      from.on('end', () => silent || to.end());
      from.on('error', () => from.destroy());
      from.on('close', () => {
        sockets.delete(from);
        if (!silent) to.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(way, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    way.close();
  });
  return {
    url: `http://127.0.0.1:${(way.address() as AddressInfo).port}`,
    isSilent: () => silent,
    fallSilent() {
      silent = true;
    },
  };
};

/** Resolves when what is asked for is there, and lets it go on at a word. */
const gate = () => {
  let reached = () => undefined as unknown;
  let open = () => undefined as unknown;
  const isReached = new Promise<void>(resolve => {
    reached = resolve;
  });
  const isOpen = new Promise<void>(resolve => {
    open = resolve;
  });
  return { isReached, isOpen, reached: () => reached(), open: () => open() };
};

const sessionsOf = async (username: string) => {
  const { token } = await signIn(server, username);
  const { body } = await api(server, token)<{ items: unknown[] }>('GET', '/user/v1/sessions');
  return body.items.length;
};

describe('close', () => {
  test('every later call rejects as closed', async () => {
    const { client, username, user } = await newPerson();
    const lobby = client.conversation('lobby');
    await client.close();
    const calls: Record<string, () => unknown> = {
      restore: client.restore,
      signUp: () => client.signUp(newcomer()),
      signIn: () => client.signIn({ username, password }),
      signOut: client.signOut,
      synced: client.synced,
      conversation: () => client.conversation('lobby'),
      direct: () => client.direct(user.id),
      create: () => client.create({ kind: 'group', name: 'Late' }),
      join: () => client.join({ name: 'none' }),
      leave: () => client.leave('lobby'),
      presence: () => client.presence(user.id),
      retry: () => client.retry('none'),
      discard: () => client.discard('none'),
      'call over REST': () => client.call('account:profile', {}),
      'call over the socket': () => client.call('message:history', {}),
      edit: () => lobby.edit('none', 'late'),
    };
    const codes = await Promise.all(Object.entries(calls).map(async ([name, work]) => [name, await codeOf(work)]));
    expect(codes).toEqual(Object.keys(calls).map(name => [name, 'closed']));
    expect(() => client.reconnect()).not.toThrow();
    expect(client.connection.get().status).toBe('stopped');
    await client.close();
  });

  test.each([
    ['which the server has not answered', false],
    ['whose tokens are on their way to the storage', true],
  ])('a sign-in under way, %s, rejects as closed and leaves no session', async (_, isStoring) => {
    const { client: first, username } = await newPerson();
    await first.signOut();
    const browser = createBrowser();
    const storage = browser.storage();
    const stop = gate();
    const client = newClient({
      async fetch(url, init) {
        const answer = await fetch(url, init);
        if (!isStoring && url.endsWith('/login')) {
          stop.reached();
          await stop.isOpen;
        }
        return answer;
      },
      storage: {
        ...storage,
        async write(changes) {
          if (isStoring && changes.some(([key, value]) => key === 'session' && value)) {
            stop.reached();
            await stop.isOpen;
          }
          await storage.write(changes);
        },
      },
    });
    const signedIn = codeOf(() => client.signIn({ username, password }));
    await stop.isReached;
    const closed = client.close();
    stop.open();
    expect(await signedIn).toBe('closed');
    await closed;
    expect(browser.entries.get('session')).toBeUndefined();
    // The one that asks.
    expect(await sessionsOf(username)).toBe(1);
    expect(client.connection.get().status).toBe('stopped');
  });

  test('tokens that are being exchanged are kept, as the old ones are of no use any more', async () => {
    const browser = createBrowser();
    const { client } = await newPerson({ storage: browser.storage() });
    await client.close();
    const before = browser.entries.get('session') as { refresh_token: string };
    browser.entries.set('session', { ...before, expires_at: Date.now() });
    const stop = gate();
    const again = newClient({
      storage: browser.storage(),
      async fetch(url, init) {
        const answer = await fetch(url, init);
        if (url.endsWith('/refresh-token')) {
          stop.reached();
          await stop.isOpen;
        }
        return answer;
      },
    });
    await again.restore();
    await stop.isReached;
    const closed = again.close();
    stop.open();
    await closed;
    const after = browser.entries.get('session') as { token: string; refresh_token: string };
    expect(after.refresh_token).not.toBe(before.refresh_token);
    expect((await api(server, after.token)('GET', '/user/v1/profile')).status).toBe(200);
  });

  test('a sign-out under way leaves nothing to read', async () => {
    const browser = createBrowser();
    const { client } = await newPerson({ storage: browser.storage() });
    await until(() => [...browser.entries.keys()].some(key => key.startsWith('copy:')));
    const left = client.signOut();
    await client.close();
    await left;
    expect([...browser.entries.keys()]).toEqual([]);
  });

  test.each([
    ['close', 'once it stood', undefined],
    ['signOut', 'once it stood', undefined],
    ['close', 'before the connection stood', /socket\.io/],
    ['close', 'as it went over to a WebSocket', /upgrade: websocket/i],
  ])('a process goes soon after %s where the server fell silent %s', async (way, _, silentAt) => {
    const { client, username } = await newPerson();
    await client.close();
    const line = await startWay(server.url, silentAt);
    const program = fileURLToPath(new URL('leaving.ts', import.meta.url));
    const args = [line.url, username, password, way, silentAt ? 'early' : ''];
    const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const gone = once(child, 'exit');
    let said = '';
    child.stdout.on('data', data => {
      said += data;
    });
    await until(() => said.includes('ready'), 30_000);
    if (silentAt) await until(line.isSilent);
    else line.fallSilent();
    child.stdin.write('go\n');
    await until(() => said.includes('closed'), 10_000);
    const begun = performance.now();
    expect(await gone).toEqual([0, null]);
    expect(performance.now() - begun).toBeLessThan(8_000);
  });
});

describe('synced', () => {
  test.each(['signOut', 'close'] as const)('rejects where %s comes first', async way => {
    const { client, username } = await newPerson();
    await client.close();
    // Nothing ever gets up to date.
    const other = newClient({ url: (await startWay(server.url, /socket\.io/)).url });
    await other.signIn({ username, password });
    const synced = codeOf(other.synced);
    await other[way]();
    expect(await synced).toBe(way === 'close' ? 'closed' : 'signed_out');
  });
});

describe('where nobody is signed in', () => {
  test('calls reject as signed_out', async () => {
    const client = newClient();
    const calls: Record<string, () => unknown> = {
      direct: () => client.direct('somebody'),
      join: () => client.join({ name: 'none' }),
      create: () => client.create({ kind: 'group', name: 'None' }),
      leave: () => client.leave('lobby'),
      synced: client.synced,
      'call over REST': () => client.call('account:profile', {}),
      'call over the socket': () => client.call('message:history', {}),
    };
    const codes = await Promise.all(Object.entries(calls).map(async ([name, work]) => [name, await codeOf(work)]));
    expect(codes).toEqual(Object.keys(calls).map(name => [name, 'signed_out']));
  });
});

describe('signing in while somebody is signed in', () => {
  const following = (client: ChatClient) => {
    const endings: Ending[] = [];
    client.on('ended', reason => endings.push(reason));
    return endings;
  };

  test('is no end of a session, and ends the one before on the server', async () => {
    let token = '';
    const { client, username } = await newPerson({
      async fetch(url, init) {
        const answer = await fetch(url, init);
        if (url.endsWith('/login')) token ||= ((await answer.clone().json()) as { token: string }).token;
        return answer;
      },
    });
    const other = newcomer();
    const endings = following(client);
    client.conversation('lobby').send('as the first');
    await until(() => client.outbox.get().length === 0);
    await client.signUp(other);
    expect(client.user.get()?.username).toBe(other.username);
    await client.synced();
    client.conversation('lobby').send('as the second');
    await until(() => client.outbox.get().length === 0);
    const { items } = await client.call('message:history', { limit: 2 });
    expect(items.map(({ from, message }) => [from.username, message])).toEqual([
      [username, 'as the first'],
      [other.username, 'as the second'],
    ]);
    await until(async () => (await api(server, token)('GET', '/user/v1/profile')).error?.code === 'signed_out');
    expect(endings).toEqual([]);
    expect(client.connection.get().status).toBe('online');
  });

  test('a wrong password leaves who is signed in', async () => {
    const { client, username } = await newPerson();
    expect(await codeOf(() => client.signIn({ username, password: 'wrong' }))).toBe('invalid_credentials');
    expect(client.user.get()?.username).toBe(username);
    await client.call('account:profile', {});
  });
});

test('what onError and listeners throw, at once or later, ends no process and stops nothing', async () => {
  const uncaught: unknown[] = [];
  const onUncaught = (error: unknown) => void uncaught.push(error);
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
  const written = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  onTestFinished(() => {
    process.off('uncaughtException', onUncaught);
    process.off('unhandledRejection', onUncaught);
    written.mockRestore();
  });
  const told: unknown[] = [];
  const boom = () => {
    throw new Error('boom');
  };
  const browser = createBrowser();
  const storage = browser.storage();
  const { client } = await newPerson({
    // Refuses everything of the outbox.
    storage: {
      ...storage,
      write: async changes => {
        if (changes.some(([key]) => key.startsWith('outbox:'))) throw new Error('full');
        return storage.write(changes);
      },
    },
    onError(error) {
      told.push(error);
      if (told.length % 2) throw new Error('onError throws');
      return Promise.reject(new Error('onError rejects'));
    },
  });
  client.on('event', boom);
  client.on('event', async () => boom());
  client.outbox.subscribe(boom);
  client.conversations.subscribe(boom);
  const lobby = client.conversation('lobby');
  await lobby.open();
  lobby.messages.subscribe(boom);
  for (const text of ['one', 'two', 'three']) lobby.send(text);
  await until(() => client.outbox.get().length === 0);
  await until(() => lobby.messages.get()?.messages.at(-1)?.message === 'three');
  expect(told.length).toBeGreaterThan(3);
  expect(written).toHaveBeenCalled();
  await client.close();
  await new Promise(setImmediate);
  expect(uncaught).toEqual([]);
});

test('what is no JSON cannot be sent, on either way', async () => {
  const { client } = await newPerson();
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  for (const odd of [10n, cycle, { toJSON: () => JSON.parse('no') }] as never[]) {
    const input = { conversation_id: 'lobby', message: odd, client_id: 'odd' };
    expect(await codeOf(() => client.call('message:send', input))).toBe('invalid_input');
    expect(await codeOf(() => client.call('account:update', { full_name: odd }))).toBe('invalid_input');
  }
  expect(await codeOf(() => client.call('user:search', { q: '\ud800' }))).toBe('invalid_input');
  expect(await codeOf(() => client.call('session:revoke', { id: '\ud800' }))).toBe('invalid_input');
  expect(client.connection.get().status).toBe('online');
});

describe('markRead', () => {
  test('takes a place in the log only, and nothing before it is there', async () => {
    const [ann, bob] = [await newPerson(), await newPerson()];
    const there = await ann.client.direct(bob.user.id);
    for (const text of ['one', 'two', 'three']) there.send(text);
    await until(() => bob.client.unread.get() === 3);
    const here = bob.client.conversation(there.id);
    for (const odd of [
      { seq: Number.NaN, n: Number.NaN },
      { seq: -1, n: 0 },
      { seq: 1, n: 0.5 },
      { seq: Number.POSITIVE_INFINITY, n: 1 },
      { seq: '2', n: '1' } as never,
    ])
      expect(await codeOf(() => here.markRead(odd))).toBe('invalid_input');
    expect(bob.client.unread.get()).toBe(3);
    const { head = 0 } = here.summary.get() ?? {};
    here.markRead({ seq: 1e9, n: 1 });
    expect(here.summary.get()).toMatchObject({ read_seq: head, unread: 0 });
    there.send('four');
    await until(() => bob.client.unread.get() === 1);
    here.markRead();
    expect(bob.client.unread.get()).toBe(0);
  });
});
