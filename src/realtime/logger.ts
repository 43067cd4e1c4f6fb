/** Where this edge reports: a constant text, and the facts that vary. */
export interface Logger {
  error(event: string, facts?: Record<string, unknown>): void;
  warn(event: string, facts?: Record<string, unknown>): void;
  info(event: string, facts?: Record<string, unknown>): void;
}

/** What this edge counts. */
export interface RealtimeMetrics {
  connected(namespace: string): void;
  disconnected(namespace: string, reason: string): void;
  /** A handshake was refused. */
  refused(reason: string): void;
  /** Milliseconds from an event's date to its emission here. */
  delivered(ms: number): void;
}
