import { ParleyError } from '../../errors.ts';
import type { Handlers } from '../../invoke.ts';
import type { UserRow } from '../../ports/storage.ts';
import type { Profile, User } from '../../protocol/index.ts';
import { createEraseAccount, createSetPassword } from '../change-account.ts';
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

export const createProfileHandlers = (parts: AccountParts & { confirm: Confirm }): Handlers<ProfileOperation> => {
  const { users, cluster, settings, record, confirm } = parts;
  const setPassword = createSetPassword(parts);
  const eraseAccount = createEraseAccount(parts);
  return {
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
        await setPassword.set(user.id, new_password, actor.session_id);
      } else if (await matches(new_password)) {
        // The second try of a change whose answer was lost.
        await setPassword.finish(user.id, actor.session_id);
      } else {
        throw new ParleyError('invalid_credentials');
      }
      return presentUser(user);
    },

    async 'account:erase'(actor, { password }) {
      const { user, matches } = await confirm(actor);
      if (!(await matches(password))) throw new ParleyError('invalid_credentials');
      await eraseAccount(actor);
      return { id: user.id };
    },
  };
};
