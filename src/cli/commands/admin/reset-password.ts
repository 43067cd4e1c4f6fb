import { createSetPassword } from '../../../accounts/change-account.ts';
import { createPasswords } from '../../../accounts/passwords.ts';
import type { Config } from '../../../config.ts';
import { operations } from '../../../protocol/index.ts';
import type { Command, Input } from '../../command.ts';
import { Failure, Misuse } from '../../failures.ts';
import { printable } from '../../table.ts';
import type { Terminal } from '../../terminal.ts';
import { withCoreTelling } from '../../with-core.ts';
import { counted, requireAccount } from './account.ts';

export const resetPassword: Command = {
  name: 'reset-password',
  summary: 'Set a new password, and sign the account out everywhere',
  usage: 'USERNAME [--password-stdin]',
  text: `It asks for the password twice, without an echo. It is never an argument, as other users of the machine could read it, and the
shell would keep it.`,
  options: {
    'password-stdin': {
      type: 'boolean',
      meaning: 'Read the password from standard input; one line feed at its end goes.',
    },
  },
  words: { min: 1, max: 1 },
  run: (input, terminal) =>
    withCoreTelling(terminal, async (core, config) => {
      const { users } = core.storage;
      const user = await requireAccount(core, input.words[0]);
      const password = await newPassword(input, terminal, user.username);
      assertFit(password, config);
      const passwords = createPasswords({ cost: config.bcryptCost });
      const { set } = createSetPassword({ users, sessions: core.sessions, passwords, record: core.record });
      const ended = await set(user.id, password);
      terminal.line(`${user.username} has a new password; ${counted(ended, 'session')} ended.`);
    }),
};

/** More than any password that is accepted. */
const maxBytes = 4_096;

const newPassword = async ({ flags }: Input, terminal: Terminal, username: string): Promise<string> => {
  if (flags['password-stdin']) return (await terminal.readInput(maxBytes)).replace(/\r?\n$/, '');
  if (!terminal.interactive)
    throw new Misuse('There is nobody to ask for the password: give it with --password-stdin.');
  const password = await terminal.askSecret(`New password of ${printable(username)}: `);
  const again = await terminal.askSecret('The same again: ');
  if (password !== again) throw new Failure('These were two different passwords. Nothing was changed.');
  return password;
};

/** What the server asks of a password, in one place for both: the contract, and the shortest length of its settings. */
const assertFit = (password: string, { passwordMinLength }: Config) => {
  const fit = operations['account:register'].input.shape.password.safeParse(password);
  const why = fit.success ? undefined : fit.error.issues[0]?.message;
  if (why) throw new Failure(`The password ${why}. Nothing was changed.`);
  if ([...password].length < passwordMinLength)
    throw new Failure(`The password must have at least ${passwordMinLength} characters. Nothing was changed.`);
};
