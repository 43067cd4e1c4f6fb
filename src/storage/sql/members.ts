import { type IncludeOptions, Op, QueryTypes, type WhereOptions } from 'sequelize';
import type { ConversationRow, ConversationStore, MemberRow } from '../../ports/storage.ts';
import { lobbyId } from '../../protocol/index.ts';
import { conversationColumns, memberColumns } from './columns.ts';
import { chunks, plain, plainOr, type StoreParts } from './rows.ts';

type MemberQueries = Pick<
  ConversationStore,
  | 'member'
  | 'membersOf'
  | 'page'
  | 'countActive'
  | 'ofUser'
  | 'idsOfUser'
  | 'audibleTo'
  | 'changesOfUser'
  | 'userVersion'
  | 'userVersions'
  | 'peers'
>;

/** The lobby stands there for everybody; `banned` tells who does not hear it. */
const audible = `
  SELECT c.id AS id, 0 AS banned FROM members m JOIN conversations c ON c.id = m.conversation_id
  WHERE m.user_id = :user_id AND m.state = 'active' AND c.deleted_at IS NULL AND c.kind <> 'lobby'
  UNION ALL
  SELECT c.id, EXISTS (
    SELECT 1 FROM members m WHERE m.conversation_id = c.id AND m.user_id = :user_id AND m.state = 'banned'
  ) FROM conversations c WHERE c.id = '${lobbyId}'`;

export const createMemberQueries = ({
  sequelize,
  models: { users, conversations, members },
}: StoreParts): MemberQueries => {
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

    async audibleTo(user_id) {
      // By hand, as it runs for every connection: through the models it costs twice as much.
      const rows = await sequelize.query<{ id: string; banned: number }>(audible, {
        replacements: { user_id },
        type: QueryTypes.SELECT,
        raw: true,
      });
      return rows.filter(({ banned }) => !banned).map(({ id }) => id);
    },

    changesOfUser(user_id, since, limit) {
      const where = { user_id, user_version: { [Op.gt]: since } };
      return withConversations({ where, order: [['user_version', 'ASC']], limit }, among({}));
    },

    async userVersion(id) {
      const row = plainOr(await users.findOne({ where: { id }, attributes: ['membership_version'] }));
      return row?.membership_version ?? 0;
    },

    async userVersions(ids) {
      const found = await Promise.all(
        chunks(ids).map(id => users.findAll({ where: { id }, attributes: ['id', 'membership_version'] })),
      );
      return new Map(found.flat().map(row => [plain(row).id, plain(row).membership_version]));
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
