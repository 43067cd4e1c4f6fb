/** JSON-like values; whoever reads them checks their shape, as another version of the library may have written them. */
export type Stored = unknown;

/**
 * Where a client keeps what must survive a reload. Keys are text, values are what structured cloning takes, and neither `undefined` nor
 * `null`. An application may give one of its own (React Native, a file); tabs of one browser share one.
 * A call that rejects, throws or takes longer than 5 s counts as refused: the client goes on in memory, and says so by its `storage` and
 * `onError`, until a later write is taken.
 */
export interface ChatStorage {
  /** All entries whose key begins with `prefix`, ascending by key. */
  list(prefix: string): Promise<[key: string, value: Stored][]>;
  /** `undefined`, or `null`, where there is none. */
  get(key: string): Promise<Stored>;
  /** All of it or nothing; durable when it resolves, as far as the device goes. `undefined` deletes. Writes count in the order of the calls. */
  write(changes: readonly (readonly [key: string, value: Stored])[]): Promise<void>;
  /** Told the keys that others (tabs) wrote; none where just `kind` changed. Several may listen at once. Returns how to stop. */
  subscribe(listener: (keys: string[]) => void): () => void;
  /** `memory`: what is written is gone with this page, as the device has no place for it or forbids it. */
  readonly kind: 'persistent' | 'memory';
  close(): void;
}
