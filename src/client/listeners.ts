/**
 * What is told to a function of the app. `onError` is told what it throws, or its promise rejects with: that reaches nobody else, and
 * ends no process.
 */
export const tellApp = <P>(listener: (payload: P) => unknown, payload: P, onError: (error: unknown) => void): void =>
  void (async () => listener(payload))().catch(onError);

/** The app's `onError`, which whoever calls it need not fear. */
export const safely =
  (onError: (error: unknown) => void) =>
  (error: unknown): void =>
    tellApp(onError, error, thrown => console.error('Parley: onError failed:', thrown, error));

/** Whoever wants to hear of something, each by itself. */
export const createListeners = <P = void>(onError: (error: unknown) => void) => {
  const listeners = new Set<(payload: P) => void>();
  return {
    tell(payload: P) {
      for (const listener of [...listeners]) tellApp(listener, payload, onError);
    },
    /** Returns how to stop. */
    subscribe(listener: (payload: P) => void): () => void {
      // A wrapper of its own, so that one function may subscribe twice and stop each time for itself.
      const own = (payload: P) => listener(payload);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    clear: () => listeners.clear(),
  };
};
