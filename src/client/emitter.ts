import { createListeners } from './listeners.ts';

/** Tells whoever listens to an event of this name; `onError` is told what they throw. */
export const createEmitter = <Events extends object>(onError: (error: unknown) => void) => {
  const events = new Map<keyof Events, ReturnType<typeof createListeners<never>>>();
  return {
    emit: <E extends keyof Events>(event: E, payload: Events[E]) => events.get(event)?.tell(payload as never),
    /** Returns how to stop. */
    on<E extends keyof Events>(event: E, listener: (payload: Events[E]) => void): () => void {
      const listeners = events.get(event) ?? createListeners<never>(onError);
      events.set(event, listeners);
      return listeners.subscribe(listener);
    },
  };
};
