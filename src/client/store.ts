/** JSON-like values; whoever reads them checks their shape, as another version of the library may have written them. */
export type Stored = unknown;

/**
 * Where a client keeps what must survive a reload. Keys are text, values are what structured cloning takes. An application may
 * give one of its own (React Native, a file); tabs of one browser share one.
 */
export interface ChatStorage {
  /** All entries whose key begins with `prefix`, ascending by key. */
  list(prefix: string): Promise<[key: string, value: Stored][]>;
  get(key: string): Promise<Stored>;
  /** All of it or nothing; durable when it resolves, as far as the device goes. `undefined` deletes. */
  write(changes: readonly (readonly [key: string, value: Stored])[]): Promise<void>;
  /** Told the keys that others (tabs) wrote; none where just `kind` changed. Returns how to stop. */
  subscribe(listener: (keys: string[]) => void): () => void;
  /** `memory`: what is written is gone with this page, as the device has no place for it or forbids it. */
  readonly kind: 'persistent' | 'memory';
  close(): void;
}
