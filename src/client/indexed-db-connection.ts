import { type Database, globals } from './indexed-db-types.ts';

export const entriesStore = 'entries';

/** How long (milliseconds) a database may keep us waiting, as it does while another tab holds up its deletion. */
const openWithinMs = 3_000;

/** Opens, and creates if need be, the database; rejects where it is forbidden, broken, or held up for longer than 3 s. */
const open = (name: string): Promise<Database> =>
  new Promise((resolve, reject) => {
    const request = globals().indexedDB?.open(name, 1);
    if (!request) return reject(new Error('There is no IndexedDB here.'));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new Error(`The database did not open within ${openWithinMs} ms.`));
    }, openWithinMs);
    request.onupgradeneeded = () => void request.result.createObjectStore(entriesStore);
    request.onsuccess = () => {
      clearTimeout(timer);
      if (late) request.result.close();
      else resolve(request.result);
    };
    request.onerror = () => {
      clearTimeout(timer);
      reject(request.error);
    };
  });

/** A database that is opened at its first use, and again at the next one after its connection broke or it was deleted. */
export interface IndexedDbConnection {
  /** `work` may run twice, on a connection each, if it rejects for another reason than what is written. */
  use<T>(work: (database: Database) => Promise<T>): Promise<T>;
  /** What runs on it still ends. */
  close(): void;
}

/** Faults of what is written and not of the connection. */
const isAboutContent = (error: unknown) =>
  ['QuotaExceededError', 'DataCloneError'].includes((error as Error | undefined)?.name ?? '');

export const createIndexedDbConnection = (name: string): IndexedDbConnection => {
  let opening: Promise<Database> | undefined;

  const connect = (): Promise<Database> => {
    const drop = () => {
      if (opening === mine) opening = undefined;
    };
    const mine = open(name).then(
      database => {
        database.onclose = drop;
        // Whoever deletes the database, or brings another version of it, waits until everybody has let go.
        database.onversionchange = () => {
          drop();
          database.close();
        };
        return database;
      },
      error => {
        drop();
        throw error;
      },
    );
    return mine;
  };

  return {
    async use(work) {
      opening ??= connect();
      const used = opening;
      const database = await used;
      try {
        return await work(database);
      } catch (error) {
        if (isAboutContent(error)) throw error;
        // Browsers close connections without a word, too; nothing but a new one tells whether the database works.
        if (opening === used) opening = undefined;
        database.close();
      }
      opening ??= connect();
      return work(await opening);
    },
    close() {
      opening?.then(
        database => database.close(),
        // Whoever used it was told.
        () => undefined,
      );
      opening = undefined;
    },
  };
};
