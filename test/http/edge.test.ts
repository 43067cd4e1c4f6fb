import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Person } from '../support/clients.ts';
import { api, clientId, password, signUp, someName } from '../support/clients.ts';
import { raw, request } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let ada: Person;
beforeAll(async () => {
  server = await startServer({ corsOrigins: ['https://chat.example.org'] });
  ada = await signUp(server);
});
afterAll(() => server.close());

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(server.url + path, { headers, redirect: 'manual' });
const register = (body: unknown, headers: Record<string, string> = {}) =>
  api(server)('POST', '/user/v1/register', body, headers);
const send = (body: unknown, headers: Record<string, string> = {}) =>
  api(server, ada.token)('POST', '/message/v1/send', body, headers);

describe('what is no route', () => {
  test('unknown paths: 404 of the catalogue, also outside of /api', async () => {
    for (const path of [
      '/api/nothing',
      '/api',
      '/api/user/v1',
      '/nothing',
      '/api/USER/v1/profile',
      '/health/x',
      '/constructor',
      '/api/__proto__',
    ]) {
      const answer = await get(path);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(await answer.json()).toMatchObject({ error: { code: 'unknown_command', retryable: false } });
    }
  });

  test('the wrong method: 405 with what is allowed; a name beside an id is not taken for one', async () => {
    const at = api(server, ada.token);
    for (const [method, path, allow] of [
      ['DELETE', '/user/v1/profile', 'GET, PUT, OPTIONS'],
      ['GET', '/user/v1/login', 'POST, OPTIONS'],
      ['PATCH', '/message/v1/history', 'GET, OPTIONS'],
      ['GET', '/message/v1/read', 'PUT, OPTIONS'],
      ['PATCH', '/conversation/v1/rooms', 'GET, OPTIONS'],
    ] as const) {
      const { status, error, headers } = await at(method, path, method === 'PATCH' ? {} : undefined);
      expect([path, status, error?.code, headers.get('allow')]).toEqual([path, 405, 'method_not_allowed', allow]);
    }
  });

  test('[S47] TRACE is refused and echoes nothing', async () => {
    const answer = await raw(
      server,
      request('TRACE /api/user/v1/profile', { Authorization: 'Bearer canary-in-trace' }),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    expect(answer).not.toContain('canary-in-trace');
  });

  test('[S47] what is no HTTP, or ambiguous, is refused', async () => {
    expect(await raw(server, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"invalid_input"/);
    const smuggled = { 'Content-Length': '4', 'Transfer-Encoding': 'chunked', 'Content-Type': 'application/json' };
    expect(await raw(server, request('POST /api/user/v1/login', smuggled, '0\r\n\r\nGET /x HTTP/1.1\r\n\r\n'))).toMatch(
      /^HTTP\/1\.1 400 /,
    );
    expect(await raw(server, 'GET / HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw(server, request('GET /', { 'X-Long': 'x'.repeat(20_000) }))).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('[S29] paths that decode to nothing sensible', async () => {
    for (const path of ['/api/message/v1/%', '/api/message/v1/%ff', '/api/message/v1/%c0%af']) {
      const answer = await get(path, { authorization: `Bearer ${ada.token}` });
      expect([path, answer.status]).toEqual([path, 400]);
      expect(await answer.json()).toMatchObject({ error: { code: 'invalid_input' } });
    }
  });
});

describe('bodies', () => {
  test('what is no JSON object: the catalogue names the body', async () => {
    for (const body of [
      '{"a"',
      'null',
      '7',
      '"text"',
      '[]',
      '[1]',
      '{}x',
      '\u0000',
      'NaN',
      `{"a": ${'['.repeat(30_000)}`,
    ]) {
      const { status, error } = await register(body);
      expect([body.slice(0, 20), status, error?.code, Object.keys(error?.details ?? {})]).toEqual([
        body.slice(0, 20),
        400,
        'invalid_input',
        ['body'],
      ]);
    }
  });

  test('other kinds: 415', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonx',
      'text/json',
      'application/json; charset=latin1',
    ]) {
      const { status, error } = await register('{"username": "abc"}', { 'content-type': type });
      expect([type, status, error?.code]).toEqual([type, 415, 'unsupported_media_type']);
    }
    const compressed = await register('{}', { 'content-encoding': 'gzip' });
    expect(compressed.status).toBe(415);
  });

  test('[S36] 64 KB pass, one byte more is 413, declared or not', async () => {
    const fill = (bytes: number) => {
      const frame = JSON.stringify({ conversation_id: 'lobby', client_id: clientId(), message: 'hi', x: '' });
      return frame.replace('"x":""', `"x":"${'x'.repeat(bytes - frame.length)}"`);
    };
    expect((await send(fill(65_536))).status).toBe(201);
    expect(await send(fill(65_537))).toMatchObject({ status: 413, error: { code: 'payload_too_large' } });
    const chunk = `${(65_537).toString(16)}\r\n${fill(65_537)}\r\n0\r\n\r\n`;
    const headers = { 'Transfer-Encoding': 'chunked', 'Content-Type': 'application/json' };
    expect(await raw(server, request('POST /api/user/v1/login', headers, chunk))).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('[S31] bytes that are no UTF-8, NUL and lone surrogates are refused, not repaired', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"conversation_id":"lobby","client_id":"c","message":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}'),
    ]);
    const answer = await fetch(`${server.url}/api/message/v1/send`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' },
      body: bytes,
    });
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { error: { details: { body: expect.any(String) } } },
    ]);
    for (const message of ['a\u0000b', 'a\ud800b']) {
      const { error } = await send({ conversation_id: 'lobby', client_id: clientId(), message });
      expect(error).toMatchObject({ code: 'invalid_input', details: { message: expect.any(String) } });
    }
  });

  test('[S28] operators where texts belong name the field', async () => {
    for (const username of [{ $ne: 1 }, { $where: '1' }, ['a'], 1, true, null]) {
      const { error } = await api(server)('POST', '/user/v1/login', { username, password });
      expect(error).toMatchObject({ code: 'invalid_input', details: { username: expect.any(String) } });
    }
    const { error } = await api(server, ada.token)('GET', '/user/v1/search?q[$gt]=&q[$gt]=x');
    expect(error).toMatchObject({ code: 'invalid_input', details: { q: expect.any(String) } });
    expect((await api(server, ada.token)('GET', '/user/v1/search?q=a&q=b')).error?.code).toBe('invalid_input');
  });

  test('[S29] keys of the prototype change nothing', async () => {
    const body = `{"username": "${someName()}", "password": "${password}", "full_name": "P", "__proto__": {"polluted": true, "role": "admin"}, "constructor": {"prototype": {"polluted": true}}, "toString": 1}`;
    expect((await register(body)).status).toBe(201);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    const missing = await register('{"__proto__": {"username": "abc", "password": "long enough", "full_name": "P"}}');
    expect(missing.error?.code).toBe('invalid_input');
    expect(
      (await api(server, ada.token)('GET', '/user/v1/search?__proto__=a&constructor=b')).error?.details,
    ).toHaveProperty('q');
  });

  test('[S20] what only the server says is ignored in a body', async () => {
    const { body } = await send({
      conversation_id: 'lobby',
      client_id: clientId(),
      message: 'mine',
      from: 'somebody',
      seq: 1,
      id: 'x',
      date: '2000-01-01T00:00:00.000Z',
      role: 'admin',
    });
    expect(body).toMatchObject({ from: { id: ada.id } });
    expect(body['seq']).toBeGreaterThan(1);
    expect(body['id']).not.toBe('x');
    const put = await api(server, ada.token)('PUT', '/user/v1/profile', { role: 'admin', id: 'x', full_name: 'Ada' });
    expect(put.body).toMatchObject({ id: ada.id, role: 'user' });
  });

  test('a body where none is asked for is not read; a missing one is empty', async () => {
    expect((await api(server, ada.token)('DELETE', '/user/v1/sessions/none', 'not json')).status).toBe(404);
    const { error } = await api(server)('POST', '/user/v1/register');
    expect(Object.keys(error?.details ?? {}).sort()).toEqual(['full_name', 'password', 'username']);
  });
});

