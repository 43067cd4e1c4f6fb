import { randomBytes } from 'node:crypto';
import { type Config, loadConfig, readEnvironment } from '../config.ts';

/** Seconds that a command waits for databases which do not answer: whoever typed it is waiting, too. */
const patienceSeconds = 10;

/**
 * The server's settings, with what differs for a command: a name of its own among the instances, a log of errors only unless
 * LOG_LEVEL says more, and less patience. Throws `ConfigError`.
 */
export const readSettings = (): Config => {
  const env = readEnvironment();
  const config = loadConfig({
    ...env,
    LOG_LEVEL: env['LOG_LEVEL'] || 'error',
    INSTANCE_ID: `cli-${randomBytes(5).toString('hex')}`,
  });
  return { ...config, storesTimeoutSeconds: Math.min(config.storesTimeoutSeconds, patienceSeconds) };
};
