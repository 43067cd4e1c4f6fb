/** Tells whoever listens to an event of this name; `onError` is told what they throw. */
export const createEmitter = <Events extends object>(onError: (error: unknown) => void) => {
  const listeners = new Map<keyof Events, Set<(payload: never) => void>>();
  return {
    emit<E extends keyof Events>(event: E, payload: Events[E]) {
      for (const listener of [...(listeners.get(event) ?? [])]) {
        try {
          (listener as (payload: Events[E]) => void)(payload);
        } catch (error) {
          onError(error);
        }
      }
    },
    /** Returns how to stop. */
    on<E extends keyof Events>(event: E, listener: (payload: Events[E]) => void): () => void {
      const own = (payload: never) => listener(payload);
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set.add(own));
      return () => void set.delete(own);
    },
  };
};
