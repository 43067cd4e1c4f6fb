import type { Output } from '../protocol/index.ts';
import { ChatError } from './errors.ts';
import { pause } from './pause.ts';
import type { Rest } from './rest.ts';

/**
 * Tries of an exchange, and milliseconds for each but the last: all begin well within the server's grace of 10 s, in which it answers
 * a refresh token again, as the first may have worked.
 */
const tries = 3;
const tryMs = 3_000;
/** Milliseconds before another try where the last one failed at once. */
const pauseMs = 300;

/** New tokens for a refresh token. Answers may be lost: the same one is answered again for a moment. Rejects with `ChatError`. */
export const exchange = async (rest: Rest, refresh_token: string): Promise<Output<'account:refresh'>> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await rest.call('account:refresh', {}, refresh_token, attempt < tries ? { timeoutMs: tryMs } : {});
    } catch (error) {
      const mayBeLost = error instanceof ChatError && error.retryable && error.retry_after_ms === undefined;
      if (!mayBeLost || attempt === tries) throw error;
      if (error.code !== 'no_answer') await pause(pauseMs * attempt);
    }
  }
};
