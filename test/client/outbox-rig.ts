import { vi } from 'vitest';
import { createOutbox, type Entry } from '../../src/client/outbox.ts';
import type { ChatStorage, Stored } from '../../src/client/store.ts';
import type { Message } from '../../src/protocol/index.ts';

/** The same numbers for the same seed, from 0 up to 1. */
export const seeded = (seed: number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

export interface Send {
  tab: string;
  entry: Entry;
  answer(message?: Partial<Message>): void;
  refuse(error: unknown): void;
  open: boolean;
}

/** A place that several tabs share: its storage and its locks outlive each of them. */
export const createDevice = () => {
  const rows = new Map<string, Stored>();
  const listeners = new Map<object, (keys: string[]) => void>();
  const holders: { name: string; tab: string }[] = [];
  const waiting: { name: string; tab: string; begin: () => void }[] = [];

  const pass = (name: string) => {
    if (holders.some(holder => holder.name === name)) return;
    const index = waiting.findIndex(waiter => waiter.name === name);
    if (index >= 0) waiting.splice(index, 1)[0]?.begin();
  };

  const free = (name: string, tab: string) => {
    const index = holders.findIndex(holder => holder.name === name && holder.tab === tab);
    if (index < 0) return;
    holders.splice(index, 1);
    pass(name);
  };

  return {
    rows,
    holders,

    locksOf: (tab: string) => ({
      alone: <T>(name: string, work: () => Promise<T>) =>
        new Promise<T>((resolve, reject) => {
          const begin = () => {
            holders.push({ name, tab });
            work()
              .then(resolve, reject)
              .finally(() => free(name, tab));
          };
          waiting.push({ name, tab, begin });
          pass(name);
        }),
    }),

    /** As browsers do where a tab goes away in the middle of its work. */
    freeAll(tab: string) {
      for (const waiter of waiting.filter(waiter => waiter.tab === tab)) waiting.splice(waiting.indexOf(waiter), 1);
      for (const { name } of holders.filter(holder => holder.tab === tab)) free(name, tab);
    },

    storage() {
      const self = {
        kind: 'persistent' as const,
        isDead: false,
        failing: undefined as Error | undefined,
        /** What every call waits for first. */
        gate: async () => undefined as unknown,
        writes: 0,
        async begin() {
          await self.gate();
          // A tab that is gone hears nothing any more.
          if (self.isDead) await new Promise(() => undefined);
          if (self.failing) throw self.failing;
        },
        async list(prefix: string) {
          await self.begin();
          const found = [...rows].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
          return structuredClone(found) as [string, Stored][];
        },
        async get(key: string) {
          await self.begin();
          return structuredClone(rows.get(key));
        },
        async write(changes: readonly (readonly [key: string, value: Stored])[]) {
          await self.begin();
          self.writes += 1;
          for (const [key, value] of changes)
            if (value === undefined) rows.delete(key);
            else rows.set(key, structuredClone(value));
          const keys = changes.map(([key]) => key);
          for (const [other, listener] of [...listeners]) if (other !== self) queueMicrotask(() => listener(keys));
        },
        subscribe(listener: (keys: string[]) => void) {
          listeners.set(self, listener);
          return () => void listeners.delete(self);
        },
        close: () => undefined,
        die() {
          self.isDead = true;
          listeners.delete(self);
        },
      };
      return self satisfies ChatStorage;
    },
  };
};

export type Device = ReturnType<typeof createDevice>;

/** One tab on the device, whose sends are answered by the test, or by `send`. */
export const openTab = (
  device: Device,
  {
    name = 'tab',
    user_id = 'ada',
    isOnline = true,
    random = () => 0.5,
    sends = [],
    send,
  }: {
    name?: string;
    user_id?: string;
    isOnline?: boolean;
    random?: () => number;
    sends?: Send[];
    send?: (entry: Entry) => Promise<Message>;
  } = {},
) => {
  const storage = device.storage();
  const onError = vi.fn<(error: unknown) => void>();
  const net = { isOnline };
  const scripted = (entry: Entry) =>
    new Promise<Message>((resolve, reject) => {
      const one: Send = {
        tab: name,
        entry,
        open: true,
        answer(message = {}) {
          one.open = false;
          resolve({ client_id: entry.client_id, conversation_id: entry.conversation_id, ...message } as Message);
        },
        refuse(error) {
          one.open = false;
          reject(error);
        },
      };
      sends.push(one);
    });
  const outbox = createOutbox({
    user_id,
    storage,
    locks: device.locksOf(name),
    send: send ?? scripted,
    isOnline: () => net.isOnline,
    clock: { now: () => Date.now() },
    random,
    onError,
  });
  return {
    name,
    outbox,
    storage,
    sends,
    net,
    onError,
    write: (message: string, conversation_id = 'lobby') => outbox.add({ conversation_id, message }),
    shown: () => outbox.entries.get().map(({ message, state }) => `${message} ${state}`),
    /** Without a word: nothing that it still wanted to do happens. Answers reach nobody. */
    die() {
      storage.die();
      net.isOnline = false;
      device.freeAll(name);
    },
  };
};

export type Tab = ReturnType<typeof openTab>;
