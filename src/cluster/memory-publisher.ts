import type { PublicationListener, Publisher } from '../ports/publisher.ts';

/** The publisher of one instance: a function call to each subscriber. What a subscriber throws reaches neither the others nor the writer. */
export const createMemoryPublisher = ({
  onListenerError = rethrowLater,
}: {
  onListenerError?: (error: unknown) => void;
} = {}): Publisher => {
  const listeners = new Set<PublicationListener>();
  return {
    publish(conversation_id, events) {
      for (const listener of listeners) {
        try {
          listener(conversation_id, events, 'here');
        } catch (error) {
          onListenerError(error);
        }
      }
    },
    subscribe(listener) {
      // A wrapper of its own, so that one function may subscribe twice and stop each time for itself.
      const own: PublicationListener = (...publication) => listener(...publication);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    watch: () => Promise.resolve(),
    unwatch: () => undefined,
  };
};

const rethrowLater = (error: unknown) =>
  queueMicrotask(() => {
    throw error;
  });
