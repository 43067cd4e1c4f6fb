import type { Input, Notification, Output } from '../protocol/index.ts';
import { createObservable, type Observable } from './observable.ts';
import { isRecord } from './rest.ts';
import type { ChatStorage } from './store.ts';
import { createTask } from './task.ts';

/** The notifications of one person, each told once to this client, live or after an absence. */
export interface Inbox {
  /** How many are unread; 0 until it is known. */
  readonly unread: Observable<number>;
  /** What was told before on this device. Never rejects. */
  load(): Promise<void>;
  /** One came live. */
  hear(notification: Notification): void;
  /** Some may have come unheard: they are asked for. */
  look(): void;
  /** Some were read here: other tabs are to look, too. */
  read(): void;
  /** Deletes what is kept, where the session is over. */
  close(isOver: boolean): Promise<void>;
}

/** Of those that were missed the newest so many are told one by one; `unread` counts all. */
const maxNews = 50;
const keptIds = 200;
/** Milliseconds by which one may be recorded after another that has a later date. */
const lateMs = 60_000;

export const createInbox = ({
  user_id,
  storage,
  call,
  isOnline,
  random,
  onNew,
  onError,
}: {
  user_id: string;
  storage: ChatStorage;
  call: (name: 'notification:list', input: Input<'notification:list'>) => Promise<Output<'notification:list'>>;
  isOnline: () => boolean;
  random: () => number;
  onNew: (notification: Notification) => void;
  onError: (error: unknown) => void;
}): Inbox => {
  const key = `inbox:${user_id}`;
  const readKey = `inbox-read:${user_id}`;
  const unread = createObservable(0, onError);
  /** Of the newest that was told, in milliseconds since 1970; undefined on a device that begins where the inbox stands. */
  let newest: number | undefined;
  let ids: string[] = [];
  let wanted = false;
  let closed = false;

  const write = (changes: [string, unknown][]) => void storage.write(changes).catch(onError);

  const note = (notifications: readonly Notification[]) => {
    newest = Math.max(newest ?? 0, ...notifications.map(({ date }) => Date.parse(date) || 0));
    ids = [...ids, ...notifications.map(({ id }) => id)].slice(-keptIds);
    write([[key, { newest, ids }]]);
  };

  const ask = async () => {
    const answer = await call('notification:list', { unread: true, limit: maxNews });
    if (closed) return;
    const listed = [...answer.items].reverse();
    const fresh = listed.filter(({ id }) => !ids.includes(id));
    const from = newest === undefined ? Number.POSITIVE_INFINITY : newest - lateMs;
    if (fresh.length > 0 || newest === undefined) note(fresh);
    unread.set(answer.unread);
    for (const one of fresh) if (Date.parse(one.date) >= from) onNew(one);
  };

  const work = async () => {
    while (wanted && !closed) {
      wanted = false;
      try {
        await ask();
      } catch (error) {
        wanted = true;
        throw error;
      }
    }
  };

  const task = createTask({ work, isOnline, random, onError });
  const look = () => {
    wanted = true;
    void task.run();
  };

  const unsubscribe = storage.subscribe(keys => {
    if (keys.includes(readKey)) look();
  });

  return {
    unread,

    async load() {
      try {
        const kept = await storage.get(key);
        if (!isRecord(kept) || typeof kept['newest'] !== 'number' || !Array.isArray(kept['ids'])) return;
        newest = kept['newest'];
        ids = kept['ids'];
      } catch (error) {
        onError(error);
      }
    },

    hear(notification) {
      if (ids.includes(notification.id)) return;
      // Whether an answer that is on its way counts it nobody knows: it is asked for again.
      wanted = true;
      note([notification]);
      if (!notification.read) unread.set(unread.get() + 1);
      onNew(notification);
    },

    look,

    read() {
      write([[readKey, `${Date.now()}-${Math.random()}`]]);
      look();
    },

    async close(isOver) {
      closed = true;
      task.stop();
      unsubscribe();
      if (isOver)
        await storage.write([
          [key, undefined],
          [readKey, undefined],
        ]);
    },
  };
};
