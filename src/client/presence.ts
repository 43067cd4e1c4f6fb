import type { Presence } from '../protocol/index.ts';
import { createObservable, type Observable } from './observable.ts';

export interface PresenceDesk {
  /** Whether this person is online, as long as somebody subscribes; undefined until it is known. */
  of(user_id: string): Observable<Presence | undefined>;
  hear(presence: Presence): void;
  /** A connection is there (again): what is watched is asked for. */
  resume(): void;
  /** The connection is gone: nobody knows. */
  pause(): void;
  clear(): void;
}

/** A server takes so many at once. */
const atOnce = 500;
const gatherMs = 50;
/** Milliseconds for which what is no longer looked at stays watched: a list that scrolls comes back to it. */
const lingerMs = 10_000;

/** `watch` rejects where there is no connection; it is asked again by `resume`. */
export const createPresence = ({
  watch,
  unwatch,
  isOnline,
  onError,
}: {
  watch: (user_ids: string[]) => Promise<Presence[]>;
  unwatch: (user_ids: string[]) => void;
  isOnline: () => boolean;
  onError: (error: unknown) => void;
}): PresenceDesk => {
  interface Watched {
    readonly state: ReturnType<typeof createObservable<Presence | undefined>>;
    watchers: number;
    asked: boolean;
  }
  const watched = new Map<string, Watched>();
  /** One object for each person, so that who draws anew does not subscribe anew. */
  const shown = new Map<string, Observable<Presence | undefined>>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tidying: ReturnType<typeof setTimeout> | undefined;

  const hear = (presence: Presence) => watched.get(presence.user_id)?.state.set(presence);

  const ask = async () => {
    timer = undefined;
    if (!isOnline()) return;
    const ids = [...watched].flatMap(([id, one]) => (one.watchers > 0 && !one.asked ? [id] : [])).slice(0, atOnce);
    if (ids.length === 0) return;
    for (const id of ids) (watched.get(id) as Watched).asked = true;
    try {
      for (const presence of await watch(ids)) hear(presence);
    } catch (error) {
      for (const id of ids) {
        const one = watched.get(id);
        if (one) one.asked = false;
      }
      // What is refused while there is a connection is asked for again with the next one, or the next person.
      if (isOnline()) onError(error);
      return;
    }
    askSoon();
  };

  const askSoon = () => {
    timer ??= setTimeout(() => void ask(), gatherMs);
  };

  const tidy = () => {
    tidying = undefined;
    const over = [...watched].flatMap(([id, one]) => (one.watchers === 0 ? [id] : []));
    for (const id of over) {
      watched.delete(id);
      shown.delete(id);
    }
    if (over.length > 0 && isOnline()) unwatch(over);
  };

  const oneOf = (user_id: string): Watched => {
    let one = watched.get(user_id);
    if (!one) {
      one = { state: createObservable<Presence | undefined>(undefined, onError), watchers: 0, asked: false };
      watched.set(user_id, one);
    }
    return one;
  };

  return {
    of(user_id) {
      const known = shown.get(user_id);
      if (known) return known;
      const one: Observable<Presence | undefined> = {
        get: () => watched.get(user_id)?.state.get(),
        subscribe(listener) {
          const mine = oneOf(user_id);
          mine.watchers += 1;
          const stop = mine.state.subscribe(listener);
          if (!mine.asked) askSoon();
          let subscribed = true;
          return () => {
            if (!subscribed) return;
            subscribed = false;
            stop();
            mine.watchers -= 1;
            tidying ??= setTimeout(tidy, lingerMs);
          };
        },
      };
      shown.set(user_id, one);
      return one;
    },
    hear,
    resume() {
      for (const one of watched.values()) one.asked = false;
      askSoon();
    },
    pause() {
      for (const { state } of watched.values()) state.set(undefined);
    },
    clear() {
      clearTimeout(timer);
      clearTimeout(tidying);
      timer = undefined;
      tidying = undefined;
      watched.clear();
      shown.clear();
    },
  };
};
