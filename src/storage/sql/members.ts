import { type IncludeOptions, Op, type WhereOptions } from 'sequelize';
import type { ConversationRow, ConversationStore, MemberRow } from '../../ports/storage.ts';
import { conversationColumns, memberColumns } from './columns.ts';
import { chunks, plain, plainOr, type StoreParts } from './rows.ts';

type MemberQueries = Pick<
  ConversationStore,
  'member' | 'membersOf' | 'page' | 'countActive' | 'ofUser' | 'idsOfUser' | 'changesOfUser' | 'userVersion' | 'peers'
>;

export const createMemberQueries = ({ models: { users, conversations, members } }: StoreParts): MemberQueries => {
  const attributes = memberColumns;
  const among = (where: WhereOptions<ConversationRow>): IncludeOptions => ({
    model: conversations,
    as: 'conversation',
    attributes: [],
    required: true,
    where,
  });
  /** The lobby is everybody's and has no rows that say so. */
  const theirs = among({ deleted_at: null, kind: { [Op.ne]: 'lobby' } });

  const withConversations = async (
    options: { where: WhereOptions<MemberRow>; order: [string, 'ASC'][]; limit: number },
    include: IncludeOptions,
  ) => {
    const rows = await members.findAll({
      ...options,
      attributes,
      include: [{ ...include, attributes: conversationColumns }],
    });
    return rows.map(plain).flatMap(({ conversation, ...member }) => (conversation ? [{ conversation, member }] : []));
  };

  return {
    async member(conversation_id, user_id) {
      return plainOr(await members.findOne({ where: { conversation_id, user_id }, attributes }));
    },

    async membersOf(conversation_id) {
      // Three queries, each with an index of its own: the lobby has a row of cursors for everybody, and few of them matter.
      const notable: WhereOptions<MemberRow>[] = [
        { state: ['active', 'banned'] },
        { muted_until: { [Op.ne]: null } },
        { role: ['owner', 'admin'], state: 'none' },
      ];
      const rows = await Promise.all(
        notable.map(where => members.findAll({ where: { conversation_id, ...where }, attributes })),
      );
      return [...new Map(rows.flat().map(row => [plain(row).user_id, plain(row)])).values()];
    },

    async page(conversation_id, state, after, limit) {
      const where = { conversation_id, state, ...(after !== undefined && { user_id: { [Op.gt]: after } }) };
      return (await members.findAll({ where, attributes, order: [['user_id', 'ASC']], limit })).map(plain);
    },

    async countActive(ids) {
      const counts = await Promise.all(
        chunks(ids).map(conversation_id =>
          members.count({ where: { conversation_id, state: 'active' }, group: ['conversation_id'] }),
        ),
      );
      const byId = new Map(counts.flat().map(row => [String(row['conversation_id']), Number(row.count)]));
      return new Map(ids.map(id => [id, byId.get(id) ?? 0]));
    },

    ofUser(user_id, after, limit) {
      const where = { user_id, state: 'active', ...(after !== undefined && { conversation_id: { [Op.gt]: after } }) };
      return withConversations({ where, order: [['conversation_id', 'ASC']], limit }, theirs);
    },

    async idsOfUser(user_id) {
      const where = { user_id, state: 'active' };
      const rows = await members.findAll({ where, attributes: ['conversation_id'], include: [theirs] });
      return rows.map(row => plain(row).conversation_id);
    },

    changesOfUser(user_id, since, limit) {
      const where = { user_id, user_version: { [Op.gt]: since } };
      return withConversations({ where, order: [['user_version', 'ASC']], limit }, among({}));
    },

    async userVersion(id) {
      const row = plainOr(await users.findOne({ where: { id }, attributes: ['membership_version'] }));
      return row?.membership_version ?? 0;
    },

    async peers(user_id, conversation_ids) {
      const others = (conversation_id: string[]) => ({ conversation_id, user_id: { [Op.ne]: user_id } });
      const found = await Promise.all(
        chunks(conversation_ids).map(ids =>
          members.findAll({
            where: others(ids),
            attributes: ['conversation_id', 'user_id'],
            include: [among({ kind: 'direct' })],
          }),
        ),
      );
      return new Map(found.flat().map(row => [plain(row).conversation_id, plain(row).user_id]));
    },
  };
};
