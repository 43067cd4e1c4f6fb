/** Whoever wants to hear of something. What one of them throws `onError` is told; it reaches neither the others nor who tells. */
export const createListeners = <P = void>(onError: (error: unknown) => void) => {
  const listeners = new Set<(payload: P) => void>();
  return {
    tell(payload: P) {
      for (const listener of [...listeners]) {
        try {
          listener(payload);
        } catch (error) {
          onError(error);
        }
      }
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
