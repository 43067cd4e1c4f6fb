import { createHmac, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { api, connect, next, type Person, password, signIn, signUp, someName } from '../support/clients.ts';
import { startServer, type TestServer, temporaryFolder } from '../support/server.ts';

let server: TestServer;
let ada: Person;
let secret: string;
beforeAll(async () => {
  const dataDir = temporaryFolder();
  server = await startServer({ dataDir });
  ada = await signUp(server);
  secret = readFileSync(join(dataDir, 'secret'), 'utf8');
});
afterAll(() => server.close());

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
const forge = (claims: object, header: object = { alg: 'HS256', typ: 'JWT' }, key = secret) => {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
};
const profile = (token: string | undefined) => api(server, token)('GET', '/user/v1/profile');
const codeOf = async (token: string | undefined) => (await profile(token)).error?.code;

test('a token made by hand with the right key and claims is taken, so that the refusals below mean something', async () => {
  expect(await codeOf(forge(claimsOf(ada.token)))).toBeUndefined();
});

describe('[S01] headers', () => {
  test('no algorithm, another one, the secret as public key, keys from elsewhere', async () => {
    const claims = claimsOf(ada.token);
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = String(publicKey.export({ type: 'spki', format: 'pem' }));
    const forged = [
      `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`,
      `${encode({ alg: 'None', typ: 'JWT' })}.${encode(claims)}.${ada.token.split('.')[2]}`,
      forge(claims, { alg: 'RS256', typ: 'JWT' }, pem),
      forge(claims, { alg: 'HS512', typ: 'JWT' }),
      forge(claims, { alg: 'HS256', typ: 'JWT', kid: '../../dev/null' }),
      forge(claims, { alg: 'HS256', typ: 'JWT', jku: 'https://evil.example/keys' }),
      forge(claims, { alg: 'HS256', typ: 'JWT', jwk: { kty: 'oct', k: 'AA' } }),
      forge(claims, undefined, 'another secret of at least 32 bytes.'),
      forge(claims, undefined, ''),
    ];
    for (const token of forged) expect([token, await codeOf(token)]).toEqual([token, 'unauthenticated']);
  });
});

test('[S02] bad claims', async () => {
  const claims = claimsOf(ada.token);
  const now = Math.floor(Date.now() / 1_000);
  const { exp: _, ...eternal } = claims;
  for (const bad of [
    { ...claims, iss: 'another' },
    { ...claims, aud: 'another' },
    { ...claims, typ: 'refresh' },
    { ...claims, nbf: now + 600 },
    { ...claims, sub: 'somebody' },
    { ...claims, sid: 7 },
    eternal,
  ])
    expect([bad, await codeOf(forge(bad))]).toEqual([bad, expect.stringMatching(/^unauthenticated|signed_out$/)]);
  const expired = await profile(forge({ ...claims, exp: now - 60 }));
  expect(expired.error).toMatchObject({ code: 'token_expired' });
  expect(expired.headers.get('www-authenticate')).toContain('invalid_token');
});

test('[S03] a refresh token is no access token, nor the reverse', async () => {
  expect(await codeOf(ada.refresh_token)).toBe('unauthenticated');
  const renewed = await api(server, ada.token)('PUT', '/user/v1/refresh-token');
  expect(renewed.error?.code).toBe('unauthenticated');
  expect((await api(server)('PUT', '/user/v1/refresh-token')).error?.code).toBe('unauthenticated');
  expect((await api(server)('PUT', '/user/v1/refresh-token', { refresh_token: ada.refresh_token })).status).toBe(401);
});

test('[S05] a replayed refresh token ends the session: tokens and live sockets', async () => {
  const dee = await signUp(server);
  const socket = await connect(server, dee.token);
  const closing = next(socket, 'closing');
  const refresh = (token: string) =>
    api(server, token)<{ token: string; refresh_token: string }>('PUT', '/user/v1/refresh-token');
  const second = await refresh(dee.refresh_token);
  const third = await refresh(second.body.refresh_token);
  expect((await refresh(dee.refresh_token)).error?.code).toBe('signed_out');
  expect((await refresh(third.body.refresh_token)).error?.code).toBe('signed_out');
  expect(await codeOf(third.body.token)).toBe('signed_out');
  expect(await closing).toMatchObject({ code: 'signed_out', reconnect: false });
});

test('[S06] two tabs refresh at once: one successor', async () => {
  const dee = await signUp(server);
  const answers = await Promise.all(
    [1, 2, 3].map(() => api(server, dee.refresh_token)<{ refresh_token: string }>('PUT', '/user/v1/refresh-token')),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
});

test('[S07] logout and a password change: access, refresh and sockets are dead within 2 s', async () => {
  const dee = await signUp(server);
  const other = await signIn(server, dee.username);
  const [mine, theirs] = [await connect(server, dee.token), await connect(server, other.token)];
  const started = performance.now();
  const [gone, stays] = [next(theirs, 'closing'), dee];
  const changed = await api(server, stays.token)('PUT', '/user/v1/password', {
    current_password: password,
    new_password: 'another one 2',
  });
  expect(changed.status).toBe(200);
  expect(await gone).toMatchObject({ code: 'signed_out' });
  expect(performance.now() - started).toBeLessThan(2_000);
  expect(await codeOf(other.token)).toBe('signed_out');
  expect((await api(server, other.refresh_token)('PUT', '/user/v1/refresh-token')).error?.code).toBe('signed_out');
  expect(await codeOf(stays.token)).toBeUndefined();

  const ownEnd = next(mine, 'closing');
  expect((await api(server, stays.token)('DELETE', '/user/v1/logout')).status).toBe(200);
  expect(await ownEnd).toMatchObject({ code: 'signed_out' });
  expect(await codeOf(stays.token)).toBe('signed_out');
});

test('[S10] nobody of that name and a wrong password are the same answer', async () => {
  const login = (username: string) => api(server)('POST', '/user/v1/login', { username, password: 'wrong one' });
  const [known, unknown] = [await login(ada.username), await login(someName())];
  const { request_id: _1, ...one } = known.error ?? { request_id: '' };
  const { request_id: _2, ...two } = unknown.error ?? { request_id: '' };
  expect([known.status, one]).toEqual([unknown.status, two]);
  expect(known.status).toBe(401);
});

test('[S12] a password longer than bcrypt reads is refused, not cut; a huge one is not even read', async () => {
  const register = (text: string) =>
    api(server)('POST', '/user/v1/register', { username: someName(), password: text, full_name: 'P' });
  expect((await register('é'.repeat(37))).error?.details).toHaveProperty('password');
  expect((await register('with\u0000nul and more')).error?.details).toHaveProperty('password');
  expect((await register('é'.repeat(36))).status).toBe(201);
  expect((await register('x'.repeat(1_000_000))).status).toBe(413);
});

test('[S13] [S45] a token anywhere but in the header is none', async () => {
  for (const [path, headers] of [
    [`/user/v1/profile?token=${ada.token}`, {}],
    [`/user/v1/profile?access_token=${ada.token}`, {}],
    ['/user/v1/profile', { cookie: `token=${ada.token}` }],
    ['/user/v1/profile', { authorization: ada.token }],
    ['/user/v1/profile', { authorization: `Basic ${Buffer.from(`x:${ada.token}`).toString('base64')}` }],
    ['/user/v1/profile', { authorization: 'Bearer' }],
    ['/user/v1/profile', { authorization: `Bearer ${'x'.repeat(5_000)}` }],
    ['/user/v1/profile', { authorization: `Bearer ${ada.token} ${ada.token}` }],
  ] as const) {
    const { status, error } = await api(server)('GET', path, undefined, headers);
    expect([path, headers, status, error?.code]).toEqual([path, headers, 401, 'unauthenticated']);
  }
});
