import type { ApmConfig } from './agent.ts';
import { type Apm, noApm } from './apm.ts';

/**
 * To be awaited once in a process, before anything but the settings is loaded. Nothing of the agent is loaded where no server
 * is configured. A server that does not answer is a matter for the log, never for users.
 */
export const startApm = async (config: ApmConfig): Promise<Apm> =>
  config.elasticApmServerUrl === '' ? noApm : (await import('./agent.ts')).startAgent(config);
