import { type IncludeOptions, literal, Op, Transaction } from 'sequelize';
import { ParleyError } from '../../errors.ts';
import type { SessionRow, SessionStore, UserRow } from '../../ports/storage.ts';
import { chunks, plain, plainOr, type StoreParts } from './rows.ts';
import { userColumns } from './users.ts';

interface Timed {
  now_ms: number | string;
}

const columns = [
  'id',
  'user_id',
  'generation',
  'rotated_at',
  'created_at',
  'last_seen_at',
  'expires_at',
  'user_agent',
] as const satisfies readonly (keyof SessionRow)[];

/** Without the reading's own time; a big integer may arrive as text. */
const session = <R extends SessionRow & Timed>({ now_ms: _, ...row }: R) => ({
  ...row,
  rotated_at: Number(row.rotated_at),
});

/** By the database's clock, which is the same for all instances. */
const isLive = (row: SessionRow & Timed) => Date.parse(row.expires_at) > Number(row.now_ms);

export const createSessionStore = ({ models: { users, sessions }, transact, dialect }: StoreParts): SessionStore => {
  const now = literal(dialect.now_ms);
  const attributes = [...columns, [now, 'now_ms'] as [typeof now, string]];
  const timed = (row: SessionRow) => row as SessionRow & Timed;

  return {
    async create(row) {
      await transact(async transaction => {
        // A session must not outlive its account, even where both happen at once.
        const owner = { id: row.user_id, erased_at: null };
        const user = await users.findOne({
          where: owner,
          attributes: ['id'],
          transaction,
          lock: Transaction.LOCK.SHARE,
        });
        if (!user) throw new ParleyError('not_found');
        await sessions.create({ ...row, generation: 0, rotated_at: 0 }, { transaction });
      });
    },

    async find(id) {
      const user: IncludeOptions = { model: users, as: 'user', attributes: [...userColumns], required: true };
      const found = plainOr(await sessions.findOne({ where: { id }, attributes, include: [user] }));
      if (!found) return undefined;
      const row = found as SessionRow & Timed & { user: UserRow };
      return isLive(row) && row.user.erased_at === null ? session(row) : undefined;
    },

    async ofUser(user_id) {
      const rows = await sessions.findAll({ where: { user_id }, attributes, order: [['last_seen_at', 'DESC']] });
      return rows.map(plain).map(timed).filter(isLive).map(session);
    },

    async liveAmong(ids) {
      const user: IncludeOptions = {
        model: users,
        as: 'user',
        attributes: [],
        required: true,
        where: { erased_at: null },
      };
      const found = await Promise.all(
        chunks(ids).map(id => sessions.findAll({ where: { id }, attributes, include: [user] })),
      );
      return new Set(
        found
          .flat()
          .map(plain)
          .map(timed)
          .filter(isLive)
          .map(({ id }) => id),
      );
    },

    rotate: (id, generation, grace_ms, last_seen_at, expires_at) =>
      transact(async transaction => {
        const where = { id };
        const found = plainOr(
          await sessions.findOne({ where, attributes, transaction, lock: Transaction.LOCK.UPDATE }),
        );
        if (!found) return { outcome: 'absent' };
        const { now_ms, ...row } = timed(found);
        if (!isLive({ ...row, now_ms })) return { outcome: 'absent' };
        if (row.generation === generation) {
          const set = { generation: generation + 1, rotated_at: Number(now_ms), last_seen_at, expires_at };
          await sessions.update(set, { where: { id, generation }, transaction });
          return { outcome: 'rotated', generation: set.generation, session: { ...row, ...set } };
        }
        const age = Number(now_ms) - Number(row.rotated_at);
        if (row.generation === generation + 1 && age <= grace_ms) {
          return { outcome: 'grace', generation: row.generation, session: session({ ...row, now_ms }) };
        }
        await sessions.destroy({ where, transaction });
        return { outcome: 'replayed' };
      }),

    revoke: which =>
      transact(async transaction => {
        const { user_id } = which;
        const where = 'id' in which ? { user_id, id: which.id } : { user_id, ...except(which.except) };
        const live = await sessions.findAll({ where, attributes, transaction, lock: Transaction.LOCK.UPDATE });
        const rows = live.map(plain).map(timed);
        await sessions.destroy({ where: { id: rows.map(row => row.id) }, transaction });
        return rows.filter(isLive).map(row => row.id);
      }),

    async deleteExpired(time) {
      await sessions.destroy({ where: { expires_at: { [Op.lte]: time } } });
    },
  };
};

const except = (id: string | undefined) => (id === undefined ? {} : { id: { [Op.ne]: id } });
