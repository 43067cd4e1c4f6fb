import type { Conversations, Snapshot } from './conversations.ts';
import { isRecord } from './rest.ts';
import type { ChatStorage } from './store.ts';

export interface Snapshots {
  /** Puts what was kept into the conversations. Resolves with the membership version that it belongs to. Never rejects. */
  load(): Promise<number | undefined>;
  /** Something of this conversation changed: it is written down a moment later. */
  touch(conversation_id: string): void;
  /** The list is complete as of this membership version. */
  setSince(since: number): void;
  /** Writes what is waiting now. Never rejects. */
  save(): Promise<void>;
  /** Deletes all of it, as whoever signed out leaves nothing to read. */
  forget(): Promise<void>;
  /** Writes what is waiting. */
  close(): Promise<void>;
}

const version = 1;
const delayMs = 1_000;
/** Messages kept of a conversation, and conversations of which any are kept: the last spoken in. */
const keptMessages = 50;
const keptWindows = 50;

export const createSnapshots = ({
  user_id,
  storage,
  conversations,
  before,
  onError,
}: {
  user_id: string;
  storage: ChatStorage;
  conversations: Pick<Conversations, 'get' | 'list' | 'put'>;
  /** Resolves when what must be stored first is, as far as there is any by now. */
  before: () => Promise<void>;
  onError: (error: unknown) => void;
}): Snapshots => {
  const prefix = `copy:${user_id}:`;
  const sinceKey = `since:${user_id}`;
  const touched = new Set<string>();
  let since: number | undefined;
  let sinceTouched = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  let writing = Promise.resolve();

  const snapshotOf = (id: string, withMessages: boolean): (Snapshot & { v: number }) | undefined => {
    const held = conversations.get(id);
    if (!held) return undefined;
    const window = withMessages ? held.log.window() : undefined;
    const messages = window?.messages.slice(-keptMessages) ?? [];
    return {
      v: version,
      summary: held.summary,
      cursor: held.log.cursor(),
      // What ends before the newest message would be a hole at the next start.
      ...(window &&
        !window.hasNewer && {
          window: { messages, hasOlder: window.hasOlder || messages.length < window.messages.length, hasNewer: false },
        }),
    };
  };

  const save = () => {
    clearTimeout(timer);
    timer = undefined;
    const recent = new Set(
      conversations.list
        .get()
        .slice(0, keptWindows)
        .map(({ id }) => id),
    );
    const changes = [...touched].map(id => [prefix + id, snapshotOf(id, recent.has(id))] as const);
    touched.clear();
    // In one write with what it belongs to: never a version without its conversations.
    const ids = conversations.list.get().map(({ id }) => id);
    const all = sinceTouched ? [...changes, [sinceKey, { since, ids }] as const] : changes;
    sinceTouched = false;
    if (all.length === 0) return writing;
    // Never durable before the answers to what it counts as told: after a crash that would not be told again.
    const first = before();
    writing = writing
      .then(() => first)
      .then(() => storage.write(all))
      .catch(onError);
    return writing;
  };

  /** A page that goes may go for good: what would be written in a moment is written now. */
  const onHide = () => {
    if (timer !== undefined) void save();
  };
  const page = globalThis as {
    addEventListener?(name: string, listener: () => void): void;
    removeEventListener?(name: string, listener: () => void): void;
  };
  page.addEventListener?.('pagehide', onHide);
  const end = () => {
    over = true;
    clearTimeout(timer);
    page.removeEventListener?.('pagehide', onHide);
  };

  const soon = () => {
    if (!over) timer ??= setTimeout(() => void save(), delayMs);
  };

  return {
    async load() {
      try {
        const [entries, kept] = await Promise.all([storage.list(prefix), storage.get(sinceKey)]);
        for (const [, value] of entries) if (isSnapshot(value)) conversations.put(value);
        if (entries.length === 0 || !isRecord(kept) || !Array.isArray(kept['ids'])) return undefined;
        // Another tab, that knew less, may have deleted what this version counts as told: then all is asked anew.
        const isWhole = kept['ids'].every(id => conversations.get(id));
        return isWhole && Number.isSafeInteger(kept['since']) ? (kept['since'] as number) : undefined;
      } catch (error) {
        onError(error);
        return undefined;
      }
    },
    touch(id) {
      touched.add(id);
      soon();
    },
    save,
    setSince(next) {
      if (next === since) return;
      since = next;
      sinceTouched = true;
      soon();
    },
    async forget() {
      end();
      touched.clear();
      await writing;
      const entries = await storage.list(prefix);
      await storage.write([[sinceKey, undefined], ...entries.map(([key]) => [key, undefined] as const)]);
    },
    async close() {
      end();
      await save();
    },
  };
};

/** Another version of this library, or anybody, may have written it. */
const isSnapshot = (value: unknown): value is Snapshot => {
  if (!isRecord(value) || value['v'] !== version) return false;
  const { summary, cursor, window } = value;
  return (
    isRecord(summary) &&
    typeof summary['id'] === 'string' &&
    isRecord(cursor) &&
    typeof cursor['epoch'] === 'string' &&
    Number.isSafeInteger(cursor['seq']) &&
    (window === undefined || (isRecord(window) && Array.isArray(window['messages'])))
  );
};
