import { useEffect, useState } from 'preact/hooks';

const secondsTo = (until = 0) => Math.max(0, Math.ceil((until - Date.now()) / 1_000));

/** Whole seconds until a moment (milliseconds since 1970), counting down; 0 from then on, and where there is none. */
export const useSecondsTo = (until: number | undefined): number => {
  // Only to be drawn again: what is drawn is true at once, whenever that is.
  const [, setSeconds] = useState(0);
  useEffect(() => {
    if (until === undefined) return;
    const timer = setInterval(() => setSeconds(secondsTo(until)), 250);
    return () => clearInterval(timer);
  }, [until]);
  return secondsTo(until);
};
