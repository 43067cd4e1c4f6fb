import type { LogFacts, Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** Tells of a business event (`account_registered`): one log line with its facts, one counter under its name. */
export type RecordEvent = (event: string, facts: LogFacts) => void;

/** `event` is one of a few constant names, as it is the counter's label. */
export const createRecord =
  ({ logger, metrics }: { logger: Logger; metrics: Metrics }): RecordEvent =>
  (event, facts) => {
    metrics.event(event);
    logger.info(event, facts);
  };
