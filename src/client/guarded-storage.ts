import { closedHere } from './errors.ts';
import { createListeners } from './listeners.ts';
import { copyOf, inOrder } from './memory-storage.ts';
import type { ChatStorage, Stored } from './store.ts';

export const notKept = (cause: unknown) =>
  new Error('This device does not keep what is written: it is gone with this page.', { cause });
const notRead = (cause: unknown) => new Error('What this device keeps cannot be read.', { cause });

/** Milliseconds that a storage has for one call. */
const answerWithinMs = 5_000;

interface Unsaved {
  value: Stored;
}

/**
 * A storage on which everybody can rely, whatever `disk` does. A write that it refuses resolves all the same: it is kept in memory on
 * top of what is stored, and every later write tries to bring it along. `onTrouble` is told once until all is stored again, and `kind`
 * is `memory` for so long. A read that it refuses rejects, as nobody knows what is there, except for a `get` of what is only in memory.
 * What it has not answered within 5 s, or throws, counts as refused; it is not asked the same kind of thing again until it did answer.
 *
 * @param isOwn it is closed with this one, and nothing can be written after that
 */
export const guardStorage = (
  disk: ChatStorage,
  { onTrouble, isOwn }: { onTrouble: (error: Error) => void; isOwn: boolean },
): ChatStorage => {
  /** What the disk has not confirmed: `fresh` was not tried yet, `refused` was. A key is in one of them. */
  const fresh = new Map<string, Unsaved>();
  const refused = new Map<string, Unsaved>();
  /** Kinds of calls of which one has not been answered in time. */
  const hung = new Set<string>();
  let turn = Promise.resolve();
  let inTrouble = false;
  let isClosed = false;
  const heard = createListeners<string[]>(onTrouble as (error: unknown) => void);
  let stop: (() => void) | undefined;
  try {
    stop = disk.subscribe(heard.tell);
  } catch (error) {
    onTrouble(error as Error);
  }

  const tell = (error: Error) => {
    if (inTrouble) return;
    inTrouble = true;
    heard.tell([]);
    onTrouble(error);
  };

  const isOver = () => {
    if (!inTrouble || fresh.size + refused.size + hung.size > 0) return;
    inTrouble = false;
    heard.tell([]);
  };

  const ask = <T>(kind: 'get' | 'list' | 'write', work: () => Promise<T>) =>
    new Promise<T>((resolve, reject) => {
      const late = () => reject(new Error(`The storage does not answer ${kind}.`));
      if (hung.has(kind)) return late();
      const timer = setTimeout(() => {
        hung.add(kind);
        late();
      }, answerWithinMs);
      const answered = () => {
        clearTimeout(timer);
        // At last: what it has missed since is brought along.
        if (hung.delete(kind)) void inTurn(saveAll);
      };
      // What is thrown at once is refused like anything else.
      const asked = (async () => work())();
      asked.then(resolve, reject);
      asked.then(answered, answered);
    });

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
      await ask('write', () => disk.write(batch.map(([key, { value }]) => [key, value])));
      settle(true);
      return true;
    } catch (error) {
      settle(false);
      tell(notKept(error));
      return false;
    }
  };

  /** By itself first: what is fresh may fit, or make room, where what was refused before does not fit. */
  const saveAll = async () => {
    if ((await save(fresh)) && (await save(refused))) isOver();
  };

  /** One at a time, or an older value could reach the disk after a newer one. */
  const inTurn = (work: () => Promise<unknown> | undefined) => {
    const done = turn.then(work).then(() => undefined);
    // What `onTrouble` throws is told to who wrote, and stops nobody else.
    turn = done.catch(() => undefined);
    return done;
  };

  const read = async <T>(kind: 'get' | 'list', work: () => Promise<T>): Promise<T> => {
    try {
      const found = await ask(kind, work);
      isOver();
      return found;
    } catch (error) {
      if (isClosed) throw closedHere();
      const failure = notRead(error);
      tell(failure);
      throw failure;
    }
  };

  return {
    get kind() {
      return inTrouble ? 'memory' : disk.kind;
    },
    async list(prefix) {
      if (isClosed) throw closedHere();
      // What is taken while the disk looks it may not have seen.
      const before = [...fresh, ...refused];
      const found = new Map(await read('list', () => disk.list(prefix)));
      for (const [key, { value }] of [...before, ...fresh, ...refused]) {
        if (!key.startsWith(prefix)) continue;
        if (value === undefined) found.delete(key);
        else found.set(key, copyOf(value));
      }
      return inOrder(found);
    },
    async get(key) {
      if (isClosed) throw closedHere();
      const kept = () => fresh.get(key) ?? refused.get(key);
      const found = kept() ?? { value: await read('get', () => disk.get(key)) };
      return copyOf((kept() ?? found).value) ?? undefined;
    },
    async write(changes) {
      if (isClosed) throw closedHere();
      // All copies first: one that cannot be made is to leave nothing written.
      for (const [key, value] of changes.map(([key, value]) => [key, copyOf(value)] as const)) {
        refused.delete(key);
        fresh.set(key, { value });
      }
      // Nothing, if the write before this one has taken it along.
      return inTurn(() => (fresh.size > 0 ? saveAll() : undefined));
    },
    subscribe: heard.subscribe,
    close() {
      if (isClosed) return;
      isClosed = isOwn;
      stop?.();
      const end = () => isOwn && disk.close();
      // The last chance of what only this page has.
      void inTurn(() => save(refused)).then(end, end);
    },
  };
};
