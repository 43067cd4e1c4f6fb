import type { Observe } from '../invoke.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/**
 * Told of every command, over REST and sockets: counts it, writes a debug line, and an error line with the cause where the
 * server is at fault. A definite refusal is the caller's affair and no error.
 */
export const createObserve =
  ({ logger, metrics }: { logger: Logger; metrics: Metrics }): Observe =>
  (command, outcome, { ms, request_id, user_id, cause }) => {
    metrics.command(command, outcome, ms);
    if (outcome === 'internal') logger.error('command_failed', { command, outcome, request_id, user_id, cause });
    else if (outcome === 'unavailable' || outcome === 'unknown_outcome')
      logger.warn('command_uncertain', { command, outcome, request_id, user_id, ms: Math.round(ms), cause });
    else if (logger.debugs)
      logger.debug('command', { command, outcome, request_id, user_id, ms: Math.round(ms * 10) / 10 });
  };
