// @ts-check
/** @import { ErrorBody } from '../src/protocol/index.ts' */

/**
 * What a call to the server ended with: a code of the server's catalogue, or one of three of the page's own:
 * `offline` (no connection), `no_answer` (sent, nobody knows whether it happened), `odd_answer` (not this server's).
 */
export class Failure extends Error {
  /** @param {string} code @param {string} message @param {Partial<Pick<ErrorBody, 'retryable' | 'retry_after_ms' | 'details'>>} [facts] */
  constructor(code, message, { retryable = false, retry_after_ms, details } = {}) {
    super(message);
    this.code = code;
    this.retryable = retryable;
    this.retry_after_ms = retry_after_ms;
    this.details = details;
  }
}

/** @param {ErrorBody} body */
export const failureOf = body => new Failure(body.code, body.message, body);

export const offline = () => new Failure('offline', 'There is no connection to the server.', { retryable: true });

/** @param {unknown} error @returns {error is Failure} */
export const isFailure = error => error instanceof Failure;

/** The codes that say that the session is over, or that its access token is.
 * @param {string | undefined} code */
export const isAboutToken = code => code === 'token_expired' || code === 'unauthenticated' || code === 'signed_out';

/** What to show a person. @param {unknown} error */
export const wordsFor = error => {
  if (!isFailure(error)) return 'Something went wrong on this page. Reload it and try again.';
  if (error.code === 'rate_limited') return 'That was a little too fast. Wait a moment and try again.';
  return error.message;
};
