import { createHmac, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { ParleyError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';

export interface AccessClaims {
  user_id: string;
  session_id: string;
  /** Milliseconds since 1970. */
  expires_at: number;
}

export interface Tokens {
  access(user_id: string, session_id: string): { token: string; expires_in: number };
  /** Throws `token_expired`, or `unauthenticated` for whatever else is wrong with it. */
  verifyAccess(token: string): AccessClaims;
  /** The same for the same generation, so that two who refresh at once get the same. */
  refresh(session_id: string, generation: number): string;
  /** Throws `unauthenticated`. Whether the generation is the current one is not in the token. */
  verifyRefresh(token: string): { session_id: string; generation: number };
  readonly refreshTtlSeconds: number;
  /** Eight hexadecimal digits by which instances can be seen to have the same secret; they help nobody to guess it. */
  readonly fingerprint: string;
}

const issuer = 'parley';
const audience = 'parley';
const type = 'access';
/** Far above what this server issues. */
const maxLength = 4_096;

/** Both kinds hang on `secret`, which is at least 32 bytes; a copy of the databases holds nothing to forge or replay them with (S11). */
export const createTokens = ({
  secret,
  accessTtlSeconds,
  refreshTtlSeconds,
  clock,
}: {
  secret: string | Buffer;
  accessTtlSeconds: number;
  refreshTtlSeconds: number;
  clock: Clock;
}): Tokens => {
  const bytes = Buffer.from(secret);
  // A KeyObject verifies in 7 us, a Buffer in 333 (jsonwebtoken 9.0.3).
  const accessKey = createSecretKey(bytes);
  const refreshKey = createSecretKey(Buffer.from(hkdfSync('sha256', bytes, '', 'parley refresh token', 32)));
  const seconds = () => Math.floor(clock.now() / 1_000);
  const sign = (body: string) => createHmac('sha256', refreshKey).update(body).digest('base64url');

  return {
    refreshTtlSeconds,
    fingerprint: Buffer.from(hkdfSync('sha256', bytes, '', 'parley secret fingerprint', 4)).toString('hex'),

    access(user_id, session_id) {
      const iat = seconds();
      const claims = {
        iss: issuer,
        aud: audience,
        typ: type,
        sub: user_id,
        sid: session_id,
        iat,
        exp: iat + accessTtlSeconds,
      };
      return { token: jwt.sign(claims, accessKey, { algorithm: 'HS256' }), expires_in: accessTtlSeconds };
    },

    verifyAccess(token) {
      if (typeof token !== 'string' || token.length > maxLength) throw new ParleyError('unauthenticated');
      const { header, payload } = verify(token);
      // Headers that point at keys have no use here: a token that carries any was made by somebody else.
      const plain = Object.keys(header).every(name => name === 'alg' || name === 'typ');
      if (!plain || typeof payload === 'string') throw new ParleyError('unauthenticated');
      const { sub, exp, typ, sid } = payload;
      if (typ !== type || !sub || typeof sid !== 'string' || typeof exp !== 'number')
        throw new ParleyError('unauthenticated');
      return { user_id: sub, session_id: sid, expires_at: exp * 1_000 };
    },

    refresh(session_id, generation) {
      const body = `${session_id}.${generation}`;
      return `${body}.${sign(body)}`;
    },

    verifyRefresh(token) {
      const [, body, session_id, generation, mac] =
        /^(([A-Za-z0-9_-]{1,80})\.(0|[1-9][0-9]{0,8}))\.([A-Za-z0-9_-]{43})$/.exec(token) ?? [];
      if (!body || !session_id || !generation || !mac) throw new ParleyError('unauthenticated');
      if (!timingSafeEqual(Buffer.from(sign(body)), Buffer.from(mac))) throw new ParleyError('unauthenticated');
      return { session_id, generation: Number(generation) };
    },
  };

  function verify(token: string) {
    try {
      const options = { algorithms: ['HS256'], issuer, audience, clockTimestamp: seconds(), complete: true } as const;
      return jwt.verify(token, accessKey, { ...options, algorithms: [...options.algorithms] });
    } catch (cause) {
      if (cause instanceof jwt.TokenExpiredError) throw new ParleyError('token_expired', { cause });
      if (cause instanceof jwt.JsonWebTokenError || cause instanceof SyntaxError) {
        throw new ParleyError('unauthenticated', { cause });
      }
      throw cause;
    }
  }
};
