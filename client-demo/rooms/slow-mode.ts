import type { Words } from '../language/words.ts';

const minuteMs = 60_000;

/** The pauses between messages that are offered, in milliseconds. */
export const slowModes: readonly number[] = [0, 5_000, 10_000, 30_000, minuteMs, 5 * minuteMs];

export const slowModeText = (ms: number, { t }: Words) => {
  if (ms === 0) return t('rooms.slowModeOff');
  return ms % minuteMs === 0
    ? t('rooms.slowModeMinutes', { count: ms / minuteMs })
    : t('rooms.slowModeSeconds', { count: Math.ceil(ms / 1_000) });
};
