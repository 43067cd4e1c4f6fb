import Database from 'libsql';

/** A request that did not happen, or of which that is not known. */
export class StoreFault extends Error {
  readonly code: 'unavailable' | 'unknown_outcome' | 'internal';
  constructor(code: 'unavailable' | 'unknown_outcome' | 'internal', cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.code = code;
  }
}

export const sqliteCode = (error: unknown) => (error instanceof Database.SqliteError ? error.code : '');

/** The failures that leave no trace even where COMMIT reports them: the commit record was never written. */
const nothingWritten = /^SQLITE_(BUSY|FULL|LOCKED|READONLY|CANTOPEN|NOMEM|CORRUPT|NOTADB)/;

/**
 * Runs `work` in one transaction, durable when this returns.
 * Throws `StoreFault`: `unavailable` or `internal` where nothing was stored, `unknown_outcome` where the disk failed under
 * COMMIT, after which a crash may still bring the transaction back.
 */
export const inTransaction = <T>(database: Database.Database, work: () => T): T => {
  let committing = false;
  try {
    database.exec('BEGIN IMMEDIATE');
    const result = work();
    committing = true;
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has rolled back by itself after some errors (a full disk among them), and not after others.
    if (database.inTransaction) database.exec('ROLLBACK');
    const code = sqliteCode(error);
    // Neither a lack of space nor the disk, but a row that no log can hold.
    if (code === '' || code.startsWith('SQLITE_CONSTRAINT')) throw new StoreFault('internal', error);
    throw new StoreFault(committing && !nothingWritten.test(code) ? 'unknown_outcome' : 'unavailable', error);
  }
};
