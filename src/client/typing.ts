import type { SignalPayload, User } from '../protocol/index.ts';
import { createObservable, type Observable } from './observable.ts';
import type { Names } from './people.ts';

/** Who is typing; `more` counts those beyond the names. */
export interface Typing {
  readonly users: readonly User[];
  readonly more: number;
}

export interface TypingDesk {
  in(conversation_id: string): Observable<Typing>;
  hear(told: SignalPayload<'typing:updated'>): void;
  /** Somebody's name changed. */
  rename(named: Names): void;
  /** The person is typing: told to the others now and then, for as long as this is called. */
  start(conversation_id: string): void;
  /** They sent, or gave it up. */
  stop(conversation_id: string): void;
  /** The connection is gone: nobody is known to type. */
  clear(): void;
}

const nobody: Typing = { users: [], more: 0 };
/** The server forgets who types after 5 s. */
const repeatMs = 3_000;
const forgetMs = 6_000;

/** `tell` may be lost, and never rejects. */
export const createTyping = ({
  me,
  tell,
  now,
  onError,
}: {
  me: string;
  tell: (name: 'typing:start' | 'typing:stop', conversation_id: string) => void;
  now: () => number;
  onError: (error: unknown) => void;
}): TypingDesk => {
  const heard = new Map<string, ReturnType<typeof createObservable<Typing>>>();
  const forgetting = new Map<string, ReturnType<typeof setTimeout>>();
  const told = new Map<string, number>();

  const stateOf = (id: string) => {
    let state = heard.get(id);
    if (!state) {
      state = createObservable(nobody, onError);
      heard.set(id, state);
    }
    return state;
  };

  return {
    in: stateOf,

    hear({ conversation_id: id, typing, more }) {
      clearTimeout(forgetting.get(id));
      const users = typing.filter(user => user.id !== me);
      stateOf(id).set(users.length + more > 0 ? { users, more } : nobody);
      // What says that somebody stopped may be dropped on the way.
      if (users.length + more > 0)
        forgetting.set(
          id,
          setTimeout(() => stateOf(id).set(nobody), forgetMs),
        );
    },

    rename(named) {
      for (const state of heard.values()) state.set(named(state.get()));
    },

    start(id) {
      if (now() - (told.get(id) ?? Number.NEGATIVE_INFINITY) < repeatMs) return;
      told.set(id, now());
      tell('typing:start', id);
    },

    stop(id) {
      const since = told.get(id);
      told.delete(id);
      if (since !== undefined && now() - since < forgetMs) tell('typing:stop', id);
    },

    clear() {
      for (const timer of forgetting.values()) clearTimeout(timer);
      forgetting.clear();
      told.clear();
      for (const state of heard.values()) state.set(nobody);
    },
  };
};
