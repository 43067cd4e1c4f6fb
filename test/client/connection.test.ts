import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { Manager } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { ChatError } from '../../src/client/errors.ts';
import { createReceive } from '../../src/client/incoming.ts';
import { jittered } from '../../src/client/verdict.ts';
import type { LogEvent } from '../../src/protocol/index.ts';
import { createLink } from '../page/proxy.ts';
import { api, clientId, command, connect, password, signUp, someName, until } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createBrowser, openConnection, openTab, spied } from './tabs.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    error => (error instanceof ChatError ? error.code : error),
  );

/** Somebody new with a live connection, over `url` where it is not the server's own. */
const online = async (at: { url: string } = server, url = at.url, browser = createBrowser()) => {
  const tab = openTab(at.url, browser);
  const username = someName();
  await tab.session.signUp({ username, password, full_name: username });
  const live = openConnection(url, tab);
  onTestFinished(() => live.connection.stop());
  live.connection.start();
  await until(() => live.connection.state.get().status === 'online');
  return { ...tab, ...live, browser, username };
};

/** A signed-in client whose socket server is something else. */
const towards = async (url: string) => {
  const tab = openTab(server.url);
  await tab.session.signUp({ username: someName(), password, full_name: 'Somebody' });
  const live = openConnection(url, tab);
  onTestFinished(() => live.connection.stop());
  live.connection.start();
  return { ...tab, ...live };
};

