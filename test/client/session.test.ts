import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { ChatError } from '../../src/client/errors.ts';
import { guardStorage } from '../../src/client/guarded-storage.ts';
import { createRest } from '../../src/client/rest.ts';
import { api, password, someName, until } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createBrowser, openTab, spied } from './tabs.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const newcomer = () => {
  const username = someName();
  return { username, password, full_name: `Full ${username}` };
};

const fake = async (listener: RequestListener) => {
  const http = createServer(listener).listen(0, '127.0.0.1');
  await new Promise(resolve => http.once('listening', resolve));
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
};

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    error => (error instanceof ChatError ? error.code : error),
  );

/** As stored; the shape is the session's own. Access tokens of the same second are equal: the refresh token tells exchanges apart. */
const kept = (browser: ReturnType<typeof createBrowser>) =>
  browser.entries.get('session') as { token: string; refresh_token: string; expires_at: number } | undefined;

/** The access token runs out, as this device sees it. */
const age = (browser: ReturnType<typeof createBrowser>) =>
  browser.entries.set('session', { ...kept(browser), expires_at: Date.now() });

describe('signing in', () => {
  test('whoever signs up is signed in, also in the next page on this storage', async () => {
    const browser = createBrowser();
    const input = newcomer();
    const first = openTab(server.url, browser);
    expect(await first.session.signUp(input)).toMatchObject({ username: input.username });
    expect(first.session.user.get()?.username).toBe(input.username);

    const second = openTab(server.url, browser);
    expect(await second.session.restore()).toEqual(first.session.user.get());
    const answer = await api(server, await second.session.token())('GET', '/user/v1/profile');
    expect(answer.body['username']).toBe(input.username);
  });

  test.each(['account:register', 'account:login'])(
    'signing up again after a lost answer of %s signs in',
    async lost => {
      const input = newcomer();
      let losing = true;
      const path = lost === 'account:register' ? '/register' : '/login';
      const { session } = openTab(server.url, createBrowser(), {
        async fetch(url, init) {
          const answer = await fetch(url, init);
          if (losing && url.endsWith(path)) throw new TypeError('Failed to fetch');
          return answer;
        },
      });
      // A sign-in of which nobody hears does nothing.
      expect(await codeOf(session.signUp(input))).toBe(lost === 'account:register' ? 'no_answer' : 'offline');
      losing = false;
      expect(await session.signUp(input)).toMatchObject({ username: input.username });
      expect(session.user.get()?.username).toBe(input.username);
    },
  );

  test("signing up again with a name that is somebody else's is refused as the first time", async () => {
    const input = newcomer();
    await openTab(server.url).session.signUp(input);
    const { session } = openTab(server.url);
    const other = { ...input, password: 'another horse 1' };
    for (let times = 0; times < 3; times++) expect(await codeOf(session.signUp(other))).toBe('username_taken');
    expect(session.user.get()).toBeUndefined();

    // Also where the first answer was lost.
    let losing = true;
    const unlucky = openTab(server.url, createBrowser(), {
      async fetch(url, init) {
        if (losing) throw new TypeError('Failed to fetch');
        return fetch(url, init);
      },
    });
    expect(await codeOf(unlucky.session.signUp(other))).toBe('no_answer');
    losing = false;
    expect(await codeOf(unlucky.session.signUp(other))).toBe('username_taken');
  });

  test('a wrong password is told as the server tells it, and nothing is kept', async () => {
    const browser = createBrowser();
    const { session } = openTab(server.url, browser);
    expect(await codeOf(session.signIn({ username: someName(), password: 'wrong' }))).toBe('invalid_credentials');
    expect(browser.entries.size).toBe(0);
    expect(await codeOf(session.token())).toBe('signed_out');
  });

  test('what is stored by something else is no session', async () => {
    const browser = createBrowser();
    browser.entries.set('session', { user: 'me', token: 1 });
    expect(await openTab(server.url, browser).session.restore()).toBeUndefined();
  });

  test('where nothing can be stored the session works in memory, and that is told', async () => {
    const browser = createBrowser();
    const refusing = { ...browser.storage(), write: () => Promise.reject(new Error('full')) };
    const troubles: unknown[] = [];
    const storage = guardStorage(refusing, { onTrouble: ({ cause }) => troubles.push(cause), isOwn: true });
    const tab = openTab(server.url, browser, { storage });
    await tab.session.signUp(newcomer());
    expect(troubles).toEqual([new Error('full')]);
    const before = await tab.session.token();
    const fresh = await tab.session.refresh(before);
    expect((await api(server, fresh)('GET', '/user/v1/profile')).status).toBe(200);
  });
});

