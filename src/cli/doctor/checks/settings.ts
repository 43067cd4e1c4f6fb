import { contractVersion } from '../../../protocol/contract-version.ts';
import type { Check } from '../check.ts';
import { ok, skip, warn } from '../finding.ts';

/** All instances speak the same contract with the same limits, and it is the one that this program knows. */
export const settings: Check = {
  name: 'settings',
  async run({ survey }) {
    const told = [...survey.samples].flatMap(([instance, [sample]]) => (sample ? { instance, echo: sample.echo } : []));
    const [first] = told;
    if (!first) return skip(survey.missing ?? 'no instance told its settings', 'Let /health/echo through.');
    const { version, max_packet_bytes, ping_interval_ms, ping_timeout_ms } = first.echo;
    for (const [name, field] of [
      ['the version of the contract', 'version'],
      ['MAX_PACKET_BYTES', 'max_packet_bytes'],
      ['PING_INTERVAL_MS', 'ping_interval_ms'],
      ['PING_TIMEOUT_MS', 'ping_timeout_ms'],
    ] as const)
      if (told.some(({ echo }) => echo[field] !== first.echo[field]))
        return warn(
          `instances differ: ${told.map(({ instance, echo }) => `${instance} ${echo[field]}`).join(', ')}`,
          `Give all instances the same ${name}, unless they are just being updated one by one.`,
        );
    if (version !== contractVersion)
      return warn(`contract ${version}; this doctor knows ${contractVersion}`, 'Run the doctor of the same version.');
    const packets = `packets up to ${max_packet_bytes} bytes`;
    return ok(
      `contract ${version}, ${packets}, a ping each ${ping_interval_ms} ms, ${ping_timeout_ms} ms to answer it`,
    );
  },
};
