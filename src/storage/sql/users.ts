import { Op } from 'sequelize';
import { fold } from '../../accounts/username-key.ts';
import type { UserRow, UserStore } from '../../ports/storage.ts';
import { chunks, endOfPrefix, plain, plainOr, type StoreParts } from './rows.ts';

export const userColumns = [
  'id',
  'username',
  'full_name',
  'email',
  'password_hash',
  'role',
  'created_at',
  'last_seen_at',
  'erased_at',
] as const satisfies readonly (keyof UserRow)[];
const attributes = [...userColumns];

/** Only a prefix is ever looked for; the column holds no more. */
const fullNameKey = (full_name: string) => fold(full_name).trim().slice(0, 160);

export const createUserStore = ({ models: { users, sessions, notifications }, transact }: StoreParts): UserStore => ({
  async create(user, { username, email }) {
    await users.create({
      ...user,
      username_key: username,
      full_name_key: fullNameKey(user.full_name),
      email_key: email,
      membership_version: 0,
    });
  },

  async find(id) {
    return plainOr(await users.findOne({ where: { id }, attributes }));
  },

  async findMany(ids) {
    const pages = chunks(ids).map(id => users.findAll({ where: { id }, attributes }));
    return (await Promise.all(pages)).flat().map(plain);
  },

  async findByUsernameKey(username_key) {
    return plainOr(await users.findOne({ where: { username_key }, attributes }));
  },

  async findByUsernameKeys(keys) {
    const pages = chunks(keys).map(username_key => users.findAll({ where: { username_key }, attributes }));
    return (await Promise.all(pages)).flat().map(plain);
  },

  async update(id, change) {
    const { full_name } = change;
    const set = { ...change, ...(full_name !== undefined && { full_name_key: fullNameKey(full_name) }) };
    const given = Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined));
    if (Object.keys(given).length > 0) await users.update(given, { where: { id, erased_at: null } });
  },

  async setLastSeen(seen) {
    await transact(async transaction => {
      for (const [id, last_seen_at] of [...seen].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const earlier = { [Op.or]: [{ last_seen_at: null }, { last_seen_at: { [Op.lt]: last_seen_at } }] };
        await users.update({ last_seen_at }, { where: { id, erased_at: null, ...earlier }, transaction });
      }
    });
  },

  async erase(id, erased_at) {
    await transact(async transaction => {
      const blank = { username: '', full_name: '', full_name_key: '', password_hash: '' };
      const freed = { username_key: null, email: null, email_key: null, last_seen_at: null };
      await users.update({ ...blank, ...freed, erased_at }, { where: { id, erased_at: null }, transaction });
      await sessions.destroy({ where: { user_id: id }, transaction });
      await notifications.destroy({ where: { user_id: id }, transaction });
    });
  },

  async search(prefix, after, limit) {
    const begins = { [Op.gte]: prefix, [Op.lt]: endOfPrefix(prefix) };
    const rows = await users.findAll({
      where: {
        [Op.or]: [{ username_key: begins }, { full_name_key: begins }],
        [Op.and]: [
          { username_key: { [Op.ne]: null } },
          ...(after === undefined ? [] : [{ username_key: { [Op.gt]: after } }]),
        ],
      },
      attributes,
      order: [
        ['username_key', 'ASC'],
        ['id', 'ASC'],
      ],
      limit,
    });
    return rows.map(plain);
  },
});
