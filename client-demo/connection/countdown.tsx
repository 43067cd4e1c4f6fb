import { useWords } from '../app/context.ts';
import { useSecondsTo } from '../ui/use-seconds-to.ts';

/** Seconds until the next try, or that it is under way. Not read out: it would be at every second. */
export const Countdown = ({ until }: { until: number | undefined }) => {
  const { t } = useWords();
  const seconds = useSecondsTo(until);
  return (
    <span class="banner-countdown" aria-hidden="true">
      {until === undefined ? t('connection.connecting') : t('connection.nextTry', { count: seconds })}
    </span>
  );
};
