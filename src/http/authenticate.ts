import type { NextFunction, Request } from 'express';
import type { Actor } from '../actor.ts';
import { ParleyError } from '../errors.ts';
import type { Reply } from './context.ts';

/** Verifies an access token; throws an error of the catalogue. */
export type Authenticate = (token: string) => Promise<{ actor: Actor }>;

/**
 * Finds out who calls, and refuses nobody yet: requests are counted by user or address first, also those whose token is bad,
 * and a route decides whether it needs a caller. Tokens come in this header only, never by query or cookie (S13, S45).
 */
export const createIdentify =
  (authenticate: Authenticate) => async (request: Request, reply: Reply, next: NextFunction) => {
    const { locals } = reply;
    const token = bearer(request.get('authorization'));
    if (token !== undefined) {
      locals.bearer = token;
      try {
        locals.actor = (await authenticate(token)).actor;
      } catch (error) {
        locals.refusal = error;
      }
    }
    next();
  };

const bearer = (header: string | undefined) => /^Bearer +([\w.~+/-]{1,4096}=*) *$/i.exec(header ?? '')?.[1];

/** The caller, or the reason why there is none, thrown. */
export const callerOf = ({ locals }: Reply): Actor => {
  if (locals.actor) return locals.actor;
  throw locals.refusal ?? new ParleyError('unauthenticated');
};
