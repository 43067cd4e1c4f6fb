import { Op, type Transaction, UniqueConstraintError } from 'sequelize';
import type { ConversationStore } from '../../ports/storage.ts';
import { conversationColumns } from './columns.ts';
import { createApply, refuseLongNameKey } from './conversation-change.ts';
import { createCursorQueries } from './cursors.ts';
import { createMemberQueries } from './members.ts';
import { endOfPrefix, plain, plainOr, type StoreParts } from './rows.ts';

export const createConversationStore = (parts: StoreParts): ConversationStore => {
  const { models, transact } = parts;
  const { conversations, outbox } = models;
  const attributes = conversationColumns;
  const { apply, change } = createApply(parts);
  type New = Parameters<ConversationStore['create']>[0];

  const findOne = async (where: Record<string, string>, transaction?: Transaction) =>
    plainOr(await conversations.findOne({ where, attributes, transaction }));

  /** The conversation that a new one would be a second of. */
  const findSame = async ({ id, created_by, client_id, direct_key }: New, transaction?: Transaction) =>
    (await findOne({ id }, transaction)) ??
    (direct_key === null ? undefined : await findOne({ direct_key }, transaction)) ??
    (client_id === null ? undefined : await findOne({ created_by, client_id }, transaction));

  return {
    async create(row, first) {
      refuseLongNameKey(row.name_key);
      try {
        return await transact(async transaction => {
          const same = await findSame(row, transaction);
          if (same) return { row: same, existed: true };
          await conversations.create({ ...row, version: 0, deleted_at: null }, { transaction });
          const { name_key: _name, direct_key: _pair, client_id: _client, ...visible } = row;
          const inserted = { ...visible, version: 0, deleted_at: null };
          const { conversation } = await apply(inserted, new Map(), first, transaction);
          return { row: conversation, existed: false };
        });
      } catch (error) {
        // Two who create the same thing at once: where both looked first, one learns it from the index.
        const same = error instanceof UniqueConstraintError ? await findSame(row) : undefined;
        if (same) return { row: same, existed: true };
        throw error;
      }
    },

    change: (id, user_ids, decide) => transact(transaction => change(id, user_ids, decide, transaction)),

    find: id => findOne({ id }),
    findRoom: name_key => findOne({ name_key }),
    findDirect: direct_key => findOne({ direct_key }),
    findByClientId: (created_by, client_id) => findOne({ created_by, client_id }),

    async directory(prefix, after, limit) {
      const begins = { name_key: { [Op.gte]: prefix, [Op.lt]: endOfPrefix(prefix) } };
      const rows = await conversations.findAll({
        where: {
          deleted_at: null,
          [Op.and]: [begins, ...(after === undefined ? [] : [{ name_key: { [Op.gt]: after } }])],
        },
        attributes: [...attributes, 'name_key'],
        order: [['name_key', 'ASC']],
        limit,
      });
      return rows.map(plain).map(({ name_key, ...row }) => ({ row, name_key: name_key ?? '' }));
    },

    async outbox({ conversation_id, limit }) {
      const rows = await outbox.findAll({
        where: conversation_id === undefined ? {} : { conversation_id },
        order: [
          ['conversation_id', 'ASC'],
          ['version', 'ASC'],
        ],
        limit,
      });
      return rows.map(plain).map(({ event, ...place }) => ({ ...place, event: JSON.parse(event) }));
    },

    async outboxDone(conversation_id, upToVersion) {
      await outbox.destroy({ where: { conversation_id, version: { [Op.lte]: upToVersion } } });
    },

    ...createMemberQueries(parts),
    ...createCursorQueries(parts),
  };
};
