import type { Words } from '../language/words.ts';
import type { Refusal } from '../ui/use-submit.ts';

/** In characters; what index.html was told by the server. Where that is a kept copy of before, the server has the last word. */
export const shortestPassword = (): number =>
  Number(document.querySelector<HTMLMetaElement>('meta[name=password-min-length]')?.content) || 8;

/** Why the server does not take a password. */
export const passwordRefused =
  ({ t }: Words): Refusal =>
  ({ min_length }) =>
    typeof min_length === 'number' ? t('signIn.passwordShort', { count: min_length }) : t('settings.passwordBad');
