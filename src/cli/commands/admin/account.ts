import { usernameKey } from '../../../accounts/username-key.ts';
import type { Actor } from '../../../actor.ts';
import type { Core } from '../../../core.ts';
import type { UserRow } from '../../../ports/storage.ts';
import { Failure } from '../../failures.ts';
import { printable } from '../../table.ts';

/** Whoever has this username, however it is written. Throws `Failure`. */
export const requireAccount = async ({ storage }: Core, username = ''): Promise<UserRow> => {
  const found = await storage.users.findByUsernameKey(usernameKey(username));
  if (!found) throw new Failure(`There is no account ${printable(username).slice(0, 80)}.`);
  return found;
};

/** The person as the rules see a caller; they speak from no session. */
export const actorOf = ({ id, role, username, full_name }: UserRow): Actor => ({
  user_id: id,
  session_id: '',
  role,
  username,
  full_name,
});

export const counted = (count: number, one: string) => `${count} ${count === 1 ? one : `${one}s`}`;
