import Database from 'libsql';

/** Somebody else has the folder. */
export class FolderLocked extends Error {
  override readonly name = 'FolderLocked';
}

/**
 * Holds a folder for this process by an open exclusive transaction on a file of its own: the system frees it however the process
 * ends, kill -9 included, so that no lock is ever stale. Throws `FolderLocked` where another server, of this process or another, has it.
 */
export const lockFolder = (file: string): { release(): void } => {
  const database = new Database(file, { timeout: 0 });
  try {
    // Nothing is ever written, hence there is nothing to roll back from a journal on disk.
    database.exec('PRAGMA journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY') throw new FolderLocked(file);
    throw error;
  }
  return {
    release() {
      database.exec('ROLLBACK');
      database.close();
    },
  };
};
