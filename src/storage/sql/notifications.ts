import { Op, type Transaction } from 'sequelize';
import type { NotificationRow, NotificationStore } from '../../ports/storage.ts';
import { plain, plainOr, type StoreParts } from './rows.ts';

const identity = ({ user_id, seq }: NotificationRow) => `${seq} ${user_id}`;

export const createNotificationStore = ({
  models: { notifications, positions, stamps },
  transact,
}: StoreParts): NotificationStore => {
  /** One notification for a person and an event, whatever its kind. */
  const insertNew = async (conversation_id: string, rows: NotificationRow[], transaction: Transaction) => {
    if (rows.length === 0) return [];
    const present = await notifications.findAll({
      where: { conversation_id, seq: [...new Set(rows.map(row => row.seq))] },
      attributes: ['user_id', 'seq'],
      transaction,
    });
    const known = new Set(present.map(plain).map(identity));
    const fresh = rows.filter(row => !known.has(identity(row)) && known.add(identity(row)));
    await notifications.bulkCreate(fresh, { transaction });
    return fresh;
  };

  return {
    async stamp(consumer) {
      return plainOr(await stamps.findOne({ where: { consumer } }))?.stamp ?? '';
    },

    setStamp: (consumer, stamp) =>
      transact(async transaction => {
        const where = { consumer };
        const row = await stamps.findOne({ where, transaction, lock: transaction.LOCK.UPDATE });
        if (row) await stamps.update({ stamp }, { where, transaction });
        else await stamps.create({ consumer, stamp }, { transaction });
      }),

    async position(consumer, conversation_id) {
      const row = plainOr(await positions.findOne({ where: { consumer, conversation_id } }));
      return row && Number(row.seq);
    },

    record: (consumer, conversation_id, seq, rows) =>
      transact(async transaction => {
        const where = { consumer, conversation_id };
        // Locked first: two notifiers that read the same events take turns. Where there is no row yet, one inserts and the other runs again.
        const at = plainOr(await positions.findOne({ where, transaction, lock: transaction.LOCK.UPDATE }));
        if (!at) await positions.create({ ...where, seq }, { transaction });
        else if (Number(at.seq) < seq) await positions.update({ seq }, { where, transaction });
        return insertNew(conversation_id, rows, transaction);
      }),

    async list(user_id, { before, unread, limit }) {
      const where = {
        user_id,
        ...(before !== undefined && { id: { [Op.lt]: before } }),
        ...(unread && { read_at: null }),
      };
      return (await notifications.findAll({ where, order: [['id', 'DESC']], limit })).map(plain);
    },

    countUnread: user_id => notifications.count({ where: { user_id, read_at: null } }),

    async markRead(user_id, ids, read_at) {
      const where = { user_id, read_at: null, ...(ids && { id: ids }) };
      await notifications.update({ read_at }, { where });
    },
  };
};
