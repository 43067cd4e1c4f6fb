import { createEraseAccount } from '../../../accounts/change-account.ts';
import { usernameKey } from '../../../accounts/username-key.ts';
import { type Command, yes } from '../../command.ts';
import { confirm } from '../../terminal.ts';
import { withCoreTelling } from '../../with-core.ts';
import { actorOf, counted, requireAccount } from './account.ts';

export const erase: Command = {
  name: 'erase',
  summary: 'Erase an account, as its own person can',
  usage: 'USERNAME [--yes]',
  text: `It leaves its rooms and groups (who alone owned one hands it over to whoever joined first), its name, address and password go, its
username is free again, its sessions end. What it wrote stays, from nobody: see docs/decisions/0005-erasure-keeps-texts.md.`,
  options: yes,
  words: { min: 1, max: 1 },
  run: ({ words: [username], flags }, terminal) =>
    withCoreTelling(terminal, async core => {
      const user = await requireAccount(core, username);
      // Where it failed midway before, only the key is left of the name.
      const name = user.username || usernameKey(username ?? '');
      await confirm(terminal, {
        question: `This erases the account ${name} for good.`,
        word: name,
        yes: flags['yes'] === true,
      });
      const { storage, sessions, cluster, clock, record, departure } = core;
      const live = await sessions.list(user.id);
      const eraseAccount = createEraseAccount({
        ...{ users: storage.users, sessions, cluster, clock, record },
        onErased: departure.leaveAll,
      });
      await eraseAccount(actorOf(user));
      terminal.line(`${name} (${user.id}) is erased; ${counted(live.length, 'session')} ended.`);
    }),
};
