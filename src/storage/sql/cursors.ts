import { literal, Op, QueryTypes, type Transaction } from 'sequelize';
import type { ConversationStore, CursorWrite } from '../../ports/storage.ts';
import { chunks, plain, plainOr, type StoreParts } from './rows.ts';

type CursorQueries = Pick<ConversationStore, 'writeCursors' | 'reached' | 'setJoined'>;

const raised = ['read_seq', 'read_n', 'delivered_seq'] as const;
const columns = ['conversation_id', 'user_id', 'role', 'state', ...raised];

export const createCursorQueries = ({
  models: { conversations, members },
  transact,
  dialect,
  sequelize,
}: StoreParts): CursorQueries => {
  const write = async (writes: CursorWrite[], transaction?: Transaction) => {
    const rows = writes.map(({ conversation_id, user_id, ...cursor }) => [
      ...[conversation_id, user_id, 'member', 'none'],
      ...raised.map(column => cursor[column] ?? 0),
    ]);
    const sql = `INSERT INTO members (${columns.join(', ')}) VALUES ${rows.map(() => '(?)').join(', ')} ${dialect.raise(raised)}`;
    await sequelize.query(sql, { replacements: rows, type: QueryTypes.INSERT, transaction });
  };

  return {
    async writeCursors(writes) {
      // One order, so that two instances' batches wait for each other instead of locking each other out.
      const pages = chunks([...writes].sort(byPlace));
      const [only] = pages;
      if (!only) return;
      if (pages.length === 1) await write(only);
      else {
        await transact(async transaction => {
          for (const page of pages) await write(page, transaction);
        });
      }
    },

    async reached(conversation_id, cursor, seq, limit) {
      const conversation = plainOr(
        await conversations.findOne({ where: { id: conversation_id }, attributes: ['kind'] }),
      );
      const where = {
        conversation_id,
        [cursor]: { [Op.gte]: seq },
        ...(conversation?.kind !== 'lobby' && { state: 'active' }),
      };
      const [count, rows] = await Promise.all([
        members.count({ where }),
        members.findAll({ where, attributes: ['user_id'], order: [['user_id', 'ASC']], limit }),
      ]);
      return { user_ids: rows.map(row => plain(row).user_id), count };
    },

    async setJoined(conversation_id, user_id, version, seq, n) {
      const higher = (column: 'read_seq' | 'read_n', value: number) =>
        literal(`CASE WHEN ${column} < ${Number(value)} THEN ${Number(value)} ELSE ${column} END`);
      const where = { conversation_id, user_id, joined_version: { [Op.lte]: version }, joined_seq: { [Op.lt]: seq } };
      await members.update(
        { joined_seq: seq, read_seq: higher('read_seq', seq), read_n: higher('read_n', n) },
        { where },
      );
    },
  };
};

const byPlace = (a: CursorWrite, b: CursorWrite) =>
  a.conversation_id === b.conversation_id
    ? Number(a.user_id > b.user_id) - Number(a.user_id < b.user_id)
    : a.conversation_id < b.conversation_id
      ? -1
      : 1;
