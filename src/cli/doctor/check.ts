import type { Account } from './account.ts';
import type { Clients } from './clients.ts';
import type { Finding } from './finding.ts';
import type { Probe } from './probe.ts';
import type { Survey } from './survey.ts';

/** What the checks share. */
export interface Context {
  probe: Probe;
  survey: Survey;
  account: Account;
  clients: Clients;
  /** Milliseconds that one step may take. */
  timeoutMs: number;
}

/** One thing that breaks real deployments. What `run` throws counts as a failure: it could not be tried. */
export interface Check {
  name: string;
  run(context: Context): Promise<Finding>;
}
