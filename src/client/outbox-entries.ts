import { createObservable, type Observable } from './observable.ts';
import { type Entry, readEntry, storedEntry } from './outbox-entry.ts';
import type { ChatStorage, Stored } from './store.ts';

interface Held {
  /** Absent: dropped here, which the storage may not know yet. */
  entry?: Entry;
  /** Milliseconds since 1970 before which it is not sent again. */
  until: number;
  /** Changes of it on their way to the storage. */
  writing: number;
  /** The storage took the last of them; where it did not, what this tab holds is all there is. */
  stored: boolean;
}

const none: readonly Entry[] = [];

const inOrder = (a: Entry, b: Entry) => a.position - b.position || (a.client_id < b.client_id ? -1 : 1);

const isSame = (a: readonly Entry[], b: readonly Entry[]) =>
  a.length === b.length && a.every((entry, index) => entry === b[index]);

/**
 * The entries of one person: what this tab shows, and how it is kept and follows other tabs. What is asked of the storage is asked
 * in turn, so that a reading never brings back what was changed while it went on. A storage that fails is told to `onError`, and
 * what it did not take stays here.
 *
 * @param parts `onChange`: the storage has taken (or refused) a change, or told one of another tab
 */
export const createOutboxEntries = ({
  prefix,
  storage,
  onChange,
  onError,
}: {
  prefix: string;
  storage: ChatStorage;
  onChange: () => void;
  onError: (error: unknown) => void;
}) => {
  const held = new Map<string, Held>();
  const odd = new Set<string>();
  const aliases = new Map<string, string>();
  const shown = createObservable(none, onError);
  let lanes: ReadonlyMap<string, readonly Entry[]> = new Map();
  let tail: Promise<void> = Promise.resolve();
  let loaded = false;

  const inTurn = (work: () => Promise<void>) => {
    tail = tail.then(work).catch(onError);
    return tail;
  };

  const laneOf = (conversation_id: string) => aliases.get(conversation_id) ?? conversation_id;

  /** Lists that hold the same as before stay the same objects, so that a view of one conversation is not drawn for another's. */
  const show = (list: readonly Entry[]) => {
    const next = new Map<string, readonly Entry[]>();
    const open = new Map<string, Entry[]>();
    for (const entry of list) {
      const id = laneOf(entry.conversation_id);
      const lane = open.get(id);
      if (lane) lane.push(entry);
      else open.set(id, [entry]);
    }
    for (const [id, lane] of open) {
      const before = lanes.get(id);
      next.set(id, before && isSame(before, lane) ? before : lane);
    }
    lanes = next;
    shown.set(list);
  };

  const changed = () => {
    const list = [...held.values()].flatMap(({ entry }) => entry ?? []).sort(inOrder);
    if (!isSame(list, shown.get())) show(list);
  };

  const save = (id: string, one: Held) => {
    one.writing += 1;
    changed();
    void inTurn(async () => {
      const key = prefix + id;
      try {
        // Another tab may have dropped it a moment ago: writing would bring it back.
        if (one.entry && one.stored && (await storage.get(key)) === undefined) one.entry = undefined;
        else await storage.write([[key, one.entry && storedEntry(one.entry, one.until)]]);
        one.stored = true;
      } catch (error) {
        one.stored = false;
        onError(error);
      } finally {
        one.writing -= 1;
        if (one.stored && !one.entry && one.writing === 0) held.delete(id);
        changed();
        onChange();
      }
    });
  };

  /** What the storage has under a key. What this tab knows better stays. */
  const take = (key: string, value: Stored) => {
    const id = key.slice(prefix.length);
    const before = held.get(id);
    if (before && (before.writing > 0 || !before.stored)) return;
    const now = readEntry(id, value);
    if (!now) {
      held.delete(id);
      if (value === undefined || odd.has(key)) return;
      odd.add(key);
      onError(new Error(`What is stored as ${key} is no entry of this version's outbox; it is left out.`));
    } else if (before?.entry?.attempts !== now.entry?.attempts || before?.entry?.error?.code !== now.entry?.error?.code)
      held.set(id, { ...now, writing: 0, stored: true });
  };

  /** What was written before the storage was first read goes behind what is in there, whatever the clock did between. */
  const moveBehind = (last: number) => {
    const own = [...held.values()].filter(({ writing }) => writing > 0);
    const by = last + 1 - (own.find(({ entry }) => entry)?.entry?.position ?? Number.POSITIVE_INFINITY);
    for (const one of own) if (one.entry && by > 0) one.entry = { ...one.entry, position: one.entry.position + by };
  };

  /** Looks at everything anew; resolves when that is done or has failed. */
  const reload = () =>
    inTurn(async () => {
      const rows = new Map(await storage.list(prefix));
      for (const id of [...held.keys()]) if (!rows.has(prefix + id)) take(prefix + id, undefined);
      let last = 0;
      for (const [key, value] of rows) {
        take(key, value);
        last = Math.max(last, held.get(key.slice(prefix.length))?.entry?.position ?? 0);
      }
      if (!loaded) moveBehind(last);
      loaded = true;
      changed();
    });

  const unsubscribe = storage.subscribe(keys => {
    const ours = keys.filter(key => key.startsWith(prefix));
    if (ours.length === 0) return;
    void inTurn(async () => {
      for (const key of ours) take(key, await storage.get(key));
      changed();
      onChange();
    });
  });

  return {
    shown: shown as Observable<readonly Entry[]>,
    reload,
    laneOf,
    lanes: () => lanes,
    forConversation: (conversation_id: string) => lanes.get(laneOf(conversation_id)) ?? none,
    get: (client_id: string): Readonly<Held> | undefined => held.get(client_id),
    /** Resolves when the storage has answered all that was asked of it until now. */
    idle: () => tail,

    /** Two names of one conversation: one order for both. */
    alias(from: string, to: string) {
      if (from === to || aliases.get(from) === to) return;
      aliases.set(from, to);
      show([...shown.get()]);
    },

    add(entry: Entry) {
      const one = { entry, until: 0, writing: 0, stored: false };
      held.set(entry.client_id, one);
      save(entry.client_id, one);
    },

    /** Shows and keeps how an entry is now; that it is `sending` is only shown. */
    set(entry: Entry, until: number) {
      const one = held.get(entry.client_id);
      if (!one?.entry) return;
      one.entry = entry;
      one.until = until;
      if (entry.state === 'sending') changed();
      else save(entry.client_id, one);
    },

    /** Shows it no more, at once. */
    drop(client_id: string) {
      const one = held.get(client_id);
      if (!one?.entry) return;
      one.entry = undefined;
      save(client_id, one);
    },

    /** Nothing waits any longer. */
    hurry() {
      for (const one of held.values()) one.until = 0;
    },

    unsubscribe,
  };
};
