import { createSetRole } from '../../../accounts/change-account.ts';
import { usernameKey } from '../../../accounts/username-key.ts';
import type { Command } from '../../command.ts';
import { withCoreTelling } from '../../with-core.ts';
import { requireAccount } from './account.ts';

export const grant: Command = {
  name: 'grant',
  summary: 'Make an account administrator of the server',
  usage: 'USERNAME',
  text: 'Administrators see the dashboard and may moderate every conversation. It holds at once, without signing in anew.',
  words: { min: 1, max: 1 },
  run: ({ words: [username] }, terminal) =>
    withCoreTelling(terminal, async core => {
      const user = await requireAccount(core, username);
      await createSetRole({ users: core.storage.users, cluster: core.cluster })(user.id, 'admin');
      terminal.line(
        `${user.username} is ${user.role === 'admin' ? 'an administrator already' : 'an administrator now'}.`,
      );
    }),
};

export const revokeAdmin: Command = {
  name: 'revoke-admin',
  summary: 'Take that away again',
  usage: 'USERNAME',
  text: 'The account stays, and so do its sessions.',
  words: { min: 1, max: 1 },
  run: ({ words: [username] }, terminal) =>
    withCoreTelling(terminal, async (core, { admins }) => {
      const user = await requireAccount(core, username);
      await createSetRole({ users: core.storage.users, cluster: core.cluster })(user.id, 'user');
      terminal.line(
        `${user.username} ${user.role === 'admin' ? 'is no administrator any more' : 'was no administrator'}.`,
      );
      if (admins.some(name => usernameKey(name) === usernameKey(user.username)))
        terminal.note(`ADMINS names ${user.username}: the next start of a server makes them one again.`);
    }),
};
