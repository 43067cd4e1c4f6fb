import type { Writable } from 'node:stream';
import winston from 'winston';
import { type Apm, noApm } from './apm/apm.ts';
import { redact } from './redact.ts';

export type LogFacts = Record<string, unknown>;

/** One JSON line per call: `{time, level, event, instance, ...facts}`. `event` is a constant text; what varies goes into the facts. */
export interface Logger {
  error(event: string, facts?: LogFacts): void;
  warn(event: string, facts?: LogFacts): void;
  info(event: string, facts?: LogFacts): void;
  debug(event: string, facts?: LogFacts): void;
  /** Whether debug lines are written, so that a hot path need not make their facts. */
  readonly debugs: boolean;
}

/**
 * `level` is a `LOG_LEVEL`. Lines go to standard output unless a stream is given. Facts are redacted (`redact.ts`). Lines of a
 * transaction name it, and `apm` is told of errors, whatever the level.
 */
export const createLogger = ({
  level,
  instance,
  stream = process.stdout,
  apm = noApm,
}: {
  level: 'silent' | 'error' | 'warn' | 'info' | 'debug';
  instance: string;
  stream?: Writable;
  apm?: Apm;
}): Logger => {
  const silent = level === 'silent';
  const { combine, printf } = winston.format;
  const logger = winston.createLogger({
    level: silent ? 'error' : level,
    silent,
    format: combine(printf(({ line }) => String(line))),
    transports: [new winston.transports.Stream({ stream, eol: '\n' })],
  });
  const write =
    (at: 'error' | 'warn' | 'info' | 'debug') =>
    (event: string, facts: LogFacts = {}) => {
      if (at === 'error') apm.capture(event, facts['cause']);
      if (silent || !logger.isLevelEnabled(at)) return;
      const time = new Date().toISOString();
      const told = redact(facts) as LogFacts;
      const line = JSON.stringify({ time, level: at, event, instance, ...told, ...apm.current()?.ids });
      logger.log({ level: at, message: event, line });
    };
  return {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    debugs: !silent && level === 'debug',
  };
};
