import { addressOf } from '../../src/client/address.ts';
import { type ConnectionState, createConnection } from '../../src/client/connection.ts';
import type { Signal } from '../../src/client/incoming.ts';
import { createRest, type Fetch } from '../../src/client/rest.ts';
import { createSession, type Ending, type Locks } from '../../src/client/session.ts';
import type { ChatStorage, Stored } from '../../src/client/store.ts';
import type { LogEvent } from '../../src/protocol/index.ts';

/** What the tabs of one browser share: a storage for each, and locks among all. */
export const createBrowser = () => {
  const entries = new Map<string, Stored>();
  const tabs = new Map<object, Set<(keys: string[]) => void>>();
  const queues = new Map<string, Promise<unknown>>();

  const locks: Locks = {
    alone(name, work) {
      const run = (queues.get(name) ?? Promise.resolve()).then(work, work);
      queues.set(
        name,
        run.catch(() => undefined),
      );
      return run;
    },
  };

  const storage = (): ChatStorage => {
    const me = {};
    const listeners = new Set<(keys: string[]) => void>();
    tabs.set(me, listeners);
    return {
      kind: 'persistent',
      list: async prefix => [...entries].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1)),
      get: async key => structuredClone(entries.get(key)),
      async write(changes) {
        for (const [key, value] of structuredClone(changes))
          if (value === undefined) entries.delete(key);
          else entries.set(key, value);
        for (const [tab, told] of tabs)
          if (tab !== me) for (const listener of told) queueMicrotask(() => listener(changes.map(([key]) => key)));
      },
      subscribe(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      close: () => void tabs.delete(me),
    };
  };
  return { entries, locks, storage };
};

export type Browser = ReturnType<typeof createBrowser>;

/** A client's session, with what it was told. */
export const openTab = (
  url: string,
  browser: Browser = createBrowser(),
  parts: { fetch?: Fetch; locks?: Locks; storage?: ChatStorage; timeoutMs?: number } = {},
) => {
  const errors: unknown[] = [];
  const endings: Ending[] = [];
  const session = createSession({
    rest: createRest({ api: addressOf(url).api, fetch: parts.fetch, timeoutMs: parts.timeoutMs }),
    storage: parts.storage ?? browser.storage(),
    locks: parts.locks ?? browser.locks,
    clock: Date,
    onError: error => void errors.push(error),
  });
  session.onEnded(reason => void endings.push(reason));
  return { session, errors, endings };
};

/** The live connection of a tab, with what it heard. */
export const openConnection = (url: string, tab: ReturnType<typeof openTab>) => {
  const events: LogEvent[] = [];
  const signals: { name: Signal; payload: unknown }[] = [];
  const states: string[] = [];
  /** Each time that a try failed: a wait may be over before anybody looks. */
  const waits: ConnectionState[] = [];
  const heard = { connected: 0, inbox: 0 };
  const connection = createConnection({
    address: addressOf(url),
    session: tab.session,
    onLogEvents: batch => void events.push(...batch),
    onSignal: (name, payload) => void signals.push({ name, payload }),
    onConnected: () => void heard.connected++,
    onInboxConnected: () => void heard.inbox++,
    onError: error => void tab.errors.push(error),
  });
  connection.state.subscribe(() => {
    const state = connection.state.get();
    states.push(state.status);
    if (state.status === 'waiting') waits.push(state);
  });
  return { connection, events, signals, states, waits, heard };
};

/** Counts and may spoil what is fetched. */
export const spied = (spoil: (url: string, nth: number) => 'away' | 'lost' | 'late' | undefined = () => undefined) => {
  const urls: string[] = [];
  const fetch: Fetch = async (url, init) => {
    urls.push(url);
    const fate = spoil(url, urls.filter(other => other === url).length);
    if (fate === 'away') throw new TypeError('fetch failed');
    const response = await globalThis.fetch(url, init);
    if (fate === 'lost') throw new TypeError('fetch failed');
    if (fate === 'late') await new Promise((_, reject) => init.signal.addEventListener('abort', reject));
    return response;
  };
  return { fetch, refreshes: () => urls.filter(url => url.endsWith('/refresh-token')).length };
};
