/** What differs between the databases; everything else of this folder is the same for all of them. */
export interface Dialect {
  /** An SQL expression: the database's own clock in whole milliseconds since 1970. */
  now_ms: string;
  /** The function that returns the highest of its arguments. */
  greatest: string;
  /** The tail of an INSERT into members that raises these columns where the row exists, and never lowers them. */
  raise(columns: readonly string[]): string;
  /** Whether an operation had no effect because of others (a deadlock, a connection that broke) and may simply run again. */
  retryable(error: unknown): boolean;
  /** Whether a value does not fit its column. */
  misfit(error: unknown): boolean;
  /**
   * Whether a foreign key locks the row that it points to, even where nothing of the key changes. Then members have none: cursors are
   * written all the time, in batches, and must neither wait for a change of their conversation nor hold it up. People and
   * conversations are never deleted, only blanked, so that no row can lose them.
   */
  referencesLock: boolean;
  /**
   * For `createTable`. Keys are compared byte by byte, as they come normalised (utf8mb4 with a binary collation on MySQL); lengths of
   * indexed columns keep within InnoDB's 3,072 bytes at 4 bytes a character.
   */
  table: { charset?: string; collate?: string };
}

/** Waiting for the one writer happens in the driver, hence nothing is left to retry; a text column takes any length. */
export const sqliteDialect: Dialect = {
  now_ms: "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
  greatest: 'MAX',
  raise: columns =>
    `ON CONFLICT (conversation_id, user_id) DO UPDATE SET ${columns
      .map(column => `${column} = MAX(members.${column}, excluded.${column})`)
      .join(', ')}`,
  retryable: () => false,
  misfit: () => false,
  referencesLock: false,
  table: {},
};
