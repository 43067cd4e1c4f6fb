import type { ConversationStore } from '../ports/storage.ts';

/** Users whose counters are asked for in one query. */
const atOnce = 500;

/** Reads the membership counters of users; those who are asked for while a query runs share the next one. Unknown users count 0. */
export const createVersions = ({ userVersions }: Pick<ConversationStore, 'userVersions'>) => {
  let next: { user_ids: Set<string>; found: Promise<Map<string, number>> } | undefined;
  let running: Promise<unknown> = Promise.resolve();

  const shared = (): NonNullable<typeof next> => {
    const user_ids = new Set<string>();
    const found = running.then(() => {
      next = undefined;
      return userVersions([...user_ids]);
    });
    running = found.catch(() => undefined);
    return { user_ids, found };
  };

  return {
    async one(user_id: string): Promise<number> {
      next ??= shared();
      next.user_ids.add(user_id);
      return (await next.found).get(user_id) ?? 0;
    },

    async many(user_ids: string[]): Promise<Map<string, number>> {
      const found = new Map<string, number>();
      for (let from = 0; from < user_ids.length; from += atOnce)
        for (const [id, version] of await userVersions(user_ids.slice(from, from + atOnce))) found.set(id, version);
      return found;
    },
  };
};
