import { useEffect, useReducer } from 'preact/hooks';

/** The longest that a timer of a browser can be set to, in milliseconds. */
const longest = 2 ** 31 - 1;

/** Whether a mute lasts still; draws again when it is over. */
export const useIsMuted = (muted_until: string | null): boolean => {
  const [, redraw] = useReducer<number, void>(count => count + 1, 0);
  const left = muted_until ? Date.parse(muted_until) - Date.now() : 0;
  const isMuted = left > 0;
  useEffect(() => {
    if (!isMuted) return;
    const timer = setTimeout(redraw, Math.min(left + 50, longest));
    return () => clearTimeout(timer);
  }, [isMuted, muted_until]);
  return isMuted;
};
