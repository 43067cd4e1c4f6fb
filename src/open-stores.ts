import { setTimeout as sleep } from 'node:timers/promises';
import { BootError } from './boot-error.ts';
import { type Config, isProduction } from './config.ts';
import type { DataFolder } from './data-folder.ts';
import type { Logger } from './observability/logger.ts';
import type { Clock } from './ports/clock.ts';
import type { Log } from './ports/log.ts';
import type { SearchIndex } from './ports/search.ts';
import type { Storage } from './ports/storage.ts';
import { checkDatabase } from './storage/check-database.ts';
import { openSqliteLog } from './storage/log/sqlite/log.ts';
import { openSqliteSearch } from './storage/search/sqlite/search.ts';
import { openMysqlStorage, openSqliteStorage } from './storage/sql/open.ts';

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

interface Closeable {
  close(): Promise<void>;
}

/** Opens the databases; where one cannot be opened, those that could are closed and a `BootError` says which and why. */
export const openStores = async (config: Config, { folder, clock, logger }: OpenStoresParts): Promise<Stores> => {
  const opened: Closeable[] = [];
  const close = async () => {
    for (const store of opened.splice(0).reverse()) await store.close();
  };
  const keep = <T extends Closeable>(store: T): T => {
    opened.push(store);
    return store;
  };
  /** One database file; it is looked at before anything is written to it. */
  const open = async <T extends Closeable>(
    name: string,
    what: string,
    opener: (parts: { file: string }) => Promise<T>,
  ): Promise<T> => {
    const file = folder.file(name);
    try {
      checkDatabase(file);
      return keep(await opener({ file }));
    } catch (cause) {
      throw new BootError(`The ${what} in ${file} cannot be opened (${reasonOf(cause)}). Nothing was changed in it.`, {
        cause,
      });
    }
  };

  const openFiles = async () => ({
    log: await open('log.db', 'log of messages', openSqliteLog),
    storage: await open('parley.db', 'database of accounts and conversations', openSqliteStorage),
  });

  const openServers = async () => {
    // Loaded where it is used: the embedded server does without.
    const { openMongoLog } = await import('./storage/log/mongo/log.ts');
    const onError = (cause: unknown) => logger.warn('store_trouble', { cause });
    const log = () => openMongoLog({ uri: config.mongodbUri, poolSize: config.mongodbPool, clock, onError });
    const storage = () => openMysqlStorage({ url: config.mysqlUrl, poolSize: config.mysqlPool, onError });
    const patiently = createPatience(config.storesTimeoutSeconds * 1_000, logger);
    const [one, other] = await Promise.allSettled([
      patiently('MongoDB (MONGODB_URI)', log).then(keep),
      patiently('MySQL (MYSQL_URL)', storage).then(keep),
    ]);
    if (one.status === 'rejected') throw one.reason;
    if (other.status === 'rejected') throw other.reason;
    return { log: one.value, storage: other.value };
  };

  try {
    const stores = await (isProduction(config) ? openServers() : openFiles());
    const search = await open('search.db', 'search index (it can be deleted, it is then made anew)', openSqliteSearch);
    return { ...stores, search, close };
  } catch (error) {
    await close();
    throw error;
  }
};

const firstWaitMs = 500;
const longestWaitMs = 5_000;

/** Tries again what does not answer yet, less and less often; a line in the log for each try, a `BootError` when the time is over. */
const createPatience =
  (patienceMs: number, logger: Logger) =>
  async <T>(what: string, opener: () => Promise<T>): Promise<T> => {
    const until = performance.now() + patienceMs;
    for (let attempt = 0; ; attempt++) {
      try {
        return await opener();
      } catch (cause) {
        const reason = reasonOf(cause);
        // Full jitter, so that instances that start together do not ask together.
        const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** attempt) * (0.5 + Math.random() / 2);
        if (performance.now() + wait > until)
          throw new BootError(`${what} cannot be opened (${reason}), for as long as STORES_TIMEOUT allows.`, { cause });
        logger.warn('store_awaited', { store: what, reason, again_ms: Math.round(wait) });
        await sleep(wait);
      }
    }
  };

/** The deepest cause says what really happened. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return error.message.replaceAll(/\s+/g, ' ').replace(/\.$/, '').slice(0, 200);
};
