import { MicOff } from 'lucide';
import type { Summary } from 'parley/client';
import { useEffect, useState } from 'preact/hooks';
import { useWords } from '../app/context.ts';
import { Icon } from '../ui/icon.tsx';

const longestTimerMs = 2 ** 31 - 1;

/** Until when nothing may be written here, if so; over by itself. */
export const useMutedUntil = (summary: Summary | undefined): string | undefined => {
  const until = summary?.muted_until ?? undefined;
  const [, redraw] = useState(0);
  const isMuted = until !== undefined && Date.parse(until) > Date.now();
  useEffect(() => {
    if (!isMuted) return;
    const timer = setTimeout(() => redraw(Date.now()), Math.min(longestTimerMs, Date.parse(until) - Date.now() + 50));
    return () => clearTimeout(timer);
  }, [isMuted, until]);
  return isMuted ? until : undefined;
};

/** Instead of the text field, for those who are muted. */
export const Muted = ({ until }: { until: string }) => {
  const { t, dates } = useWords();
  const isToday = dates.dayKey(until) === dates.dayKey(new Date().toISOString());
  const time = dates.clock(until);
  return (
    <p class="composer-muted">
      <Icon of={MicOff} />
      {isToday ? t('composer.mutedToday', { time }) : t('composer.mutedUntil', { day: dates.day(until), time })}
    </p>
  );
};
