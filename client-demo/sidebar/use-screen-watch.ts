import { useEffect, useMemo } from 'preact/hooks';

/** Tells of an element whether it is on screen, until the returned function is called. */
export type ScreenWatch = (element: Element, tell: (isSeen: boolean) => void) => () => void;

/** One observer for all rows of a list that scrolls. */
export const useScreenWatch = (): ScreenWatch => {
  const { watch, stop } = useMemo(createScreenWatch, []);
  useEffect(() => stop, [stop]);
  return watch;
};

const createScreenWatch = () => {
  const listeners = new Map<Element, (isSeen: boolean) => void>();
  const observer = new IntersectionObserver(entries => {
    for (const { target, isIntersecting } of entries) listeners.get(target)?.(isIntersecting);
  });
  const watch: ScreenWatch = (element, tell) => {
    listeners.set(element, tell);
    observer.observe(element);
    return () => {
      listeners.delete(element);
      observer.unobserve(element);
    };
  };
  return { watch, stop: () => observer.disconnect() };
};
