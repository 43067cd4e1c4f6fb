import { useEffect, useReducer } from 'preact/hooks';

/** The longest that a timer of a browser can be set to, in milliseconds. */
const longest = 2 ** 31 - 1;

const leftOf = (muted_until: string | null | undefined) => (muted_until ? Date.parse(muted_until) - Date.now() : 0);

/** Whether a mute lasts still, at this moment. */
export const isMuted = (muted_until: string | null | undefined): boolean => leftOf(muted_until) > 0;

/** As `isMuted`; draws again when it is over. */
export const useIsMuted = (muted_until: string | null | undefined): boolean => {
  const [round, redraw] = useReducer<number, void>(count => count + 1, 0);
  const lasts = isMuted(muted_until);
  useEffect(() => {
    if (!lasts) return;
    const timer = setTimeout(redraw, Math.min(leftOf(muted_until) + 50, longest));
    return () => clearTimeout(timer);
  }, [lasts, muted_until, round]);
  return lasts;
};
