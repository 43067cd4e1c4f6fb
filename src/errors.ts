import { type ErrorBody, type ErrorCode, errorCatalogue } from './protocol/index.ts';

export interface ErrorFacts {
  message?: string;
  details?: Record<string, string | number>;
  retry_after_ms?: number;
  cause?: unknown;
}

/** An error of the catalogue: the only kind whose text reaches a caller. */
export class ParleyError extends Error {
  override readonly name = 'ParleyError';
  readonly code: ErrorCode;
  readonly details?: Record<string, string | number>;
  readonly retry_after_ms?: number;

  constructor(code: ErrorCode, facts: ErrorFacts = {}) {
    super(
      facts.message ?? errorCatalogue[code].meaning,
      facts.cause === undefined ? undefined : { cause: facts.cause },
    );
    this.code = code;
    this.details = facts.details;
    this.retry_after_ms = facts.retry_after_ms;
  }
}

/** The error as callers see it; whatever is not of the catalogue becomes `internal` and tells nothing. */
export const errorBody = (error: unknown, request_id: string): ErrorBody => {
  const known = error instanceof ParleyError ? error : new ParleyError('internal', { cause: error });
  return {
    code: known.code,
    message: known.message,
    retryable: errorCatalogue[known.code].retryable,
    ...(known.retry_after_ms !== undefined && { retry_after_ms: Math.ceil(known.retry_after_ms) }),
    ...(known.details && { details: known.details }),
    request_id,
  };
};

export const notFound = () => new ParleyError('not_found');