const fake = async (listener: RequestListener) => {
  const http = createServer(listener).listen(0, '127.0.0.1');
  await new Promise(resolve => http.once('listening', resolve));
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  return { http, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
};

/** A Socket.IO server that is no Parley, but lets everybody in. */
const foreign = async () => {
  const { http, url } = await fake((_request, response) => void response.end());
  const io = new Server(http);
  io.of('/notifications');
  onTestFinished(() => void io.close());
  return { io, url };
};

describe('events and commands', () => {
  test('[G12] log events come in order through one callback, commands are answered', async () => {
    const me = await online();
    const conversation_id = 'lobby';
    for (let n = 1; n <= 3; n++)
      await me.connection.call('message:send', { conversation_id, message: `${n}`, client_id: clientId() });
    await until(() => me.events.length >= 3);
    const seqs = me.events.map(({ seq }) => seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(await codeOf(me.connection.call('conversation:get', { conversation_id: 'none' }))).toBe('not_found');
    expect(me.heard.connected).toBe(1);
    expect(me.errors).toEqual([]);
  });

  test('a new notification is a signal', async () => {
    const me = await online();
    await until(() => me.heard.inbox === 1);
    const other = await signUp(server);
    const socket = await connect(server, other.token);
    onTestFinished(() => void socket.disconnect());
    const to = me.session.user.get()?.id ?? '';
    await command(socket, 'message:send', { to, message: 'hello', client_id: clientId() });
    await until(() => me.signals.some(({ name }) => name === 'notification:created'));
  });

  test('what is malformed is told to onError and dropped, and what handlers throw reaches nobody', () => {
    const errors: unknown[] = [];
    const got: unknown[] = [];
    const event = { seq: 1, kind: 'message', conversation_id: 'c' } as LogEvent;
    const receive = createReceive({
      onLogEvents: events => {
        got.push(...events);
        if (events.length > 1) throw new Error('a fault');
      },
      onSignal: name => void got.push(name),
      onError: error => void errors.push(error),
    });
    receive('message:created', event);
    receive('log:batch', [event, { ...event, seq: '2' }]);
    for (const bad of [undefined, null, 'text', 7, [], { seq: 1 }]) receive('message:created', bad);
    receive('heads', { epoch: 'e', heads: null });
    receive('typing:updated', { conversation_id: 'c', typing: {} });
    receive('closing', { code: 'slow' });
    receive('something:new', {});
    expect(got).toEqual([event, event]);
    expect(errors).toHaveLength(1 + 6 + 4);
    receive('log:batch', [event, event]);
    receive('heads', { epoch: 'e', heads: {} });
    expect(errors.at(-1)).toEqual(new Error('a fault'));
    expect(got.at(-1)).toBe('heads');
  });

  test('[G10] before there is a connection a call is offline', async () => {
    const tab = openTab(server.url);
    const { connection } = openConnection(server.url, tab);
    expect(await codeOf(connection.call('typing:start', { conversation_id: 'lobby' }))).toBe('offline');
  });

  test('[G10] a call without an answer ends as no_answer in time, and at once when the connection is cut', async () => {
    const { io, url } = await foreign();
    const me = await towards(url);
    await until(() => me.connection.state.get().status === 'online');
    const input = { conversation_id: 'lobby' };
    expect(await codeOf(me.connection.call('typing:start', input, { timeoutMs: 50 }))).toBe('no_answer');
    const started = Date.now();
    const cut = codeOf(me.connection.call('typing:start', input));
    io.disconnectSockets(true);
    expect(await cut).toBe('no_answer');
    expect(Date.now() - started).toBeLessThan(4_000);
  });

  test.each([
    ['nothing', undefined],
    ['a text', 'ok'],
    ['no data', { ok: true }],
    ['no error', { ok: false }],
  ])('an acknowledgement with %s is an odd answer', async (_, answer) => {
    const { io, url } = await foreign();
    io.on('connection', socket => socket.onAny((_name, _input, reply) => reply(answer)));
    const me = await towards(url);
    await until(() => me.connection.state.get().status === 'online');
    expect(await codeOf(me.connection.call('typing:start', { conversation_id: 'lobby' }))).toBe('odd_answer');
  });
});

describe('coming back', () => {
  test('full jitter: between 0 and twice as much each time, up to 15 s', () => {
    expect([0, 1, 2, 3, 4, 5, 50, 5_000].map(n => jittered(n, () => 1))).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000,
    ]);
    expect(jittered(9, () => 0)).toBe(0);
  });

  test('after a restart of the server it is online again, and has said so in between', async () => {
    const own = await startServer();
    onTestFinished(() => own.close());
    const me = await online(own);
    await own.restart();
    await until(() => me.connection.state.get().status === 'online', 15_000);
    expect(me.states).toContain('waiting');
    expect(me.heard.connected).toBe(2);
    await me.connection.call('typing:start', { conversation_id: 'lobby' });
  });

  test('after the network was cut', async () => {
    const link = await createLink(server.url);
    onTestFinished(() => link.close());
    const me = await online(server, link.url);
    link.cut();
    await until(() => me.connection.state.get().status === 'waiting');
    expect(me.connection.state.get().error?.code).toBe('offline');
    expect(await codeOf(me.connection.call('typing:start', { conversation_id: 'lobby' }))).toBe('offline');
    link.heal();
    me.connection.retryNow();
    await until(() => me.connection.state.get().status === 'online', 15_000);
  });

  test('`offline` of the browser is said at once, `online` cuts the wait short', async () => {
    const browser = new EventTarget();
    vi.stubGlobal('addEventListener', browser.addEventListener.bind(browser));
    vi.stubGlobal('removeEventListener', browser.removeEventListener.bind(browser));
    onTestFinished(() => void vi.unstubAllGlobals());
    const jitter = vi.spyOn(Math, 'random').mockReturnValue(0.999);
    onTestFinished(() => jitter.mockRestore());
    const me = await online();
    browser.dispatchEvent(new Event('offline'));
    expect(me.connection.state.get()).toMatchObject({ status: 'waiting', error: { code: 'offline' } });
    browser.dispatchEvent(new Event('online'));
    expect(me.connection.state.get().status).toBe('connecting');
    await until(() => me.connection.state.get().status === 'online');
    me.connection.stop();
    browser.dispatchEvent(new Event('online'));
    expect(me.connection.state.get().status).toBe('stopped');
  });

  test('the loss of the inbox alone is no outage', async () => {
    const { io, url } = await foreign();
    const me = await towards(url);
    await until(() => me.heard.inbox === 1);
    io.of('/notifications').disconnectSockets();
    await me.connection.call('typing:start', { conversation_id: 'lobby' }, { timeoutMs: 200 }).catch(() => undefined);
    expect(me.connection.state.get().status).toBe('online');
  });
});