describe('refreshing', () => {
  test('two tabs that find the token old at the same moment exchange it once', async () => {
    const browser = createBrowser();
    const { fetch, refreshes } = spied();
    await openTab(server.url, browser).session.signUp(newcomer());
    const old = kept(browser)?.refresh_token;
    age(browser);
    const [one, two] = [openTab(server.url, browser, { fetch }), openTab(server.url, browser, { fetch })];
    await Promise.all([one.session.restore(), two.session.restore()]);
    const tokens = await Promise.all([one.session.token(), two.session.token(), one.session.token()]);
    expect(new Set(tokens).size).toBe(1);
    expect(kept(browser)?.refresh_token).not.toBe(old);
    expect(refreshes()).toBe(1);
    expect([...one.endings, ...two.endings]).toEqual([]);
  });

  test('without a lock the grace of the server keeps both signed in', async () => {
    const browser = createBrowser();
    await openTab(server.url, browser).session.signUp(newcomer());
    age(browser);
    const locks = { alone: <T>(_: string, work: () => Promise<T>) => work() };
    const tabs = [openTab(server.url, browser, { locks }), openTab(server.url, browser, { locks })];
    await Promise.all(tabs.map(({ session }) => session.restore()));
    const tokens = await Promise.all(tabs.map(({ session }) => session.token()));
    for (const token of tokens) expect((await api(server, token)('GET', '/user/v1/profile')).status).toBe(200);
    expect(tabs.flatMap(({ endings }) => endings)).toEqual([]);
  });

  test.each([
    ['one answer that was lost', 'lost', 1],
    ['two that were lost', 'lost', 2],
    ['two that never came', 'late', 2],
  ] as const)('%s: the same refresh token is sent again, while the server still answers it', async (_, fate, times) => {
    const browser = createBrowser();
    const { fetch, refreshes } = spied((url, nth) =>
      url.endsWith('/refresh-token') && nth <= times ? fate : undefined,
    );
    const { session, endings } = openTab(server.url, browser, { fetch });
    await session.signUp(newcomer());
    const old = kept(browser)?.refresh_token;
    const begun = Date.now();
    const fresh = await session.refresh(await session.token());
    expect(Date.now() - begun).toBeLessThan(9_000);
    expect(kept(browser)?.refresh_token).not.toBe(old);
    expect(refreshes()).toBe(times + 1);
    expect((await api(server, fresh)('GET', '/user/v1/profile')).status).toBe(200);
    expect(endings).toEqual([]);
  });

  test('while the server is away nobody is signed out', async () => {
    const browser = createBrowser();
    let away = false;
    const { fetch } = spied(() => (away ? 'away' : undefined));
    const { session, endings } = openTab(server.url, browser, { fetch });
    await session.signUp(newcomer());
    const old = kept(browser)?.refresh_token;
    const token = await session.token();
    away = true;
    expect(await codeOf(session.refresh(token))).toBe('offline');
    expect(kept(browser)?.refresh_token).toBe(old);
    away = false;
    await session.refresh(token);
    expect(kept(browser)?.refresh_token).not.toBe(old);
    expect(endings).toEqual([]);
  });

  test('a refresh token that was used long ago ends the session in all tabs', async () => {
    const browser = createBrowser();
    const [one, two] = [openTab(server.url, browser), openTab(server.url, browser)];
    await one.session.signUp(newcomer());
    await two.session.restore();
    const first = kept(browser);
    await one.session.refresh(await one.session.token());
    await one.session.refresh(await one.session.token());
    browser.entries.set('session', { ...first, expires_at: Date.now() });
    expect(await codeOf(two.session.refresh(first?.token ?? ''))).toBe('signed_out');
    await until(() => one.endings.length > 0);
    expect([one.endings, two.endings]).toEqual([['signed_out'], ['signed_out']]);
    expect(browser.entries.size).toBe(0);
    expect(one.session.user.get()).toBeUndefined();
  });

  test('[G9] a session that was revoked elsewhere ends in all tabs', async () => {
    const browser = createBrowser();
    const [one, two] = [openTab(server.url, browser), openTab(server.url, browser)];
    await one.session.signUp(newcomer());
    await two.session.restore();
    const token = await one.session.token();
    const rest = createRest({ api: `${server.url}/api` });
    const { items } = await rest.call('session:list', {}, token);
    await rest.call('session:revoke', { id: items[0]?.id ?? '' }, token);
    expect(await codeOf(two.session.refresh(token))).toBe('signed_out');
    await until(() => one.endings.length > 0);
    expect([one.endings, two.endings]).toEqual([['signed_out'], ['signed_out']]);
  });

  test('while it is held a token is exchanged before it runs out, by one of the tabs', async () => {
    const short = await startServer({ accessTokenTtlSeconds: 5 });
    onTestFinished(() => short.close());
    const browser = createBrowser();
    const { fetch, refreshes } = spied();
    const [one, two] = [openTab(short.url, browser, { fetch }), openTab(short.url, browser, { fetch })];
    await one.session.signUp(newcomer());
    await two.session.restore();
    const old = await one.session.token();
    const release = [one.session.keepFresh(), two.session.keepFresh()];
    await until(() => kept(browser)?.token !== old);
    await until(async () => (await one.session.token()) !== old && (await two.session.token()) !== old);
    for (const stop of release) stop();
    expect(refreshes()).toBe(1);
    expect(await one.session.token()).toBe(await two.session.token());
  });
});

