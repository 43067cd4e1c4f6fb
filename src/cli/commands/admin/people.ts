import { usernameKey } from '../../../accounts/username-key.ts';
import type { Core } from '../../../core.ts';
import type { UserRow } from '../../../ports/storage.ts';
import { type Command, json } from '../../command.ts';
import { table } from '../../table.ts';
import { withCore } from '../../with-core.ts';
import { requireAccount } from './account.ts';

/** Accounts that are read at once. */
const pageSize = 1_000;

export const list: Command = {
  name: 'list',
  summary: 'List the administrators',
  usage: '[--json]',
  text: 'It reads through all accounts, a thousand at a time.',
  options: json,
  words: { min: 0, max: 0 },
  run: ({ flags }, terminal) =>
    withCore(terminal, async core => {
      const found = await administrators(core);
      const items = found.map(({ id, username, full_name, created_at }) => ({ id, username, full_name, created_at }));
      if (flags['json']) terminal.json({ items });
      else if (items.length === 0) terminal.line('Nobody is an administrator.');
      else terminal.line(table(['USERNAME', 'ID', 'CREATED', 'NAME'], items.map(rowOf)));
    }),
};

const rowOf = ({
  username,
  id,
  created_at,
  full_name,
}: Pick<UserRow, 'username' | 'id' | 'created_at' | 'full_name'>) => [username, id, created_at, full_name];

const administrators = async ({ storage: { users } }: Core): Promise<UserRow[]> => {
  const found: UserRow[] = [];
  for (let after: string | undefined; ; ) {
    const page = await users.search('', after, pageSize);
    found.push(...page.filter(({ role }) => role === 'admin'));
    const last = page.at(-1);
    if (!last || page.length < pageSize) return found;
    after = usernameKey(last.username);
  }
};

export const show: Command = {
  name: 'show',
  summary: 'Show what there is of an account',
  usage: 'USERNAME [--json]',
  text: 'Never a password, nor what could be one.',
  options: json,
  words: { min: 1, max: 1 },
  run: ({ words: [username], flags }, terminal) =>
    withCore(terminal, async core => {
      const user = await requireAccount(core, username);
      const [sessions, conversations] = await Promise.all([
        core.sessions.list(user.id),
        core.storage.conversations.idsOfUser(user.id),
      ]);
      const { id, full_name, email, role, created_at, last_seen_at } = user;
      const facts = {
        ...{ id, username: user.username, full_name, email, role, created_at, last_seen_at },
        sessions: sessions.length,
        conversations: conversations.length,
      };
      if (flags['json']) terminal.json(facts);
      else
        terminal.line(
          table(
            ['FIELD', 'VALUE'],
            Object.entries(facts).map(([name, value]) => [name, String(value ?? '-')]),
          ),
        );
    }),
};
