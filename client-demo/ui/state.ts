import type { Observable } from 'parley/client';
import { useLayoutEffect, useMemo, useReducer, useRef } from 'preact/hooks';

/** State of the page itself, read like that of the library. */
export interface State<T> extends Observable<T> {
  set(value: T): void;
}

export const createState = <T>(initial: T): State<T> => {
  const listeners = new Set<() => void>();
  let value = initial;
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
};

/** The value as it is now; draws again when it changes. */
export const useObservable = <T>(observable: Observable<T>): T => {
  const value = observable.get();
  const [, redraw] = useReducer<number, void>(count => count + 1, 0);
  const drawn = useRef(value);
  drawn.current = value;
  useLayoutEffect(() => {
    const check = () => {
      if (!Object.is(observable.get(), drawn.current)) redraw();
    };
    // It may have changed between drawing and now.
    check();
    return observable.subscribe(check);
  }, [observable]);
  return value;
};

/** A part of a value that changes seldomer than the whole: draws again only when that part does. */
export const useSelected = <T, S extends string | number | boolean | undefined>(
  { get, subscribe }: Observable<T>,
  select: (value: T) => S,
): S => useObservable(useMemo(() => ({ get: () => select(get()), subscribe }), [get, subscribe]));
