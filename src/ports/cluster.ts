/** Facts that other instances must act on soon. All of them are hints that can be lost: each has a poll or a lease behind it. */
export interface Notices {
  /** These sessions are over: close their sockets, forget what is cached of them. */
  'sessions:revoked': { session_ids: string[]; reason: 'signed_out' | 'account_erased' };
  /** This person's name, role or address changed: forget what is cached. */
  'user:changed': { user_id: string };
  /** Receipts to show to the connected members of a conversation. */
  receipts: { conversation_id: string; receipts: { user_id: string; read_seq: number; delivered_seq: number }[] };
  typing: { conversation_id: string; user_id: string; typing: boolean };
  /** This person's presence may have changed: whoever watches looks. */
  presence: { user_id: string };
  /** A notification was recorded, by this instance. */
  notification: { user_id: string; notification_id: string; instance_id: string };
  /** This person has more sockets than allowed, and the instance that holds the newest no older one to close. */
  'sockets:crowded': { user_id: string; instance_id: string };
}

/**
 * What instances share and may lose: notices, rate counters, presence leases, locks. Redis, or memory where there is one instance.
 * No method rejects because the cluster link is down and none takes over 50 ms then: each falls back to what this instance knows.
 */
export interface Cluster {
  readonly instance_id: string;

  /** Tells all instances, this one included (locally at once). Never throws, never waits. */
  notify<N extends keyof Notices>(name: N, notice: Notices[N]): void;
  on<N extends keyof Notices>(name: N, listener: (notice: Notices[N]) => void): () => void;

  /**
   * A token bucket: takes `cost` tokens from `key`, which refills `rate` a second up to `burst`.
   * Returns 0 where they were there, else the milliseconds until they will be (nothing is then taken).
   */
  take(key: string, bucket: { rate: number; burst: number }, cost?: number): number | Promise<number>;

  /** Registers a socket of a user here; the lease is renewed by the implementation and dies within 15 s of this instance (G11). */
  online(user_id: string, socket_id: string): Promise<void>;
  offline(user_id: string, socket_id: string): Promise<void>;
  /** Those of the users who have a live lease anywhere. */
  whoIsOnline(user_ids: string[]): Promise<Set<string>>;
  /** How many sockets of a user are registered anywhere. */
  socketsOf(user_id: string): Promise<number>;

  /** Runs `job` if no other instance holds the lock; false where another does. */
  withLock(name: string, job: () => Promise<void>): Promise<boolean>;

  /** Whether the link to the other instances works; always true in memory. */
  healthy(): boolean;
  close(): Promise<void>;
}
