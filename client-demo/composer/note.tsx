import type { Summary } from 'parley/client';
import { useWords } from '../app/context.ts';
import { maxLength, nearMaxLength } from './text.ts';

const minuteMs = 60_000;

/** Below the text field: how much fits yet, or how seldom one may write. Nothing as a rule. */
export const Note = ({ id, length, summary }: { id: string; length: number; summary: Summary | undefined }) => {
  const { t } = useWords();
  const over = length - maxLength;
  const slowMs = summary?.role === 'member' ? summary.slow_mode_ms : 0;
  const text =
    over > 0
      ? t('composer.tooLong', { count: over })
      : length >= nearMaxLength
        ? t('composer.left', { count: maxLength - length })
        : slowMs >= minuteMs
          ? t('composer.slowMinutes', { count: Math.ceil(slowMs / minuteMs) })
          : slowMs > 0
            ? t('composer.slowSeconds', { count: Math.ceil(slowMs / 1_000) })
            : undefined;
  return (
    <p id={id} class={over > 0 ? 'composer-note bad' : 'composer-note'} hidden={text === undefined}>
      {text}
    </p>
  );
};