describe('the session', () => {
  test('a token that runs out is renewed in place', async () => {
    const short = await startServer({ accessTokenTtlSeconds: 5 });
    onTestFinished(() => short.close());
    const me = await online(short);
    // Two for each token, one in each namespace: those of the third come after the first has run out.
    await until(() => me.signals.filter(({ name }) => name === 'session:expiring').length >= 5, 15_000);
    await me.connection.call('message:send', {
      conversation_id: 'lobby',
      message: 'still here',
      client_id: clientId(),
    });
    expect(me.heard.connected).toBe(1);
    expect(me.errors).toEqual([]);
  });

  test('[G9] revoked elsewhere: connection and session end in all tabs', async () => {
    const browser = createBrowser();
    const me = await online(server, server.url, browser);
    const other = openTab(server.url, browser);
    await other.session.restore();
    const token = await me.session.token();
    const { body } = await api(server, token)<{ items: { id: string }[] }>('GET', '/user/v1/sessions');
    await api(server, token)('DELETE', `/user/v1/sessions/${body.items[0]?.id}`);
    await until(() => me.connection.state.get().status === 'ended');
    await until(() => other.endings.length > 0);
    expect([me.endings, other.endings]).toEqual([['signed_out'], ['signed_out']]);
    expect(me.connection.state.get().error?.code).toBe('signed_out');
  });

  test('an erased account is told as such', async () => {
    const me = await online();
    await api(server, await me.session.token())('DELETE', '/user/v1/account', { password });
    await until(() => me.endings.length > 0);
    expect(me.endings).toEqual(['account_erased']);
    expect(me.connection.state.get().status).toBe('ended');
  });

  test('signing out here stops the connection and is told as `here`', async () => {
    const me = await online();
    await me.session.signOut();
    await until(() => me.connection.state.get().status === 'stopped');
    expect(me.endings).toEqual(['here']);
  });

  test('a token that the server refuses is exchanged, whatever the clock says', async () => {
    const short = await startServer({ accessTokenTtlSeconds: 5 });
    onTestFinished(() => short.close());
    const browser = createBrowser();
    const { fetch, refreshes } = spied();
    const tab = openTab(short.url, browser, { fetch });
    await tab.session.signUp({ username: someName(), password, full_name: 'Somebody' });
    const kept = browser.entries.get('session') as { token: string };
    // A server that was restored with another key, say.
    browser.entries.set('session', { ...kept, token: `${kept.token.slice(0, -4)}AAAA` });
    await tab.session.restore();
    const live = openConnection(short.url, tab);
    onTestFinished(() => live.connection.stop());
    live.connection.start();
    await until(() => live.connection.state.get().status === 'online');
    expect(refreshes()).toBe(1);
  });
});

describe('closing', () => {
  const closing = async (notice: object) => {
    const { io, url } = await foreign();
    const me = await towards(url);
    await until(() => me.connection.state.get().status === 'online');
    const at = Date.now();
    io.emit('closing', notice);
    for (const socket of await io.fetchSockets()) socket.disconnect(true);
    await until(() => me.connection.state.get().status !== 'online');
    return { ...me, at, state: me.connection.state.get() };
  };

  test.each(['slow', 'stopping', 'overloaded', 'token_expired', 'a new one'])(
    '%s: comes back after after_ms',
    async code => {
      const { state, at } = await closing({ code, reconnect: true, after_ms: 60_000 });
      expect(state).toMatchObject({ status: 'waiting', error: { details: { reason: code } } });
      expect((state.until ?? 0) - at).toBeGreaterThanOrEqual(60_000);
      expect((state.until ?? 0) - at).toBeLessThan(65_000);
    },
  );

  test.each(['too_many_sockets', 'a new one'])('%s: stays away, until it is told to start', async code => {
    const { state, connection, endings } = await closing({ code, reconnect: false, after_ms: 0 });
    expect(state).toMatchObject({ status: 'ended', error: { code: 'limit_reached', details: { reason: code } } });
    expect(endings).toEqual([]);
    connection.start();
    await until(() => connection.state.get().status === 'online');
  });

  test('too many sockets of a real server: the oldest goes and stays away', async () => {
    const own = await startServer({ socketsPerUser: 1 });
    onTestFinished(() => own.close());
    const me = await online(own);
    const newer = await connect(own, await me.session.token());
    onTestFinished(() => void newer.disconnect());
    await until(() => me.connection.state.get().status === 'ended');
    expect(me.connection.state.get().error?.details).toEqual({ reason: 'too_many_sockets' });
  });
});

