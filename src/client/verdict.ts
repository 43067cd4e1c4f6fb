import { ChatError, sessionEnded } from './errors.ts';
import type { Closing } from './link.ts';
import type { Ending } from './session.ts';

/** Full jitter: a wait anywhere between 0 and this many milliseconds, doubled with each failure up to `mostMs`. */
const backoff = { firstMs: 500, mostMs: 15_000 };

/** Milliseconds to wait after so many failures in a row, 0 for the first. */
export const jittered = (failures: number, random: () => number = Math.random): number =>
  random() * Math.min(backoff.mostMs, backoff.firstMs * 2 ** failures);

/** What follows from the loss of a connection: the session is over, only the person can go on, or it comes back (by the backoff, or when the server said). */
export type Verdict =
  | { next: 'session_over'; reason: Ending; error: ChatError }
  | { next: 'stay_away'; error: ChatError }
  | { next: 'come_back'; error: ChatError; after_ms?: number };

/** `told`: what the server said before it closed; it may be of a newer contract, and then `reconnect` alone counts. */
export const verdictOn = (error: ChatError, told: Closing | undefined): Verdict => {
  if (error.code === 'signed_out') return { next: 'session_over', reason: 'signed_out', error };
  if (!told) return { next: 'come_back', error };
  const { code, reconnect, after_ms } = told;
  const details = { reason: code };
  if (code === 'signed_out' || code === 'account_erased') {
    return { next: 'session_over', reason: code, error: sessionEnded(code) };
  }
  if (!reconnect)
    return {
      next: 'stay_away',
      error: new ChatError('limit_reached', { details }),
    };
  const asked = new ChatError('unavailable', { retryable: true, details });
  return { next: 'come_back', error: asked, after_ms };
};
