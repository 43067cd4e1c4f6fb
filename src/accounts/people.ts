import { type Clock, systemClock } from '../ports/clock.ts';
import type { Cluster } from '../ports/cluster.ts';
import type { UserRow, UserStore } from '../ports/storage.ts';
import type { User } from '../protocol/index.ts';
import { createRecent } from './recent.ts';
import { usernameKey } from './username-key.ts';

/** Names for ids. Stored events hold ids only; who reads them looks here. */
export interface People {
  /** Every id is in the result: one that is unknown or erased has empty names. */
  get(ids: Iterable<string>): Promise<Map<string, User>>;
  /** The person where their names are in memory; never waits. */
  peek(id: string): User | undefined;
  /** What is in memory of this person may be old: it is read again. */
  forget(id: string): void;
  /** By `usernameKey(name)`; unknown names are absent. */
  byUsernames(names: string[]): Promise<Map<string, User>>;
  close(): void;
}

/** Milliseconds after which a name is read again, because the notice of its change may have been lost. */
const keepMs = 60_000;
/** About 5 MB. */
const maxPeople = 20_000;

const present = ({ id, username, full_name }: UserRow): User => ({ id, username, full_name });

export const createPeople = ({
  users,
  cluster,
  clock = systemClock,
}: {
  users: Pick<UserStore, 'findMany' | 'findByUsernameKeys'>;
  cluster: Pick<Cluster, 'on'>;
  clock?: Clock;
}): People => {
  const known = createRecent<{ user: User; until: number }>(maxPeople);
  /** Rises with whatever is forgotten: what was read before is not kept after it. */
  let changes = 0;
  const forget = (id: string) => {
    changes++;
    known.delete(id);
  };
  const close = cluster.on('user:changed', ({ user_id }) => forget(user_id));

  const peek = (id: string) => {
    const entry = known.get(id);
    return entry && entry.until > clock.now() ? entry.user : undefined;
  };

  const read = async (find: () => Promise<UserRow[]>) => {
    const before = changes;
    const found = (await find()).map(present);
    const until = clock.now() + keepMs;
    if (before === changes) for (const user of found) known.set(user.id, { user, until });
    return found;
  };

  return {
    peek,
    forget,
    close,

    async get(ids) {
      const result = new Map<string, User>();
      const missing: string[] = [];
      for (const id of new Set(ids)) {
        const user = peek(id);
        if (!user) missing.push(id);
        result.set(id, user ?? { id, username: '', full_name: '' });
      }
      if (missing.length > 0) for (const user of await read(() => users.findMany(missing))) result.set(user.id, user);
      return result;
    },

    async byUsernames(names) {
      const keys = [...new Set(names.map(usernameKey))];
      if (keys.length === 0) return new Map();
      const found = await read(() => users.findByUsernameKeys(keys));
      return new Map(found.map(user => [usernameKey(user.username), user]));
    },
  };
};
