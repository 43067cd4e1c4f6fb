import { ParleyError } from '../../errors.ts';
import type { Handlers } from '../../invoke.ts';
import { fold, usernameKey } from '../username-key.ts';
import type { AccountParts } from './parts.ts';

const pageSize = 50;

export const createSearchHandlers = ({ users }: Pick<AccountParts, 'users'>): Handlers<'user:search'> => ({
  async 'user:search'(_, { q, after, limit = pageSize }) {
    const prefix = fold(q.trim());
    if (prefix === '')
      throw new ParleyError('invalid_input', { message: 'q: must not be blank', details: { q: 'must not be blank' } });
    const found = await users.search(prefix, after, limit + 1);
    const items = found.slice(0, limit).map(({ id, username, full_name }) => ({ id, username, full_name }));
    const last = items.at(-1);
    const has_more = found.length > limit;
    return { items, has_more, ...(has_more && last && { next: usernameKey(last.username) }) };
  },
});
