import type { Actor } from '../actor.ts';
import { type Clock, isoDate } from '../ports/clock.ts';
import type { Cluster } from '../ports/cluster.ts';
import type { UserRow, UserStore } from '../ports/storage.ts';
import type { Passwords } from './passwords.ts';
import type { Sessions } from './sessions.ts';

/*
 * What changes an account, whoever asked for it: the person (over REST, after their password), the operator (on the command line),
 * or the settings at boot. Who may ask is decided by the callers.
 */

/** A business event: one log line and one counter. Facts hold ids, never names, addresses of mail, or secrets. */
export type RecordEvent = (event: string, facts: Record<string, unknown>) => void;

export interface ChangeParts {
  users: UserStore;
  sessions: Sessions;
  passwords: Passwords;
  cluster: Pick<Cluster, 'notify'>;
  clock: Clock;
  /** Runs when an account that is being erased has no name any more; it runs again where erasing failed and the caller tries again. */
  onErased: (actor: Actor) => Promise<void>;
  record: RecordEvent;
}

/** Sets the role on the server; every instance forgets what it knew of this person. Idempotent. */
export const createSetRole =
  ({ users, cluster }: Pick<ChangeParts, 'cluster'> & { users: Pick<UserStore, 'update'> }) =>
  async (user_id: string, role: UserRow['role']): Promise<void> => {
    await users.update(user_id, { role });
    cluster.notify('user:changed', { user_id });
  };

export interface SetPassword {
  /** Sets a password that was found long enough, and ends all sessions but `except`; resolves with how many these were. Can be repeated. */
  set(user_id: string, password: string, except?: string): Promise<number>;
  /** What is left to do where this password is set already. */
  finish(user_id: string, except?: string): Promise<number>;
}

export const createSetPassword = ({
  users,
  sessions,
  passwords,
  record,
}: Pick<ChangeParts, 'users' | 'sessions' | 'passwords' | 'record'>): SetPassword => {
  const finish: SetPassword['finish'] = async (user_id, except) => {
    const ended = await sessions.revoke({ user_id, except });
    record('password_changed', { user_id });
    return ended.length;
  };
  return {
    finish,
    async set(user_id, password, except) {
      await users.update(user_id, { password_hash: await passwords.hash(password) });
      return finish(user_id, except);
    },
  };
};

/**
 * Erases an account (decision 5): it leaves its conversations, the person is blanked, their sessions end everywhere, their messages
 * stay without a name. The names go first: what is told of the leaving is the last that others hear of this person, and takes the
 * name from what their devices hold. Can be repeated where it failed, as password, sessions and the username to sign in by go last.
 */
export const createEraseAccount =
  ({ users, sessions, cluster, clock, onErased, record }: Omit<ChangeParts, 'passwords'>) =>
  async (actor: Actor): Promise<void> => {
    const { user_id } = actor;
    await users.update(user_id, { username: '', full_name: '' });
    cluster.notify('user:changed', { user_id });
    await onErased(actor);
    const live = await sessions.list(user_id);
    await users.erase(user_id, isoDate(clock.now()));
    sessions.announceEnd(
      live.map(({ id }) => id),
      'account_erased',
    );
    cluster.notify('user:changed', { user_id });
    record('account_erased', { user_id });
  };
