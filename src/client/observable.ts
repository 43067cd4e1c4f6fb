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

export interface Computed<T> extends Observable<T> {
  /** What it is computed from has changed: it is computed anew when somebody asks. */
  invalidate(): void;
}

/** Told what a listener threw: it reaches neither the other listeners nor who changed the value. */
type OnError = (error: unknown) => void;

const createListeners = (onError: OnError) => {
  const listeners = new Set<() => void>();
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
    tellSoon() {
      if (telling) return;
      telling = true;
      queueMicrotask(tell);
    },
    subscribe(listener: () => void) {
      // A wrapper of its own, so that one function may subscribe twice and stop each time for itself.
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
};

export const createObservable = <T>(initial: T, onError: OnError): Settable<T> => {
  const { tellSoon, subscribe } = createListeners(onError);
  let value = initial;
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      tellSoon();
    },
    subscribe,
  };
};

export const createComputed = <T>(compute: () => T, onError: OnError): Computed<T> => {
  const { tellSoon, subscribe } = createListeners(onError);
  let held: { value: T } | undefined;
  return {
    get() {
      held ??= { value: compute() };
      return held.value;
    },
    invalidate() {
      held = undefined;
      tellSoon();
    },
    subscribe,
  };
};

/** Another value, which is asked for each time; `invalidate` says that it has changed. */
export const createRelay = <T>(get: () => T, onError: OnError): Computed<T> => {
  const { tellSoon, subscribe } = createListeners(onError);
  return { get, invalidate: tellSoon, subscribe };
};
