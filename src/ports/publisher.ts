import type { StoredEvent } from './log.ts';

/**
 * Carries appended events to whoever delivers them: on this instance at once, on others as fast as the cluster can.
 * At most once and in no promised order: a receiver keeps its own position and fetches what is missing from the log (G8, G12).
 */
export interface Publisher {
  /** Never throws, never waits. `events` are consecutive. */
  publish(conversation_id: string, events: StoredEvent[]): void;
  /** Called on this instance for local and remote publications alike. Returns how to stop. */
  subscribe(listener: (conversation_id: string, events: StoredEvent[]) => void): () => void;
}
