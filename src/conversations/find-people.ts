import { ParleyError } from '../errors.ts';
import type { UserRow, UserStore } from '../ports/storage.ts';

/** The accounts of these ids, each once and in this order. Throws `not_found` naming `field` where one does not exist or was erased. */
export const findPeople = async (users: UserStore, ids: string[], field: string): Promise<Map<string, UserRow>> => {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return new Map();
  const rows = new Map((await users.findMany(wanted)).map(row => [row.id, row]));
  const found = new Map<string, UserRow>();
  for (const id of wanted) {
    const row = rows.get(id);
    if (!row || row.erased_at !== null) {
      const reason = `there is no user ${id}`;
      throw new ParleyError('not_found', { message: `${field}: ${reason}`, details: { [field]: reason } });
    }
    found.set(id, row);
  }
  return found;
};
