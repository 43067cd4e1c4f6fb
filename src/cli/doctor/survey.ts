import { type Echo, echo } from '../../protocol/echo.ts';
import { instanceOf } from './polling.ts';
import type { Answer, Probe } from './probe.ts';

/** What one instance said once. */
export interface Sample {
  echo: Echo;
  /** By how many milliseconds the instance's clock is ahead of this machine's, give or take half the `rttMs`. */
  aheadMs: number;
  rttMs: number;
}

/** What all instances told of themselves. */
export interface Survey {
  /** By instance, in the order in which they were asked. */
  readonly samples: ReadonlyMap<string, Sample[]>;
  /** Why there are none. */
  readonly missing?: string;
  /** Every instance that was seen, here or as the beginning of a connection's id. */
  instances(): string[];
  /** To be told of each connection. */
  met(sid: string): void;
}

/** A balancer with equal servers shows one of n within a few requests; at most `most` are asked, until `quiet` showed none that is new. */
const asking = { most: 30, quiet: 12, atOnce: 3 };

export const takeSurvey = async (probe: Probe): Promise<Survey> => {
  const samples = new Map<string, Sample[]>();
  const met = new Set<string>();
  let missing: string | undefined;
  let quiet = 0;
  for (let asked = 0; asked < asking.most && quiet < asking.quiet; asked += asking.atOnce) {
    const answers = await Promise.all(Array.from({ length: asking.atOnce }, () => probe.patiently('/health/echo')));
    for (const answer of answers) {
      const told = readEcho(answer);
      if (told === undefined) {
        missing = `GET /health/echo answered HTTP ${answer.status}`;
        continue;
      }
      const known = samples.get(told.instance);
      quiet = known ? quiet + 1 : 0;
      const rttMs = answer.received - answer.sent;
      const sample = { echo: told, rttMs, aheadMs: told.time - (answer.sent + answer.received) / 2 };
      samples.set(told.instance, [...(known ?? []), sample]);
    }
    if (samples.size === 0) break;
  }
  return {
    samples,
    ...(samples.size === 0 && { missing }),
    instances: () => [...new Set([...samples.keys(), ...met])].sort(),
    met(sid) {
      const instance = instanceOf(sid);
      if (instance !== undefined) met.add(instance);
    },
  };
};

/** Undefined where no Parley answered it. */
export const readEcho = (answer: Answer): Echo | undefined =>
  answer.status === 200 ? echo.safeParse(answer.json).data : undefined;
