import type { User } from '../protocol/index.ts';
import { createObservable, type Observable } from './observable.ts';

/** The same with the newest name that is known of everybody in it; the same object where it has these already. */
export type Names = <T>(told: T) => T;

/**
 * Under which name each person is known by now. Events, answers and copies bear the names of when they were written, and none says
 * when that was; so what is told later counts as newer, except
 *
 * - that an erased person stays erased: nobody gets a name back, so whatever has one is older;
 * - an answer, where something else told of that person since it was asked for: it may have been written before, and be late;
 * - what this device kept: anything told since it started is newer.
 *
 * Where that is wrong (a new name in an answer that was overtaken by an event of before), the next event or answer that tells of the
 * person puts it right. Whoever is not spoken of keeps the name that was told last: the server announces no names.
 */
export interface People {
  /** Another function whenever somebody's name changed: what was named by the one before is to be named anew. */
  readonly names: Observable<Names>;
  /** The same, for those who are told of changes by `onChange`. */
  named: Names;
  /** Told by the server just now, unasked. */
  hear(told: unknown): void;
  /** Something is about to be asked: the result is for the answer. */
  ask(): Names;
  /** Kept on this device from before. */
  recall(kept: unknown): void;
}

/** `onChange`: somebody is known by another name. Not called for those who were unknown, as nothing can bear an older one. */
export const createPeople = ({
  onChange,
  onError,
}: {
  onChange: () => void;
  onError: (error: unknown) => void;
}): People => {
  const known = new Map<string, { username: string; full_name: string; heard: number }>();
  /** Counts what was told. */
  let moment = 0;

  const named: Names = told =>
    eachUser(told, user => {
      const { username, full_name } = known.get(user.id) ?? user;
      return username === user.username && full_name === user.full_name ? user : { ...user, username, full_name };
    });
  const names = createObservable<Names>(named, onError);

  /** Nobody is renamed of whom something was told after the moment `since`. */
  const learn = (told: unknown, since: number) => {
    moment += 1;
    let isNews = false;
    eachUser(told, user => {
      const { id, username, full_name } = user;
      const held = known.get(id);
      const isOlder = held && held.heard > since && held.heard < moment;
      if (held?.username === '' || (isOlder && username !== '')) return user;
      isNews ||= held !== undefined && (held.username !== username || held.full_name !== full_name);
      known.set(id, { username, full_name, heard: moment });
      return user;
    });
    if (!isNews) return;
    names.set(told => named(told));
    onChange();
  };

  return {
    names,
    named,
    hear: told => learn(told, moment),
    ask() {
      const since = moment;
      return answer => {
        learn(answer, since);
        return named(answer);
      };
    },
    recall: kept => learn(kept, 0),
  };
};

const isUser = (value: Partial<User>): value is User =>
  typeof value.id === 'string' && typeof value.username === 'string' && typeof value.full_name === 'string';

/** Changes everybody in a value, wherever they stand in it: so that no field is forgotten, also of those that a later server adds. */
const eachUser = <T>(value: T, change: (user: User) => User): T => {
  if (typeof value !== 'object' || value === null) return value;
  let next = value;
  for (const key of Object.keys(value) as (keyof T)[]) {
    const now = eachUser(value[key], change);
    if (now === value[key]) continue;
    if (next === value) next = (Array.isArray(value) ? [...value] : { ...value }) as T & object;
    next[key] = now;
  }
  return isUser(next) ? (change(next) as unknown as T & object) : next;
};
