import { type Finding, fail, ok, warn } from '../finding.ts';
import { fieldOf, type Probe } from '../probe.ts';

/** `usable`: whether what answers is a Parley, so that there is something to check. Rejects with `Unanswered` where nothing does. */
export const reach = async (probe: Probe): Promise<{ usable: boolean; finding: Finding }> => {
  const live = await probe.request('/health/live');
  const parley = live.status === 200 && fieldOf(live.json, 'status') === 'ok';
  if (!parley) {
    const gateway = [502, 503, 504].includes(live.status);
    const finding = fail(
      `GET /health/live answered HTTP ${live.status}`,
      gateway
        ? 'The proxy is there, and no instance behind it: do they run, and does the proxy have their addresses?'
        : 'What answers here is no Parley: let the proxy pass everything on to the instances, /health among it.',
    );
    return { usable: false, finding };
  }
  const { status, json } = await probe.request('/health/ready');
  const parts = Object.entries(fieldOf(json, 'checks') ?? {}).flatMap(([part, state]) => (state === 'ok' ? [] : part));
  const state = fieldOf(json, 'status');
  if (status === 200) return { usable: true, finding: ok('alive and ready') };
  if (parts.length > 0)
    return {
      usable: true,
      finding: fail(`not ready: ${parts.join(', ')}`, 'That store does not answer the instance: see its log.'),
    };
  const finding = warn(
    `GET /health/ready answered HTTP ${status} (${state ?? 'no Parley'})`,
    'Is it being restarted? Ask again.',
  );
  return { usable: true, finding };
};
