import { ParleyError } from '../../errors.ts';
import type { Handlers } from '../../invoke.ts';
import { isoDate } from '../../ports/clock.ts';
import type { UserRow } from '../../ports/storage.ts';
import type { Profile, User } from '../../protocol/index.ts';
import { fold } from '../username-key.ts';
import { type AccountParts, type Confirm, ownRow, requireLength } from './parts.ts';

type ProfileOperation = 'account:profile' | 'account:update' | 'account:password' | 'account:erase';

const presentUser = ({ id, username, full_name }: UserRow): User => ({ id, username, full_name });

const presentProfile = (user: UserRow): Profile => ({
  ...presentUser(user),
  email: user.email,
  role: user.role,
  created_at: user.created_at,
});

export const createProfileHandlers = ({
  users,
  sessions,
  passwords,
  cluster,
  clock,
  settings,
  onErased,
  record,
  confirm,
}: AccountParts & { confirm: Confirm }): Handlers<ProfileOperation> => ({
  async 'account:profile'(actor) {
    return presentProfile(await ownRow(users, actor));
  },

  async 'account:update'(actor, { full_name, email }) {
    const address = email === undefined ? {} : { email, email_key: email === null ? null : fold(email) };
    await users.update(actor.user_id, { full_name, ...address });
    cluster.notify('user:changed', { user_id: actor.user_id });
    record('account_updated', { user_id: actor.user_id });
    return presentProfile(await ownRow(users, actor));
  },

  async 'account:password'(actor, { current_password, new_password }) {
    requireLength(new_password, settings.passwordMinLength, 'new_password');
    const { user, matches } = await confirm(actor);
    if (await matches(current_password)) {
      await users.update(user.id, { password_hash: await passwords.hash(new_password) });
    } else if (!(await matches(new_password))) {
      throw new ParleyError('invalid_credentials');
    }
    // Where the new one is set already, this is the second try of a change whose answer was lost: what is left to do is the same.
    await sessions.revoke({ user_id: user.id, except: actor.session_id });
    record('password_changed', { user_id: user.id });
    return presentUser(user);
  },

  async 'account:erase'(actor, { password }) {
    const { user, matches } = await confirm(actor);
    if (!(await matches(password))) throw new ParleyError('invalid_credentials');
    await onErased(actor);
    const live = await sessions.list(user.id);
    await users.erase(user.id, isoDate(clock.now()));
    sessions.announceEnd(
      live.map(({ id }) => id),
      'account_erased',
    );
    cluster.notify('user:changed', { user_id: user.id });
    record('account_erased', { user_id: user.id });
    return { id: user.id };
  },
});
