import { openIndexedDbStorage } from './indexed-db.ts';
import { globals } from './indexed-db-types.ts';
import { createListeners } from './listeners.ts';
import { closed, copyOf, createMemoryStorage, inOrder } from './memory-storage.ts';
import type { ChatStorage, Stored } from './store.ts';

const notKept = (cause: unknown) =>
  new Error('This device does not keep what is written: it is gone with this page.', { cause });
const notRead = (cause: unknown) => new Error('What this device keeps cannot be read.', { cause });

interface Unsaved {
  value: Stored;
}

/** What `disk` refuses is kept on top of it, seen by whoever reads, and brought along by the next write that it takes. */
const withMemory = (disk: ChatStorage, onTrouble: (error: Error) => void): ChatStorage => {
  /** What the disk has not confirmed: `fresh` was not tried yet, `refused` was. A key is in one of them. */
  const fresh = new Map<string, Unsaved>();
  const refused = new Map<string, Unsaved>();
  let turn = Promise.resolve();
  let inTrouble = false;
  let isClosed = false;
  const heard = createListeners<string[]>(onTrouble as (error: unknown) => void);
  const stop = disk.subscribe(heard.tell);

  const tell = (error: Error) => {
    if (inTrouble) return;
    inTrouble = true;
    heard.tell([]);
    onTrouble(error);
  };

  const isOver = () => {
    if (!inTrouble || fresh.size + refused.size > 0) return;
    inTrouble = false;
    heard.tell([]);
  };

  const save = async (entries: Map<string, Unsaved>): Promise<boolean> => {
    const batch = [...entries];
    if (batch.length === 0) return true;
    const settle = (isSaved: boolean) => {
      for (const [key, held] of batch) {
        // Unless it was written anew meanwhile.
        if (entries.get(key) !== held) continue;
        entries.delete(key);
        if (!isSaved) refused.set(key, held);
      }
    };
    try {
      await disk.write(batch.map(([key, { value }]) => [key, value]));
      settle(true);
      return true;
    } catch (error) {
      settle(false);
      tell(notKept(error));
      return false;
    }
  };

  /** One at a time, or an older value could reach the disk after a newer one. */
  const saveAll = async () => {
    // Nothing, if the write before this one has taken it along.
    if (fresh.size === 0) return;
    // By itself first: it may fit, or make room, where what was refused before does not fit.
    if ((await save(fresh)) && (await save(refused))) isOver();
  };

  const read = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      const found = await work();
      isOver();
      return found;
    } catch (error) {
      if (isClosed) throw closed();
      const failure = notRead(error);
      tell(failure);
      throw failure;
    }
  };

  return {
    get kind() {
      return inTrouble ? 'memory' : 'persistent';
    },
    async list(prefix) {
      if (isClosed) throw closed();
      const found = new Map(await read(() => disk.list(prefix)));
      for (const [key, { value }] of [...fresh, ...refused]) {
        if (!key.startsWith(prefix)) continue;
        if (value === undefined) found.delete(key);
        else found.set(key, copyOf(value));
      }
      return inOrder(found);
    },
    async get(key) {
      if (isClosed) throw closed();
      const kept = () => fresh.get(key) ?? refused.get(key);
      const found = kept() ?? { value: await read(() => disk.get(key)) };
      return copyOf((kept() ?? found).value);
    },
    async write(changes) {
      if (isClosed) throw closed();
      // All copies first: one that cannot be made is to leave nothing written.
      for (const [key, value] of changes.map(([key, value]) => [key, copyOf(value)] as const)) {
        refused.delete(key);
        fresh.set(key, { value });
      }
      const saved = turn.then(saveAll);
      // What `onTrouble` throws is told to who wrote, and stops nobody else.
      turn = saved.catch(() => undefined);
      return saved;
    },
    subscribe: heard.subscribe,
    close() {
      if (isClosed) return;
      isClosed = true;
      stop();
      // The last chance of what only this page has.
      void turn.then(() => save(refused)).then(disk.close, disk.close);
    },
  };
};

/**
 * The storage of this device. IndexedDB where it works; memory (`kind` says so) where there is none, or it is forbidden, broken or
 * held up for longer than 3 s: `onTrouble` is told why, unless there just is none.
 * A write that the device refuses later resolves all the same: it is kept in memory on top of what is stored, and every later
 * write tries to bring it along. `onTrouble` is told once until all is stored again, and `kind` is `memory` for so long.
 * A read that the device refuses rejects, as nobody knows what is there, except for a `get` of what is only in memory.
 */
export const openStorage = async ({
  name,
  onTrouble,
}: {
  name: string;
  onTrouble: (error: Error) => void;
}): Promise<ChatStorage> => {
  try {
    if (!globals().indexedDB) return createMemoryStorage();
    const disk = await openIndexedDbStorage({ name, onTrouble });
    return withMemory(disk, onTrouble);
  } catch (error) {
    onTrouble(notKept(error));
    return createMemoryStorage();
  }
};
