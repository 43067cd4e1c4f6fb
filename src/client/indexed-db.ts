import { closedHere } from './errors.ts';
import { createIndexedDbConnection, entriesStore } from './indexed-db-connection.ts';
import { type Database, globals, type ObjectStore } from './indexed-db-types.ts';
import { createListeners } from './listeners.ts';
import { copyOf } from './memory-storage.ts';
import type { ChatStorage, Stored } from './store.ts';

const last = '\uffff';

/** All keys that begin with `prefix`: those below the next text of its length, if there is one. */
const rangeOf = (prefix: string): unknown => {
  const { IDBKeyRange } = globals();
  let end = prefix.length;
  while (end > 0 && prefix[end - 1] === last) end--;
  if (end === 0) return IDBKeyRange.lowerBound(prefix);
  const upper = prefix.slice(0, end - 1) + String.fromCharCode(prefix.charCodeAt(end - 1) + 1);
  return IDBKeyRange.bound(prefix, upper, false, true);
};

const brokenOff = () => new Error('The database broke off.');

/** What `ask` answers once all of its requests have succeeded. */
const read = <T>(database: Database, ask: (store: ObjectStore) => () => T) =>
  new Promise<T>((resolve, reject) => {
    const transaction = database.transaction(entriesStore, 'readonly');
    const answer = ask(transaction.objectStore(entriesStore));
    transaction.oncomplete = () => resolve(answer());
    transaction.onabort = () => reject(transaction.error ?? brokenOff());
  });

const list = (database: Database, prefix: string) =>
  read(database, store => {
    const [keys, values] = [store.getAllKeys(rangeOf(prefix)), store.getAll(rangeOf(prefix))];
    return () => keys.result.map((key, index): [key: string, value: Stored] => [key, values.result[index]]);
  });

const get = (database: Database, key: string) =>
  read<Stored>(database, store => {
    const request = store.get(key);
    return () => request.result;
  });

const write = (database: Database, changes: readonly (readonly [key: string, value: Stored])[]) =>
  new Promise<void>((resolve, reject) => {
    const transaction = database.transaction(entriesStore, 'readwrite', { durability: 'strict' });
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? brokenOff());
    const store = transaction.objectStore(entriesStore);
    try {
      for (const [key, value] of changes) {
        if (value === undefined) store.delete(key);
        else store.put(value, key);
      }
      // Rather than when all has been answered: a page that goes hears no answers any more.
      transaction.commit?.();
    } catch (error) {
      // First, as what was put before would be committed otherwise.
      reject(error);
      transaction.abort();
    }
  });

/**
 * A storage in this browser's IndexedDB, shared by all tabs of the origin that give the same `name`; rejects where there is none,
 * or within 3 s where it does not open. Its calls reject if the database refuses them, and with `closed` after `close`.
 * A storage hears of the writes of all others of its name. `onTrouble`: what a subscriber threw, which is nobody else's.
 */
export const openIndexedDbStorage = async ({
  name,
  onTrouble,
}: {
  name: string;
  onTrouble: (error: Error) => void;
}): Promise<ChatStorage> => {
  const connection = createIndexedDbConnection(name);
  await connection.use(database => get(database, ''));

  const { BroadcastChannel } = globals();
  const channel = BroadcastChannel && new BroadcastChannel(`${name} writes`);
  const heard = createListeners<string[]>(cause => onTrouble(new Error('Who hears of writes failed.', { cause })));
  let isClosed = false;
  let running = 0;

  if (channel) {
    channel.onmessage = ({ data }) => {
      const keys = Array.isArray(data) ? data.filter(key => typeof key === 'string') : [];
      if (keys.length > 0) heard.tell(keys);
    };
  }

  const end = () => {
    channel?.close();
    connection.close();
  };

  /** What began before `close` ends as if nothing were, and others hear of it. */
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isClosed) throw closedHere();
    running++;
    try {
      return await work();
    } finally {
      running--;
      if (isClosed && running === 0) end();
    }
  };

  return {
    kind: 'persistent',
    list: prefix => run(() => connection.use(database => list(database, prefix))),
    get: key => run(() => connection.use(database => get(database, key))),
    write: changes =>
      run(async () => {
        if (changes.length === 0) return;
        // Copies, as the caller goes on before the database has taken the values.
        const own = changes.map(([key, value]) => [key, copyOf(value)] as const);
        await connection.use(database => write(database, own));
        channel?.postMessage([...new Set(own.map(([key]) => key))]);
      }),
    subscribe: heard.subscribe,
    close() {
      if (isClosed) return;
      isClosed = true;
      heard.clear();
      if (running === 0) end();
    },
  };
};