describe('headers', () => {
  test('[S48] every kind of answer has the strict ones', async () => {
    for (const path of ['/', '/api/user/v1/profile', '/nothing', '/health/live', '/docs', '/metrics']) {
      const { headers } = await get(path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy, path).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("connect-src 'self' ws: wss:");
      expect(policy).toContain("img-src 'self' data:");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|upgrade-insecure/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-powered-by')).toBeNull();
      expect(headers.get('set-cookie')).toBeNull();
    }
    expect((await get('/api/user/v1/profile')).headers.get('cache-control')).toBe('no-store');
  });

  test('a request id: kept where it is well-formed, else made', async () => {
    const idOf = async (id: string) => (await get('/health/live', { 'x-request-id': id })).headers.get('x-request-id');
    expect(await idOf('proxy-1234_abcd')).toBe('proxy-1234_abcd');
    for (const bad of ['short', 'x'.repeat(65), 'has space in', '{"a":"b","c":1}']) {
      const made = await idOf(bad);
      expect(made).toMatch(/^[\w-]{16}$/);
      expect(made).not.toBe(bad);
    }
    expect(await idOf('')).not.toBe(await idOf(''));
  });

  test('[S45] CORS: the origins of the settings, and no credentials', async () => {
    const preflight = (origin: string) =>
      fetch(`${server.url}/api/message/v1/send`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
      });
    const friend = await preflight('https://chat.example.org');
    expect([friend.status, friend.headers.get('access-control-allow-origin')]).toEqual([
      204,
      'https://chat.example.org',
    ]);
    expect(friend.headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(friend.headers.get('access-control-allow-headers')).toContain('Authorization');
    expect(friend.headers.get('access-control-allow-credentials')).toBeNull();
    const actual = await get('/api/user/v1/profile', { origin: 'https://chat.example.org' });
    expect(actual.headers.get('access-control-allow-origin')).toBe('https://chat.example.org');
    expect(actual.headers.get('access-control-expose-headers')).toContain('X-Request-Id');
    expect(actual.headers.get('vary')).toContain('Origin');
    for (const origin of [
      'https://evil.example',
      'null',
      'https://chat.example.org.evil.example',
      'http://chat.example.org',
    ]) {
      const foreign = await preflight(origin);
      expect([origin, foreign.headers.get('access-control-allow-origin')]).toEqual([origin, null]);
    }
    expect(
      (await get('/metrics', { origin: 'https://chat.example.org' })).headers.get('access-control-allow-origin'),
    ).toBeNull();
  });

  test('401 says how to authenticate', async () => {
    expect((await get('/api/user/v1/profile')).headers.get('www-authenticate')).toBe('Bearer realm="parley"');
  });
});

