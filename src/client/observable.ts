/** A value that changes as a whole. Fits `useSyncExternalStore(observable.subscribe, observable.get)`. */
export interface Observable<T> {
  /** The value as it is now; the same object until it changes. */
  get(): T;
  /** Calls after the value changed: once for all changes of a turn of the event loop. Returns how to stop. */
  subscribe(listener: () => void): () => void;
}

export interface Settable<T> extends Observable<T> {
  set(value: T): void;
}

/** What a listener throws reaches neither the other listeners nor who set the value: `onError` is told. */
export const createObservable = <T>(initial: T, onError: (error: unknown) => void): Settable<T> => {
  const listeners = new Set<() => void>();
  let value = initial;
  let telling = false;

  const tell = () => {
    telling = false;
    for (const listener of [...listeners]) {
      try {
        listener();
      } catch (error) {
        onError(error);
      }
    }
  };

  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      if (telling) return;
      telling = true;
      queueMicrotask(tell);
    },
    subscribe(listener) {
      // A wrapper of its own, so that one function may subscribe twice and stop each time for itself.
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
};
