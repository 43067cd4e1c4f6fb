import { useEffect, useState } from 'preact/hooks';
import { useWords } from '../app/context.ts';

const secondsTo = (until = 0) => Math.max(0, Math.ceil((until - Date.now()) / 1_000));

/** Seconds until the next try, or that it is under way. Not read out: it would be at every second. */
export const Countdown = ({ until }: { until: number | undefined }) => {
  const { t } = useWords();
  const [seconds, setSeconds] = useState(secondsTo(until));
  useEffect(() => {
    if (until === undefined) return;
    const look = () => setSeconds(secondsTo(until));
    look();
    const timer = setInterval(look, 250);
    return () => clearInterval(timer);
  }, [until]);
  return (
    <span class="banner-countdown" aria-hidden="true">
      {until === undefined ? t('connection.connecting') : t('connection.nextTry', { count: seconds })}
    </span>
  );
};
