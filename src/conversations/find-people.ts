import { ParleyError } from '../errors.ts';
import type { UserRow, UserStore } from '../ports/storage.ts';

/** The accounts of these ids, each once. Throws `not_found` naming `field` where one does not exist or was erased. */
export const findPeople = async (users: UserStore, ids: string[], field: string): Promise<Map<string, UserRow>> => {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return new Map();
  const rows = await users.findMany(wanted);
  const found = new Map(rows.filter(row => row.erased_at === null).map(row => [row.id, row]));
  const missing = wanted.find(id => !found.has(id));
  if (missing !== undefined) {
    throw new ParleyError('not_found', {
      message: `${field}: there is no user ${missing}`,
      details: { [field]: `there is no user ${missing}` },
    });
  }
  return found;
};