describe('what answers is not the server', () => {
  const error = (code: string, retry_after_ms: number) =>
    JSON.stringify({ error: { code, message: 'wait', retryable: true, retry_after_ms, request_id: 'r' } });

  test.each<[string, RequestListener, string]>([
    ['a page', (_, response) => void response.end('<h1>Welcome to this hotel</h1>'), 'odd_answer'],
    ['another site', (_, response) => void response.writeHead(404).end('no'), 'odd_answer'],
    ['JSON of something else', (_, response) => void response.writeHead(401).end('{"login":"please"}'), 'odd_answer'],
    ['a gateway without a server', (_, response) => void response.writeHead(502).end('<h1>502</h1>'), 'unavailable'],
    ['a closed connection', request => void request.socket.destroy(), 'offline'],
  ])('%s', async (_, listener, code) => {
    const { url } = await fake(listener);
    const me = await towards(url);
    await until(() => me.states.includes('waiting'));
    expect(me.connection.state.get().error?.code).toBe(code);
    expect(me.endings).toEqual([]);
  });

  const handshake = '0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000}';

  // What a stock client throws at these is thrown where nobody can catch it: vitest fails the run for it.
  test.each([
    ['a handshake that is no JSON', '0nonsense', ''],
    ['a handshake of nothing', '0null', ''],
    ['a handshake of something else', '0[]', ''],
    ['a handshake that lacks a part', '0{"sid":"s"}', ''],
    ['a refusal without a body', handshake, '44'],
    ['an answer of an older Socket.IO', handshake, '40'],
  ])('%s', async (_, first, second) => {
    const answers = [first, second];
    const { url } = await fake((request, response) => {
      if (request.method === 'POST') response.end('ok');
      else if (answers.length > 0) response.end(answers.shift());
    });
    const me = await towards(url);
    await until(() => me.states.includes('waiting'));
    expect(me.connection.state.get().error?.code).toBe('odd_answer');
  });

  test('a server of another contract, which is named before anything is taken from it', async () => {
    const answers = [handshake, '40{"sid":"s","contract":"2"}\x1e42["heads",{"epoch":"e","heads":{}}]'];
    const { url } = await fake((request, response) => {
      if (request.method === 'POST') response.end('ok');
      else if (answers.length > 0) response.end(answers.shift());
    });
    const me = await towards(url);
    await until(() => me.states.includes('waiting'));
    expect(me.connection.state.get().error).toMatchObject({
      code: 'odd_answer',
      details: { contract: '2', known: '1' },
    });
    expect([me.signals, me.states.includes('online'), me.endings]).toEqual([[], false, []]);
  });

  test('the server tells its contract with the answer to each handshake, which stock clients take', async () => {
    const { token } = await signUp(server);
    const manager = new Manager(server.url, { autoConnect: false });
    const told: unknown[] = [];
    manager.on('packet', packet => told.push(packet.type === 0 && packet.data.contract));
    const sockets = ['/', '/notifications'].map(name => manager.socket(name, { auth: { token } }));
    onTestFinished(() => {
      for (const socket of sockets) socket.disconnect();
    });
    for (const socket of sockets) socket.connect();
    await until(() => sockets.every(({ connected, id }) => connected && id));
    expect(told.filter(Boolean)).toEqual(['1', '1']);
  });

  test('nobody there', async () => {
    const me = await towards('http://127.0.0.1:9');
    await until(() => me.states.includes('waiting'));
    expect(me.connection.state.get().error?.code).toBe('offline');
  });

  test('a server of Socket.IO that refuses in its own words', async () => {
    const { io, url } = await foreign();
    io.use((_socket, next) => next(new Error('go away')));
    const me = await towards(url);
    await until(() => me.states.includes('waiting'));
    expect(me.connection.state.get().error?.code).toBe('odd_answer');
  });

  test.each<[string, RequestListener]>([
    ['in the body', (_, response) => void response.writeHead(429).end(error('rate_limited', 30_000))],
    ['in the header', (_, response) => void response.writeHead(503, { 'retry-after': '30' }).end()],
  ])('a refused handshake says %s when to come again', async (_, listener) => {
    const { url } = await fake(listener);
    const at = Date.now();
    const me = await towards(url);
    await until(() => me.states.includes('waiting'));
    expect((me.connection.state.get().until ?? 0) - at).toBeGreaterThanOrEqual(30_000);
    expect(me.connection.state.get().error?.retryable).toBe(true);
  });

  test('no answer at all is told in time, also where the connection opens and the handshake hangs', async () => {
    const tab = openTab(server.url);
    await tab.session.signUp({ username: someName(), password, full_name: 'Somebody' });
    const silent = await fake(() => undefined);
    const { io, url } = await foreign();
    io.use(() => undefined);
    for (const at of [silent.url, url]) {
      const live = openConnection(at, tab);
      onTestFinished(() => live.connection.stop());
      const real = setTimeout;
      const timers = vi.spyOn(globalThis, 'setTimeout');
      timers.mockImplementation(((work: () => void, ms: number) => real(work, ms === 15_000 ? 300 : ms)) as never);
      live.connection.start();
      await until(() => live.connection.state.get().status === 'waiting');
      timers.mockRestore();
      expect(live.connection.state.get().error?.code).toBe('no_answer');
    }
  });
});
