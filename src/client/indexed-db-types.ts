import type { Stored } from './store.ts';

/** The few parts of the browser's database that the storage uses, as the library is compiled without the DOM's types. */
export interface Request<T> {
  readonly result: T;
  readonly error: Error | null;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}

export interface OpenRequest extends Request<Database> {
  onupgradeneeded: (() => void) | null;
}

export interface Database {
  createObjectStore(name: string): unknown;
  transaction(store: string, mode: 'readonly' | 'readwrite', options?: { durability: 'strict' }): Transaction;
  close(): void;
  onversionchange: (() => void) | null;
  onclose: (() => void) | null;
}

export interface Transaction {
  objectStore(name: string): ObjectStore;
  commit?(): void;
  abort(): void;
  readonly error: Error | null;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
}

export interface ObjectStore {
  get(key: string): Request<Stored>;
  getAll(range: unknown): Request<Stored[]>;
  getAllKeys(range: unknown): Request<string[]>;
  put(value: Stored, key: string): unknown;
  delete(key: string): unknown;
}

export interface Channel {
  postMessage(keys: string[]): void;
  close(): void;
  onmessage: ((event: { data: unknown }) => void) | null;
}

/** What of it this JavaScript has; reading `indexedDB` may throw where it is forbidden. */
export interface Globals {
  readonly indexedDB?: { open(name: string, version: number): OpenRequest };
  readonly IDBKeyRange: {
    bound(lower: string, upper: string, lowerOpen: boolean, upperOpen: boolean): unknown;
    lowerBound(lower: string): unknown;
  };
  readonly BroadcastChannel?: new (name: string) => Channel;
}

export const globals = () => globalThis as unknown as Globals;
