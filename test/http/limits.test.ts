import { describe, expect, test } from 'vitest';
import type { Call } from '../../src/invoke.ts';
import { createCharge, createShed } from '../../src/limits.ts';
import { operationNames, operations } from '../../src/protocol/index.ts';
import { api, clientId, command, connect, emit, signUp, someName } from '../support/clients.ts';
import { startServer, testConfig } from '../support/server.ts';

const login = (server: { url: string }, username: string, headers: Record<string, string> = {}) =>
  api(server)('POST', '/user/v1/login', { username, password: 'wrong one' }, headers);

describe('limits of rate', () => {
  test('REST by user once signed in, by address before; in the standard headers and the catalogue', async () => {
    const server = await startServer({ rateLimit: true, httpPerMinute: 12 });
    const [ada, ben] = [await signUp(server), await signUp(server)];
    const profile = (token?: string) => api(server, token)('GET', '/user/v1/profile');
    const statuses: number[] = [];
    for (let count = 0; count < 13; count++) statuses.push((await profile(ada.token)).status);
    expect(statuses).toEqual([...Array(12).fill(200), 429]);
    const { error, headers, status } = await profile(ada.token);
    expect(error).toMatchObject({ code: 'rate_limited', retryable: true, retry_after_ms: expect.any(Number) });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(headers.get('ratelimit')).toMatch(/"requests"; r=0; t=\d+/);
    expect(headers.get('ratelimit-policy')).toContain('q=12; w=60');
    expect([status, (await profile(ben.token)).status]).toEqual([429, 200]);
    // Four requests without a token so far: registering and signing in, twice each.
    for (let count = 4; count < 12; count++) expect((await profile()).status).toBe(401);
    expect((await profile()).status).toBe(429);
    expect((await profile('bad.token.here')).status).toBe(429);
    expect((await profile(ben.token)).status).toBe(200);
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
    await server.close();
  });

  test('[S09] [S46] signing in by address, whatever X-Forwarded-For a client writes', async () => {
    const server = await startServer({ rateLimit: true, loginPerMinute: 5 });
    const codes: (string | undefined)[] = [];
    for (let count = 0; count < 7; count++) {
      const forged = { 'x-forwarded-for': `203.0.113.${count}`, forwarded: `for=203.0.113.${count}` };
      codes.push((await login(server, someName(), forged)).error?.code);
    }
    expect(codes).toEqual([...Array(5).fill('invalid_credentials'), 'rate_limited', 'rate_limited']);
    await server.close();
  });

  test('[S46] a trusted proxy names the client, and only the address that it saw itself counts', async () => {
    const server = await startServer({ rateLimit: true, loginPerMinute: 2, trustProxy: ['loopback'] });
    const from = async (header: string) => (await login(server, someName(), { 'x-forwarded-for': header })).error?.code;
    expect(await from('203.0.113.1')).toBe('invalid_credentials');
    expect(await from('198.51.100.7, 203.0.113.1')).toBe('invalid_credentials');
    expect(await from('198.51.100.8, 203.0.113.1')).toBe('rate_limited');
    expect(await from('203.0.113.2')).toBe('invalid_credentials');
    // One household's IPv6 addresses are one.
    expect(await from('2001:db8:1:2::1')).toBe('invalid_credentials');
    expect(await from('2001:db8:1:2:ffff::9')).toBe('invalid_credentials');
    expect(await from('2001:db8:1:2:3:4:5:6')).toBe('rate_limited');
    expect(await from('2001:db8:1:3::1')).toBe('invalid_credentials');
    await server.close();
  });

  test('[S09] one account from many addresses', async () => {
    const server = await startServer({ rateLimit: true, trustProxy: ['loopback'] });
    const ada = await signUp(server);
    const codes: (string | undefined)[] = [];
    for (let count = 0; count < 15; count++)
      codes.push((await login(server, ada.username, { 'x-forwarded-for': `203.0.113.${count}` })).error?.code);
    expect(codes[0]).toBe('invalid_credentials');
    expect(codes.at(-1)).toBe('rate_limited');
    await server.close();
  });

  test('[S37] sends by user, over REST and all sockets together; retry_after_ms is true', async () => {
    const server = await startServer({ rateLimit: true, rateSend: { rate: 5, burst: 6 } });
    const [ada, ben] = [await signUp(server), await signUp(server)];
    const sockets = [await connect(server, ada.token), await connect(server, ada.token)] as const;
    const fields = () => ({ conversation_id: 'lobby', message: 'x', client_id: clientId() });
    for (let count = 0; count < 3; count++)
      for (const socket of sockets) await command(socket, 'message:send', fields());
    const refused = await emit(sockets[0], 'message:send', fields());
    expect(refused).toMatchObject({ ok: false, error: { code: 'rate_limited', retryable: true } });
    const byCurl = await api(server, ada.token)('POST', '/message/v1/send', fields());
    expect(byCurl).toMatchObject({ status: 429, error: { code: 'rate_limited' } });
    expect((await api(server, ben.token)('POST', '/message/v1/send', fields())).status).toBe(201);
    await new Promise(resolve => setTimeout(resolve, byCurl.error?.retry_after_ms));
    expect((await emit(sockets[1], 'message:send', fields())).ok).toBe(true);
    await server.close();
  });
});

const call: Call = { request_id: 'r', address: '203.0.113.1' };

test('each class of work has a budget of its own, and off means none', () => {
  const taken: string[] = [];
  const cluster = {
    take(key: string) {
      taken.push(key);
      return 7;
    },
  };
  const {
    rateAuth: auth,
    rateSend: send,
    rateCommand: command,
    rateSignal: signal,
    rateQuery: query,
    rateSearch: search,
    rateSync: sync,
  } = testConfig();
  const charge = createCharge({ cluster, rates: { auth, send, command, signal, query, search, sync } });
  const classes = [...new Set(operationNames.map(name => operations[name].limit))];
  for (const limit of classes) expect(charge(limit, null, call)).toBe(7);
  expect(taken).toEqual(classes.map(limit => `${limit}:@203.0.113.1`));
  expect(createCharge({ cluster, rates: 'off' })('send', null, call)).toBe(0);
});

test('as the event loop falls behind, handshakes are refused first, reading next, sends last', () => {
  const order = ['handshake', 'query', 'auth', 'command', 'send'] as const;
  const refusedAt = (lag: number) => {
    const shed = createShed({ lagMs: () => lag, toleratedMs: 200 });
    return order.filter(work => shed(work) > 0);
  };
  expect(refusedAt(200)).toEqual([]);
  expect(refusedAt(201)).toEqual(['handshake']);
  expect(refusedAt(301)).toEqual(['handshake', 'query']);
  expect(refusedAt(700)).toEqual(['handshake', 'query', 'auth', 'command']);
  expect(refusedAt(1_001)).toEqual([...order]);
  const waits = Array.from({ length: 50 }, () => createShed({ lagMs: () => 999, toleratedMs: 200 })('query'));
  expect(new Set(waits).size).toBeGreaterThan(10);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(1_000);
  expect(createShed({ lagMs: () => 60_000, toleratedMs: 0 })('handshake')).toBe(0);
});
