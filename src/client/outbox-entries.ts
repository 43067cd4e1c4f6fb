import { createComputed, type Observable } from './observable.ts';
import { type Entry, type Pause, readEntry, storedEntry } from './outbox-entry.ts';
import type { ChatStorage, Stored } from './store.ts';

export interface Held {
  /** Absent: dropped here, which the storage may not know yet. */
  entry: Entry | undefined;
  /** It is not sent again before that is over. */
  pause: Pause | undefined;
  /** How often the connection was cut while it was on its way. */
  cuts: number;
  /** Changes of it on their way to the storage. */
  writing: number;
  /** The storage took the last of them; where it did not, what this tab holds is all there is. */
  stored: boolean;
}

/** Those of one conversation, in their order. */
interface Lane {
  readonly all: Held[];
  /** What is shown of it, where somebody asked. */
  list: readonly Entry[] | undefined;
}

const none: readonly Entry[] = [];

const byPosition = (a: Entry, b: Entry) => a.position - b.position || (a.client_id < b.client_id ? -1 : 1);
/** Nothing without an entry is in a lane. */
const entryOf = ({ entry }: Held) => entry as Entry;
/** Also of what is none. */
const positionOf = (value: Stored) => (value as Entry | null)?.position ?? 0;

/**
 * The entries of one person: what this tab shows, and how it is kept and follows other tabs. What is asked of the storage is asked
 * in turn, so that a reading never brings back what was changed while it went on; what waits to be written goes in one write. A
 * storage that fails is told to `onError`, and what it did not take stays here.
 *
 * @param parts `ready`: the storage is not asked before. `onChange`: the storage has taken (or refused) a change, or told one of another tab
 */
