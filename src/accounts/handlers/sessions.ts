import { notFound, ParleyError } from '../../errors.ts';
import type { Handlers } from '../../invoke.ts';
import { limits } from '../../protocol/index.ts';
import type { AccountParts } from './parts.ts';

export const createSessionHandlers = ({
  sessions,
  clock,
  record,
}: Pick<AccountParts, 'sessions' | 'clock' | 'record'>): Handlers<
  'session:list' | 'session:revoke' | 'session:renew'
> => ({
  async 'session:list'({ user_id, session_id }) {
    const rows = await sessions.list(user_id);
    const items = rows.slice(0, limits.list_page).map(({ id, created_at, last_seen_at, user_agent }) => ({
      id,
      current: id === session_id,
      created_at,
      last_seen_at,
      user_agent,
    }));
    return { items, has_more: rows.length > items.length };
  },

  async 'session:revoke'({ user_id }, { id }) {
    const [ended] = await sessions.revoke({ id, user_id });
    if (ended === undefined) throw notFound();
    record('session_revoked', { user_id, session_id: id });
    return { id };
  },

  async 'session:renew'(actor, { token }, { connection }) {
    const { actor: renewed, expires_at } = await sessions.authenticate(token);
    // A socket stays its session's: another one's token would change who speaks, and outlive this one's end.
    if (renewed.session_id !== actor.session_id) throw new ParleyError('unauthenticated');
    connection?.setExpiry(expires_at);
    return { expires_in: Math.max(0, Math.floor((expires_at - clock.now()) / 1_000)) };
  },
});
