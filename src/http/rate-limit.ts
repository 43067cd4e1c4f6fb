import type { Request, RequestHandler } from 'express';
import { MemoryStore, rateLimit } from 'express-rate-limit';
import { addressKey } from '../client-address.ts';
import { ParleyError } from '../errors.ts';
import type { Reply } from './context.ts';

/** `locals` was filled by `begin` and `identify`, which run before. */
type Counted = Pick<Reply, 'locals'>;

interface Limit {
  identifier: string;
  perMinute: number;
  key: (reply: Counted) => string;
}

/** Requests a minute on this instance; the budgets of the single commands, over all instances, are `charge`'s. */
export const createRateLimit = ({ identifier, perMinute, key }: Limit): { handler: RequestHandler; stop(): void } => {
  const store = new MemoryStore();
  const windowMs = 60_000;
  const handler = rateLimit({
    windowMs,
    limit: perMinute,
    identifier,
    store,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    // Its checks are about `request.ip`, which is not used here: a proxy is trusted by `clientAddress`.
    validate: false,
    keyGenerator: (_request, reply) => key(reply),
    handler: (request, _reply, next) => next(new ParleyError('rate_limited', { retry_after_ms: waitOf(request) })),
  });
  const waitOf = (request: Request & { rateLimit?: { resetTime?: Date } }) =>
    Math.max(1, (request.rateLimit?.resetTime?.getTime() ?? Date.now() + windowMs) - Date.now());
  return { handler, stop: () => store.shutdown() };
};

export const byAddress = ({ locals }: Counted) => `@${addressKey(locals.address)}`;
export const byCaller = (reply: Counted) => reply.locals.actor?.user_id ?? byAddress(reply);
