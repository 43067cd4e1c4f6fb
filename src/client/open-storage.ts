import { guardStorage, notKept } from './guarded-storage.ts';
import { openIndexedDbStorage } from './indexed-db.ts';
import { globals } from './indexed-db-types.ts';
import { createMemoryStorage } from './memory-storage.ts';
import type { ChatStorage } from './store.ts';

/**
 * The storage of this device, guarded. IndexedDB where it works; memory (`kind` says so) where there is none, or it is forbidden,
 * broken or held up for longer than 3 s: `onTrouble` is told why, unless there just is none.
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
    return guardStorage(await openIndexedDbStorage({ name, onTrouble }), { onTrouble, isOwn: true });
  } catch (error) {
    onTrouble(notKept(error));
    return createMemoryStorage();
  }
};