describe('the page', () => {
  test('is served with an entity tag, and asked for again each time', async () => {
    const page = await get('/');
    expect([page.status, page.headers.get('content-type')?.toLowerCase()]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const etag = page.headers.get('etag') ?? '';
    expect(etag).not.toBe('');
    // fetch would ask past every cache.
    expect(await raw(server, request('GET /', { 'If-None-Match': etag, 'Accept-Encoding': 'gzip' }))).toMatch(
      /^HTTP\/1\.1 304 /,
    );
  });

  test('its parts may be kept for ever, and come compressed to whoever takes them so', async () => {
    const html = await (await get('/')).text();
    const [path = ''] = /assets\/main-[\w-]+\.js/.exec(html) ?? [];
    const part = await get(`/${path}`);
    expect([part.status, part.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
    const as = async (accepted: string) => raw(server, request(`GET /${path}`, { 'Accept-Encoding': accepted }));
    expect(await as('gzip, br')).toMatch(/\r\ncontent-encoding: br\r\n/i);
    expect(await as('gzip')).toMatch(/\r\ncontent-encoding: gzip\r\n/i);
    expect(await as('identity')).not.toMatch(/\r\ncontent-encoding:/i);
  });

  test('[S49] nothing outside of its folder, nothing hidden, no listing', async () => {
    for (const path of [
      '/../package.json',
      '/..%2fpackage.json',
      '/%2e%2e/package.json',
      '/..%5cpackage.json',
      '/.env',
      '/.git/config',
      '/../src/config.ts',
      '/assets',
      '/assets/',
      '/assets/../../config.js',
      '//etc/passwd',
      '/%00',
    ]) {
      const answer = await raw(server, request(`GET ${path}`));
      expect([path, /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]]).toEqual([path, expect.stringMatching(/^40[034]$/)]);
      expect(answer).not.toContain('"dependencies"');
    }
  });
});

describe('[S42] who is slow is not waited for', () => {
  const slowly = async (text: string) => {
    const started = performance.now();
    const answer = await raw(server, text, { drip: Array(60).fill('x'), everyMs: 250 });
    expect(performance.now() - started).toBeLessThan(10_500);
    return answer;
  };
  test.concurrent('headers and body, at most 10 s', async () => {
    const [headers, body, silent] = await Promise.all([
      slowly('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: '),
      slowly(
        request(
          'POST /api/user/v1/login',
          { 'Content-Type': 'application/json', 'Content-Length': '1000' },
          '{"username": "',
        ),
      ),
      raw(server, ''),
    ]);
    expect(headers).toMatch(/^HTTP\/1\.1 408 /);
    expect(body).toMatch(/^HTTP\/1\.1 408 |^$/);
    expect(silent).toMatch(/^HTTP\/1\.1 408 |^$/);
  });
});
