import type { Check } from '../check.ts';
import { duration, fail, ok, skip, warn } from '../finding.ts';

/** Milliseconds. Tokens and the order of what is shown hang on the instances' clocks. */
const bearable = 2_000;
const ntp = 'Keep the clocks of all machines right (chrony, systemd-timesyncd).';

export const clocks: Check = {
  name: 'clocks',
  async run({ survey }) {
    if (survey.samples.size === 0)
      return skip(survey.missing ?? 'no instance told its time', 'Let /health/echo through.');
    // The quickest answer says it best.
    const best = [...survey.samples].map(([instance, samples]) => {
      const { aheadMs, rttMs } = samples.reduce((a, b) => (b.rttMs < a.rttMs ? b : a));
      return { instance, aheadMs, errorMs: rttMs / 2 };
    });
    const sorted = best.sort((a, b) => a.aheadMs - b.aheadMs);
    const [slow, fast] = [sorted[0]!, sorted.at(-1)!];
    const apartMs = Math.max(0, fast.aheadMs - slow.aheadMs - fast.errorMs - slow.errorMs);
    if (apartMs > bearable)
      return fail(`${fast.instance} is ${duration(fast.aheadMs - slow.aheadMs)} ahead of ${slow.instance}`, ntp);
    const here = sorted.reduce((a, b) => (Math.abs(b.aheadMs) > Math.abs(a.aheadMs) ? b : a));
    const offMs = Math.max(0, Math.abs(here.aheadMs) - here.errorMs);
    if (offMs > bearable)
      return warn(
        `${here.instance} is ${duration(offMs)} ${here.aheadMs > 0 ? 'ahead of' : 'behind'} this machine`,
        `One of the two is wrong. ${ntp}`,
      );
    return ok(
      `${best.length} of ${best.length} instances within ${duration(Math.max(apartMs, offMs, 1))} of each other and of this machine`,
    );
  },
};
