import { createListeners } from './listeners.ts';

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

/** Once for all changes of a turn of the event loop. */
const createTeller = (onError: OnError) => {
  const { tell, subscribe } = createListeners(onError);
  let telling = false;
  return {
    tellSoon() {
      if (telling) return;
      telling = true;
      queueMicrotask(() => {
        telling = false;
        tell();
      });
    },
    subscribe,
  };
};

export const createObservable = <T>(initial: T, onError: OnError): Settable<T> => {
  const { tellSoon, subscribe } = createTeller(onError);
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
  const { tellSoon, subscribe } = createTeller(onError);
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
  const { tellSoon, subscribe } = createTeller(onError);
  return { get, invalidate: tellSoon, subscribe };
};
