import { ChatError } from 'parley/client';
import type { Words } from './words.ts';

/** What a person needs to know of an error: the catalogue's code in their language, with the fact that goes with it. */
export const errorText = ({ t, has, dates }: Words, error: unknown): string => {
  if (!(error instanceof ChatError)) return t('errors.other');
  const { code, details, retry_after_ms } = error;
  const until = details?.['muted_until'];
  if (code === 'muted' && typeof until === 'string')
    return t('errors.mutedUntil', { date: `${dates.day(until)}, ${dates.clock(until)}` });
  if ((code === 'slow_mode' || code === 'rate_limited') && retry_after_ms !== undefined)
    return t(`errors.${code}_for`, { count: Math.max(1, Math.ceil(retry_after_ms / 1_000)) });
  const key = `errors.${code}`;
  return has(key) ? t(key) : t('errors.other');
};