describe('signing out', () => {
  test('ends the session here, in the other tabs and on the server', async () => {
    const browser = createBrowser();
    const [one, two] = [openTab(server.url, browser), openTab(server.url, browser)];
    await one.session.signUp(newcomer());
    await two.session.restore();
    const token = await one.session.token();
    await one.session.signOut();
    await until(() => two.endings.length > 0);
    expect([one.endings, two.endings]).toEqual([['here'], ['signed_out']]);
    expect(two.session.user.get()).toBeUndefined();
    expect((await api(server, token)('GET', '/user/v1/profile')).error?.code).toBe('signed_out');
  });

  test('without a server it ends here at least', async () => {
    let away = false;
    const { fetch } = spied(() => (away ? 'away' : undefined));
    const tab = openTab(server.url, createBrowser(), { fetch });
    await tab.session.signUp(newcomer());
    away = true;
    await tab.session.signOut();
    expect(tab.endings).toEqual(['here']);
    expect(tab.errors).toMatchObject([{ code: 'offline' }]);
  });

  test('a verdict on a sign-in that is over does not end the next', async () => {
    const { session, endings } = openTab(server.url);
    await session.signUp(newcomer());
    const before = session.id();
    await session.signOut();
    await session.signUp(newcomer());
    await session.end('signed_out', before);
    expect(session.user.get()).toBeDefined();
    expect(endings).toEqual(['here']);
  });
});

