import type { Check } from '../check.ts';
import { fail, ok, skip, warn } from '../finding.ts';

/** Two processes under one INSTANCE_ID: connections of the one are sent to the other. */
export const duplicates: Check = {
  name: 'duplicates',
  async run({ survey }) {
    if (survey.samples.size === 0)
      return skip(survey.missing ?? 'no instance told of itself', 'Let /health/echo through.');
    for (const [instance, samples] of survey.samples) {
      const boots = samples.map(({ echo }) => echo.boot);
      const several = new Set(boots).size;
      if (several === 1) continue;
      const remedy = 'Give each process an INSTANCE_ID of its own, and name each in the proxy.';
      // One after the other may also be one that was just restarted.
      const changes = boots.filter((boot, index) => index > 0 && boot !== boots[index - 1]).length;
      return changes < several
        ? warn(`${instance} was another process a moment ago`, `Was it restarted just now? If not: ${remedy}`)
        : fail(`${several} processes call themselves ${instance}`, remedy);
    }
    return ok(`each instance id belongs to one process: ${survey.instances().join(', ')}`);
  },
};
