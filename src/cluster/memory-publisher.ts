import type { StoredEvent } from '../ports/log.ts';
import type { Publisher } from '../ports/publisher.ts';

type Listener = (conversation_id: string, events: StoredEvent[]) => void;

/** The publisher of one instance: a function call to each subscriber. What a subscriber throws reaches neither the others nor the writer. */
export const createMemoryPublisher = ({
  onListenerError = rethrowLater,
}: {
  onListenerError?: (error: unknown) => void;
} = {}): Publisher => {
  const listeners = new Set<Listener>();
  return {
    publish(conversation_id, events) {
      for (const listener of listeners) {
        try {
          listener(conversation_id, events);
        } catch (error) {
          onListenerError(error);
        }
      }
    },
    subscribe(listener) {
      // A wrapper of its own, so that one function may subscribe twice and stop each time for itself.
      const own: Listener = (conversation_id, events) => listener(conversation_id, events);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
};

const rethrowLater = (error: unknown) =>
  queueMicrotask(() => {
    throw error;
  });
