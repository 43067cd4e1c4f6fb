import { type Command, json } from '../../command.ts';
import { Failure, Misuse } from '../../failures.ts';
import { printable, table } from '../../table.ts';
import { withCore, withCoreTelling } from '../../with-core.ts';
import { counted, requireAccount } from './account.ts';

export const sessions: Command = {
  name: 'sessions',
  summary: 'List where an account is signed in',
  usage: 'USERNAME [--json]',
  text: 'The id of a session is not its token: nobody can sign in by it.',
  options: json,
  words: { min: 1, max: 1 },
  run: ({ words: [username], flags }, terminal) =>
    withCore(terminal, async core => {
      const user = await requireAccount(core, username);
      const rows = await core.sessions.list(user.id);
      const items = rows.map(({ id, created_at, last_seen_at, expires_at, user_agent }) => ({
        ...{ id, created_at, last_seen_at, expires_at, user_agent },
      }));
      if (flags['json']) terminal.json({ items });
      else if (items.length === 0) terminal.line(`${user.username} is signed in nowhere.`);
      else {
        const lines = items.map(({ id, created_at, last_seen_at, user_agent }) => [
          id,
          created_at,
          last_seen_at,
          user_agent,
        ]);
        terminal.line(table(['ID', 'SINCE', 'LAST SEEN', 'USER AGENT'], lines));
      }
    }),
};

export const revokeSession: Command = {
  name: 'revoke-session',
  summary: 'Sign an account out, of one session or everywhere',
  usage: 'USERNAME (ID | --all)',
  text: 'Its tokens are refused and its sockets closed within 2 seconds, on every instance. Nothing keeps the person from signing in again.',
  options: { all: { type: 'boolean', meaning: 'All of its sessions.' } },
  words: { min: 1, max: 2 },
  run: ({ words: [username, id], flags: { all } }, terminal) => {
    if ((id === undefined) === !all)
      throw new Misuse('Either the ID of a session or --all is needed. See: parley admin revoke-session --help');
    return withCoreTelling(terminal, async core => {
      const user = await requireAccount(core, username);
      const ended = await core.sessions.revoke(id === undefined ? { user_id: user.id } : { id, user_id: user.id });
      if (id !== undefined && ended.length === 0)
        throw new Failure(`${user.username} has no session ${printable(id).slice(0, 80)}.`);
      core.record('session_revoked', { user_id: user.id, sessions: ended.length });
      terminal.line(`${counted(ended.length, 'session')} of ${user.username} ended.`);
    });
  },
};
