import { closedHere } from './errors.ts';
import type { ChatStorage, Stored } from './store.ts';

/** What is kept is nobody's object: neither the writer's nor a reader's. Throws on what cannot be cloned. */
export const copyOf: (value: Stored) => Stored =
  globalThis.structuredClone ?? ((value: Stored) => value && JSON.parse(JSON.stringify(value)));

/** Ascending as IndexedDB has it: by UTF-16 units, which is not how people of any country sort. */
export const inOrder = (entries: Iterable<[key: string, value: Stored]>): [key: string, value: Stored][] =>
  [...entries].sort(([a], [b]) => (a < b ? -1 : Number(a > b)));

/** A storage that is gone with this page, for devices without one and for tests. After `close` its calls reject with `closed`. */
export const createMemoryStorage = (): ChatStorage => {
  const entries = new Map<string, Stored>();
  let isClosed = false;

  return {
    kind: 'memory',
    async list(prefix) {
      if (isClosed) throw closedHere();
      const found = inOrder(entries).filter(([key]) => key.startsWith(prefix));
      return found.map(([key, value]) => [key, copyOf(value)]);
    },
    async get(key) {
      if (isClosed) throw closedHere();
      return copyOf(entries.get(key));
    },
    async write(changes) {
      if (isClosed) throw closedHere();
      // All copies first: one that cannot be made is to leave nothing written.
      for (const [key, value] of changes.map(([key, value]) => [key, copyOf(value)] as const)) {
        if (value === undefined) entries.delete(key);
        else entries.set(key, value);
      }
    },
    // Nobody else can write here.
    subscribe: () => () => undefined,
    close() {
      isClosed = true;
    },
  };
};
