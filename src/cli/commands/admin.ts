import type { Group } from '../command.ts';
import { erase } from './admin/erase.ts';
import { list, show } from './admin/people.ts';
import { resetPassword } from './admin/reset-password.ts';
import { grant, revokeAdmin } from './admin/role.ts';
import { revokeSession, sessions } from './admin/sessions.ts';

export const admin: Group = {
  name: 'admin',
  summary: 'Administrators, passwords, sessions, and erasing accounts',
  text: `Accounts, without signing in: whoever may read the server's settings may do this. With MySQL and MongoDB it works while instances
run; embedded the server must be stopped, as the files have one owner at a time.`,
  commands: [list, grant, revokeAdmin, show, resetPassword, sessions, revokeSession, erase],
};