export const createOutboxEntries = ({
  prefix,
  storage,
  ready,
  onChange,
  onError,
}: {
  prefix: string;
  storage: ChatStorage;
  ready: Promise<void>;
  onChange: () => void;
  onError: (error: unknown) => void;
}) => {
  const held = new Map<string, Held>();
  const lanes = new Map<string, Lane>();
  const odd = new Set<string>();
  const aliases = new Map<string, string>();
  let unsaved = new Map<string, Held>();
  let tail = ready;
  let loaded = false;
  let last = 0;

  const inTurn = (work: () => Promise<void>) => {
    tail = tail.then(work).catch(onError);
    return tail;
  };

  const laneOf = (conversation_id: string) => aliases.get(conversation_id) ?? conversation_id;

  const listOf = (lane: Lane) => {
    lane.list ??= lane.all.map(entryOf);
    return lane.list;
  };
  const shown = createComputed<readonly Entry[]>(() => [...lanes.values()].flatMap(listOf).sort(byPosition), onError);

  const place = (one: Held) => {
    const entry = entryOf(one);
    const id = laneOf(entry.conversation_id);
    const lane = lanes.get(id) ?? { all: [], list: undefined };
    let index = lane.all.length;
    // Nearly always it is the last.
    while (index > 0 && byPosition(entryOf(lane.all[index - 1] as Held), entry) > 0) index -= 1;
    lane.all.splice(index, 0, one);
    lane.list = undefined;
    lanes.set(id, lane);
    last = Math.max(last, entry.position);
    shown.invalidate();
  };

  /** How it is shown from now on; no more, where there is no entry. */
  const change = (one: Held, entry: Entry | undefined) => {
    const id = laneOf(entryOf(one).conversation_id);
    const lane = lanes.get(id) as Lane;
    one.entry = entry;
    lane.list = undefined;
    if (!entry) lane.all.splice(lane.all.indexOf(one), 1);
    if (lane.all.length === 0) lanes.delete(id);
    shown.invalidate();
  };

  const write = async () => {
    const batch = [...unsaved];
    unsaved = new Map();
    let stored = true;
    try {
      // Another tab may have dropped it a moment ago: writing would bring it back.
      const look = async ([id, one]: [string, Held]) => {
        if (one.entry && one.stored && (await storage.get(prefix + id)) === undefined && one.entry)
          change(one, undefined);
      };
      await Promise.all(batch.map(look));
      await storage.write(batch.map(([id, one]) => [prefix + id, one.entry && storedEntry(one.entry, one.pause)]));
    } catch (error) {
      stored = false;
      onError(error);
    }
    for (const [id, one] of batch) {
      one.writing -= 1;
      one.stored = stored;
      if (stored && !one.entry && one.writing === 0 && held.get(id) === one) held.delete(id);
    }
    onChange();
  };

  const save = (id: string, one: Held) => {
    if (unsaved.get(id) === one) return;
    if (unsaved.size === 0) void inTurn(write);
    unsaved.set(id, one);
    one.writing += 1;
  };

  /** What the storage has under a key. What this tab knows better stays. */
  const take = (key: string, value: Stored) => {
    const id = key.slice(prefix.length);
    const before = held.get(id);
    if (before && (before.writing > 0 || !before.stored)) return;
    const now = readEntry(id, value);
    if (!now) {
      held.delete(id);
      if (before?.entry) change(before, undefined);
      if (value === undefined || odd.has(key)) return;
      odd.add(key);
      onError(new Error(`What is stored as ${key} is no entry of this version's outbox; it is left out.`));
    } else if (!before?.entry) {
      const one = { ...now, cuts: 0, writing: 0, stored: true };
      held.set(id, one);
      place(one);
    } else if (before.entry.attempts !== now.entry.attempts || before.entry.error?.code !== now.entry.error?.code) {
      change(before, now.entry);
      before.pause = now.pause;
    }
  };

  /** What was written before the storage was first read goes behind what is in there, whatever the clock did between. */
  const moveBehind = (position: number) => {
    const own = [...held.values()].filter(({ entry, writing }) => entry && writing > 0);
    const by = position + 1 - (own[0]?.entry?.position ?? Number.POSITIVE_INFINITY);
    if (by <= 0) return;
    for (const one of own) {
      const entry = entryOf(one);
      change(one, undefined);
      one.entry = { ...entry, position: entry.position + by };
      place(one);
    }
  };

  /** Looks at everything anew; resolves when that is done or has failed. */
  const reload = () =>
    inTurn(async () => {
      const list = await storage.list(prefix);
      const rows = new Map(list.sort(([, a], [, b]) => positionOf(a) - positionOf(b)));
      for (const id of [...held.keys()]) if (!rows.has(prefix + id)) take(prefix + id, undefined);
      let behind = 0;
      for (const [key, value] of rows) {
        take(key, value);
        behind = Math.max(behind, held.get(key.slice(prefix.length))?.entry?.position ?? 0);
      }
      if (!loaded) moveBehind(behind);
      loaded = true;
    });

  const unsubscribe = storage.subscribe(keys => {
    const ours = keys.filter(key => key.startsWith(prefix));
    if (ours.length === 0) return;
    void inTurn(async () => {
      for (const key of ours) take(key, await storage.get(key));
      onChange();
    });
  });

  return {
    shown: shown as Observable<readonly Entry[]>,
    reload,
    laneOf,
    forConversation(conversation_id: string) {
      const lane = lanes.get(laneOf(conversation_id));
      return lane ? listOf(lane) : none;
    },
    get: (client_id: string): Held | undefined => held.get(client_id),
    /** Of the last there was. */
    lastPosition: () => last,
    /** Resolves when the storage has answered all that was asked of it until now. */
    idle: () => tail,

    /** The first of each conversation that has not failed, by the conversation. */
    *heads(): Generator<[conversation_id: string, one: Held]> {
      for (const [id, lane] of lanes) {
        const one = lane.all.find(({ entry }) => entry?.state !== 'failed');
        if (one) yield [id, one];
      }
    },

    /** Two names of one conversation: one order for both. */
    alias(from: string, to: string) {
      if (from === to || aliases.get(from) === to) return;
      aliases.set(from, to);
      const moved = lanes.get(from)?.all ?? [];
      lanes.delete(from);
      for (const one of moved) place(one);
    },

    add(entry: Entry) {
      const one = { entry, pause: undefined, cuts: 0, writing: 0, stored: false };
      held.set(entry.client_id, one);
      place(one);
      save(entry.client_id, one);
    },

    /** Shows and keeps how an entry is now; that it is `sending` is only shown. */
    set(entry: Entry, pause?: Pause) {
      const one = held.get(entry.client_id);
      if (!one?.entry) return;
      change(one, entry);
      one.pause = pause;
      if (entry.state !== 'sending') save(entry.client_id, one);
    },

    /** Shows it no more, at once. */
    drop(client_id: string) {
      const one = held.get(client_id);
      if (!one?.entry) return;
      change(one, undefined);
      save(client_id, one);
    },

    all: () => held.values(),

    unsubscribe,
  };
};
