import { createHmac, generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { describe, expect, test } from 'vitest';
import { createTokens } from '../../src/accounts/tokens.ts';
import { movableClock, secret } from './parts.ts';

const setUp = () => {
  const clock = movableClock();
  const tokens = createTokens({ secret, accessTtlSeconds: 60, refreshTtlSeconds: 600, clock });
  return { clock, tokens };
};
const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const good = () => ({
  iss: 'parley',
  aud: 'parley',
  typ: 'access',
  sub: 'u',
  sid: 's',
  exp: Math.floor(Date.now() / 1000) + 60,
});
const signed = (claims: object, header: object = { alg: 'HS256', typ: 'JWT' }, key = secret) => {
  const body = `${encode(header)}.${encode(claims)}`;
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
};
const without = (name: string) => Object.fromEntries(Object.entries(good()).filter(([key]) => key !== name));

describe('access tokens', () => {
  test('one that was issued is verified, and one made by hand like it too, so that the refusals below mean something', () => {
    const { tokens } = setUp();
    const { token, expires_in } = tokens.access('u', 's');
    expect(expires_in).toBe(60);
    const claims = tokens.verifyAccess(token);
    expect(claims).toMatchObject({ user_id: 'u', session_id: 's' });
    expect(Math.abs(claims.expires_at - Date.now() - 60_000)).toBeLessThan(2_000);
    expect(tokens.verifyAccess(signed(good()))).toMatchObject({ user_id: 'u', session_id: 's' });
  });

  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const forged: [string, () => string][] = [
    ['alg none', () => `${encode({ alg: 'none', typ: 'JWT' })}.${encode(good())}.`],
    ['alg None with a signature', () => signed(good(), { alg: 'None' })],
    ['RS256', () => jwt.sign(good(), privateKey, { algorithm: 'RS256' })],
    ['HS256 over a public key', () => signed(good(), { alg: 'HS256' }, pem)],
    ['RS256 in the header of an HMAC', () => signed(good(), { alg: 'RS256' })],
    ['HS512', () => jwt.sign(good(), secret, { algorithm: 'HS512' })],
    ['another secret', () => signed(good(), undefined, 'another secret')],
    ['kid', () => signed(good(), { alg: 'HS256', kid: '../../dev/null' })],
    ['jku', () => signed(good(), { alg: 'HS256', jku: 'https://example.org/keys' })],
    ['jwk', () => signed(good(), { alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } })],
    ['crit', () => signed(good(), { alg: 'HS256', crit: ['x'] })],
  ];
  test.each(forged)('[S01] %s is refused', (_, make) => {
    expect(() => setUp().tokens.verifyAccess(make())).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
  });

  const wrong: [string, () => object][] = [
    ['iss', () => ({ ...good(), iss: 'other' })],
    ['aud', () => ({ ...good(), aud: 'other' })],
    ['typ', () => ({ ...good(), typ: 'refresh' })],
    ['nbf to come', () => ({ ...good(), nbf: Math.floor(Date.now() / 1000) + 50 })],
    ['exp that is text', () => ({ ...good(), exp: 'never' })],
    ['sid that is no text', () => ({ ...good(), sid: { $ne: 1 } })],
    ...['iss', 'aud', 'typ', 'sub', 'sid', 'exp'].map((name): [string, () => object] => [
      `absent ${name}`,
      () => without(name),
    ]),
  ];
  test.each(wrong)('[S02] %s is refused', (_, claims) => {
    expect(() => setUp().tokens.verifyAccess(signed(claims()))).toThrow(
      expect.objectContaining({ code: 'unauthenticated' }),
    );
  });

  test('[S02] an expired one is told so', () => {
    const { tokens, clock } = setUp();
    const { token } = tokens.access('u', 's');
    clock.advance(59_000 - 1_000);
    expect(tokens.verifyAccess(token)).toBeDefined();
    clock.advance(3_000);
    expect(() => tokens.verifyAccess(token)).toThrow(expect.objectContaining({ code: 'token_expired' }));
  });

  test.each([
    '',
    '.',
    '..',
    'a.b.c',
    'null',
    `${'a'.repeat(1_000_000)}.b.c`,
    `${encode({ alg: 'HS256' })}.bm9uc2Vuc2U.x`,
  ])('[S13] garbage is refused', token => {
    expect(() => setUp().tokens.verifyAccess(token)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
  });
});

describe('refresh tokens', () => {
  test('the same session and generation give the same token, and another secret another one', () => {
    const { tokens } = setUp();
    const token = tokens.refresh('s', 7);
    expect(tokens.refresh('s', 7)).toBe(token);
    expect(tokens.verifyRefresh(token)).toEqual({ session_id: 's', generation: 7 });
    const other = createTokens({
      ...{ accessTtlSeconds: 1, refreshTtlSeconds: 1 },
      secret: 'x'.repeat(32),
      clock: movableClock(),
    });
    expect(() => other.verifyRefresh(token)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
  });

  test('[S11] the secret itself does not sign them', () => {
    const mac = createHmac('sha256', secret).update('s.7').digest('base64url');
    expect(() => setUp().tokens.verifyRefresh(`s.7.${mac}`)).toThrow(
      expect.objectContaining({ code: 'unauthenticated' }),
    );
  });

  test('[S03] refresh as access and access as refresh are refused', () => {
    const { tokens } = setUp();
    const refused = expect.objectContaining({ code: 'unauthenticated' });
    expect(() => tokens.verifyAccess(tokens.refresh('s', 0))).toThrow(refused);
    expect(() => tokens.verifyRefresh(tokens.access('u', 's').token)).toThrow(refused);
  });

  test('[S05] another generation, session or mac is refused', () => {
    const { tokens } = setUp();
    const [session, generation, mac] = tokens.refresh('s', 1).split('.');
    const changed = [
      `${session}.2.${mac}`,
      `t.${generation}.${mac}`,
      `s.01.${mac}`,
      `s.1.${mac?.slice(1)}`,
      `s.1.${mac}A`,
      's.1.',
    ];
    for (const token of changed) {
      expect(() => tokens.verifyRefresh(token)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
    }
  });
});
