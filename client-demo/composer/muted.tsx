import { MicOff } from 'lucide';
import { useWords } from '../app/context.ts';
import { Icon } from '../ui/icon.tsx';

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
