import type { StoredEvent } from './log.ts';

/** `here`: appended, or found in the log, by this very instance. `elsewhere`: told by another one; a hint, whose content is not to be trusted with rights. */
export type Origin = 'here' | 'elsewhere';

export type PublicationListener = (conversation_id: string, events: StoredEvent[], origin: Origin) => void;

/**
 * Carries appended events to whoever delivers them: on this instance at once, on others as fast as the cluster can.
 * At most once and in no promised order: a receiver keeps its own position and fetches what is missing from the log (G8, G12).
 * Between instances an event travels only where its conversation is watched; events that move members (`created`, `joined`, `left`,
 * `removed`, `banned`, `unbanned`, `deleted`) travel everywhere, as somebody may enter where nobody is yet.
 */
export interface Publisher {
  /** Never throws, never waits. `events` are consecutive. */
  publish(conversation_id: string, events: StoredEvent[]): void;
  /** Called on this instance for local and remote publications alike. Returns how to stop. */
  subscribe(listener: PublicationListener): () => void;
  /**
   * From when it resolves on, what other instances publish of these conversations arrives here, as long as the link works. Resolves after
   * 50 ms in any case: what did not come is in the change feed. Never rejects; harmless to repeat.
   */
  watch(conversation_ids: string[]): Promise<void>;
  /** Nobody here needs them any more; may take effect late. */
  unwatch(conversation_ids: string[]): void;
}
