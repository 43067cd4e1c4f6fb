import type { NextFunction, Request } from 'express';
import { errorBody, ParleyError } from '../errors.ts';
import type { Logger } from '../observability/logger.ts';
import { type ErrorBody, errorCatalogue } from '../protocol/index.ts';
import type { Reply } from './context.ts';

/** Answers an error of the catalogue, with the headers that HTTP wants beside it. */
export const replyError = (reply: Reply, error: ErrorBody) => {
  const { status } = errorCatalogue[error.code];
  if (status === 401) reply.set('WWW-Authenticate', challenge(error));
  if (status === 429 || status === 503)
    reply.set('Retry-After', String(Math.max(1, Math.ceil((error.retry_after_ms ?? 1_000) / 1_000))));
  reply.status(status).json({ error });
};

const challenge = ({ code }: ErrorBody) =>
  code === 'token_expired' || code === 'signed_out'
    ? 'Bearer realm="parley", error="invalid_token"'
    : 'Bearer realm="parley"';

/** Last of all. What is not an error of the catalogue or of the HTTP layer is a fault of the server: its log has the cause. */
export const createErrorHandler =
  ({ logger }: { logger: Logger }) =>
  (error: unknown, _request: Request, reply: Reply, _next: NextFunction) => {
    const known = error instanceof ParleyError ? error : ofHttp(error);
    const { request_id } = reply.locals;
    if (!known) logger.error('request_failed', { request_id, cause: error });
    if (reply.headersSent) {
      reply.destroy();
      return;
    }
    replyError(reply, errorBody(known ?? error, request_id));
  };

const invalid = (field: string, reason: string) =>
  new ParleyError('invalid_input', { message: `${field}: ${reason}`, details: { [field]: reason } });

/** Errors that Express and its body parser make of bad requests, told by their `type` and `status`. */
const ofHttp = (error: unknown): ParleyError | undefined => {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined;
  const type = 'type' in error ? error.type : '';
  if (type === 'entity.parse.failed') return invalid('body', 'is not valid JSON, or neither object nor array');
  if (type === 'entity.verify.failed') return invalid('body', 'is not valid UTF-8');
  if (error.status === 413) return new ParleyError('payload_too_large');
  if (error.status === 415) return new ParleyError('unsupported_media_type');
  if (error.status === 404) return new ParleyError('unknown_command');
  if (error.status === 400) return invalid(type === undefined || type === '' ? 'path' : 'body', 'is malformed');
  return undefined;
};

export const invalidInput = invalid;
