import { BootError } from './boot-error.ts';
import type { Config } from './config.ts';
import type { DataFolder } from './data-folder.ts';
import type { Logger } from './observability/logger.ts';
import type { Clock } from './ports/clock.ts';
import type { Log } from './ports/log.ts';
import type { SearchIndex } from './ports/search.ts';
import type { Storage } from './ports/storage.ts';
import { checkDatabase } from './storage/check-database.ts';
import { openSqliteLog } from './storage/log/sqlite/log.ts';
import { openSqliteSearch } from './storage/search/sqlite/search.ts';
import { openSqliteStorage } from './storage/sql/open.ts';

export interface Stores {
  log: Log;
  storage: Storage;
  search: SearchIndex;
  close(): Promise<void>;
}

export interface OpenStoresParts {
  folder: DataFolder;
  clock: Clock;
  logger: Logger;
}

/** Opens the databases; where one cannot be opened, those before it are closed and a `BootError` says which and why. */
export const openStores = async (_config: Config, { folder }: OpenStoresParts): Promise<Stores> => {
  const opened: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (const store of opened.splice(0).reverse()) await store.close();
  };
  const open = async <T extends { close(): Promise<void> }>(
    name: string,
    what: string,
    opener: (parts: { file: string }) => Promise<T>,
  ): Promise<T> => {
    const file = folder.file(name);
    try {
      checkDatabase(file);
      const store = await opener({ file });
      opened.push(store);
      return store;
    } catch (cause) {
      await close();
      const reason = reasonOf(cause);
      throw new BootError(`The ${what} in ${file} cannot be opened (${reason}). Nothing was changed in it.`, { cause });
    }
  };
  const log = await open('log.db', 'log of messages', openSqliteLog);
  const storage = await open('parley.db', 'database of accounts and conversations', openSqliteStorage);
  const search = await open('search.db', 'search index (it can be deleted, it is then made anew)', openSqliteSearch);
  return { log, storage, search, close };
};

/** The deepest cause says what really happened. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return error.message.replaceAll(/\s+/g, ' ').replace(/\.$/, '').slice(0, 200);
};