describe('what answers is not the server', () => {
  const page: RequestListener = (_request, response) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome to this hotel</h1>');
  const portal: RequestListener = (_request, response) => void response.writeHead(401).end('{"login":"please"}');
  const gateway: RequestListener = (_request, response) =>
    void response.writeHead(503, { 'retry-after': '7' }).end('<h1>503</h1>');

  const half: RequestListener = (request, response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('{"id":');
    request.socket.end();
  };

  test.each([
    ['a page', page, 'odd_answer'],
    ['JSON of something else', portal, 'odd_answer'],
    ['a gateway without a server', gateway, 'unavailable'],
    ['nothing in time', () => undefined, 'no_answer'],
    [
      'an answer that never ends',
      ((_, response) => void response.writeHead(200).write('{')) as RequestListener,
      'no_answer',
    ],
    ['a closed connection', (request => void request.socket.destroy()) as RequestListener, 'offline'],
    ['half an answer', half, 'no_answer'],
    [
      'a redirect',
      ((_, response) => void response.writeHead(302, { location: '/' }).end()) as RequestListener,
      'odd_answer',
    ],
  ])('%s', async (_, listener, code) => {
    const url = await fake(listener);
    const rest = createRest({ api: `${url}/api`, timeoutMs: 300 });
    expect(await codeOf(rest.call('account:profile', {}, 'token'))).toBe(code);
    const browser = createBrowser();
    await openTab(server.url, browser).session.signUp(newcomer());
    const tab = openTab(url, browser, { timeoutMs: 300 });
    await tab.session.restore();
    if (code !== 'no_answer') expect(await codeOf(tab.session.refresh(await tab.session.token()))).toBe(code);
    expect(tab.endings).toEqual([]);
    expect(browser.entries.has('session')).toBe(true);
  });

  test('a server of another contract is named, whatever it answers; fresh tokens of it are taken all the same', async () => {
    const tokens = JSON.stringify({ token: 'new', refresh_token: 'next', expires_in: 900 });
    const url = await fake((_, response) => void response.writeHead(200, { 'Parley-Contract': '2' }).end(tokens));
    const rest = createRest({ api: `${url}/api` });
    await expect(rest.call('account:profile', {}, 'token')).rejects.toMatchObject({
      code: 'odd_answer',
      details: { contract: '2', known: '1' },
    });
    expect(await rest.call('account:refresh', {}, 'token')).toMatchObject({ token: 'new' });
    const answer = await api(server)('GET', '/user/v1/profile');
    expect([answer.status, answer.headers.get('parley-contract')]).toEqual([401, '1']);
  });

  test('a gateway says when to come again', async () => {
    const rest = createRest({ api: await fake(gateway) });
    await expect(rest.call('account:profile', {}, 'token')).rejects.toMatchObject({
      retryable: true,
      retry_after_ms: 7_000,
    });
  });

  test('a gateway says so by a date of its own clock', async () => {
    const headers = { date: new Date(1e12).toUTCString(), 'retry-after': new Date(1e12 + 9_000).toUTCString() };
    const url = await fake((_, response) => void response.writeHead(503, headers).end());
    await expect(createRest({ api: url }).call('account:profile', {}, 'token')).rejects.toMatchObject({
      code: 'unavailable',
      retry_after_ms: 9_000,
    });
  });

  test('nobody there', async () => {
    const http = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => http.once('listening', resolve));
    const { port } = http.address() as AddressInfo;
    await new Promise(resolve => http.close(resolve));
    const rest = createRest({ api: `http://127.0.0.1:${port}/api` });
    expect(await codeOf(rest.call('account:profile', {}, 'token'))).toBe('offline');
    expect(await codeOf(rest.call('account:register', newcomer()))).toBe('offline');
  });

  test('an account that was made, and whose answer was cut, is not told as unsent', async () => {
    const { fetch } = spied(() => 'lost');
    const input = newcomer();
    const cut = createRest({ api: `${server.url}/api`, fetch });
    expect(await codeOf(cut.call('account:register', input))).toBe('no_answer');
    expect(await codeOf(createRest({ api: `${server.url}/api` }).call('account:register', input))).toBe(
      'username_taken',
    );
    const url = await fake(request => void request.socket.destroy());
    expect(await codeOf(createRest({ api: url }).call('account:register', newcomer()))).toBe('no_answer');
  });

  test('where the browser says that there is no network nothing was sent', async () => {
    vi.stubGlobal('navigator', { onLine: false });
    onTestFinished(() => void vi.unstubAllGlobals());
    const rest = createRest({ api: '/api', fetch: () => Promise.reject(new TypeError('Failed to fetch')) });
    expect(await codeOf(rest.call('account:register', newcomer()))).toBe('offline');
  });

  test('an answer without end is let go of', async () => {
    const piece = Buffer.alloc(2 ** 20, 'a');
    let sent = 0;
    let isOver = false;
    const url = await fake((_, response) => {
      response.on('close', () => {
        isOver = true;
      });
      const more = () => {
        while (!isOver && sent < 200) {
          sent += 1;
          if (!response.write(piece)) return void response.once('drain', more);
        }
      };
      more();
    });
    expect(await codeOf(createRest({ api: url }).call('account:profile', {}, 'token'))).toBe('odd_answer');
    await until(() => isOver);
    expect(sent).toBeLessThan(50);
  });

  test.each(['id', 'username', 'full_name', 'token', 'refresh_token', 'expires_in'])(
    'an answer to the sign-in without %s',
    async field => {
      const whole = { id: 'i', username: 'u', full_name: 'f', token: 't', refresh_token: 'r', expires_in: 900 };
      const url = await fake((_, response) => void response.end(JSON.stringify({ ...whole, [field]: undefined })));
      const { session } = openTab(url);
      expect(await codeOf(session.signIn({ username: 'u', password }))).toBe('odd_answer');
      expect(session.user.get()).toBeUndefined();
    },
  );
});

test('fields go into the path, the query or the body', async () => {
  const { session } = openTab(server.url);
  const input = newcomer();
  await session.signUp(input);
  const rest = createRest({ api: `${server.url}/api` });
  const token = await session.token();
  const found = await rest.call('user:search', { q: input.username.slice(0, 8), limit: 1, after: undefined }, token);
  expect(found.items).toHaveLength(1);
  expect(await codeOf(rest.call('session:revoke', { id: 'none' }, token))).toBe('not_found');
  expect(await rest.call('notification:list', { unread: true }, token)).toMatchObject({ items: [], unread: 0 });
  expect(await rest.call('account:update', { full_name: 'Änne & Co' }, token)).toMatchObject({
    full_name: 'Änne & Co',
  });
});
