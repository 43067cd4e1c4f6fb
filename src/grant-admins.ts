import { createSetRole } from './accounts/change-account.ts';
import type { People } from './accounts/people.ts';
import { usernameKey } from './accounts/username-key.ts';
import type { Logger } from './observability/logger.ts';
import type { Cluster } from './ports/cluster.ts';
import type { UserStore } from './ports/storage.ts';

interface Parts {
  users: Pick<UserStore, 'update'>;
  people: Pick<People, 'byUsernames'>;
  cluster: Pick<Cluster, 'notify'>;
  logger: Logger;
}

/**
 * Makes these accounts administrators of the server, at boot. They must exist: a name that nobody has yet could be registered by
 * anybody. Taking the role away is not done here; who is no longer listed keeps it.
 */
export const grantAdmins = async (usernames: string[], { users, people, cluster, logger }: Parts): Promise<void> => {
  if (usernames.length === 0) return;
  const setRole = createSetRole({ users, cluster });
  const found = await people.byUsernames(usernames);
  for (const [place, username] of usernames.entries()) {
    const user = found.get(usernameKey(username));
    if (!user) {
      logger.warn('admin_unknown', { hint: 'ADMINS names an account that does not exist', place: place + 1 });
      continue;
    }
    await setRole(user.id, 'admin');
  }
};
