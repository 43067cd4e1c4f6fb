import type { Transaction } from 'sequelize';
import { ParleyError } from '../../errors.ts';
import type {
  ConversationChange,
  ConversationRow,
  ConversationStore,
  MemberRow,
  OutboxEntry,
} from '../../ports/storage.ts';
import { conversationColumns, memberColumns } from './columns.ts';
import { plain, plainOr, type StoreParts } from './rows.ts';

type Changed = Pick<MemberRow, 'user_id'> & Partial<MemberRow>;

/** The index over room names holds this many characters; no name that anybody reads folds to more. */
const longestNameKey = 640;

export const refuseLongNameKey = (name_key: string | null | undefined) => {
  if (name_key && name_key.length > longestNameKey) {
    throw new ParleyError('invalid_input', { details: { name: 'has a form that is too long' } });
  }
};

const blankMember = (conversation_id: string, user_id: string): MemberRow => ({
  conversation_id,
  user_id,
  role: 'member',
  state: 'none',
  muted_until: null,
  joined_seq: 0,
  read_seq: 0,
  read_n: 0,
  delivered_seq: 0,
  user_version: 0,
});

/** Applies changes within a transaction that holds the conversation's row. */
export const createApply = ({ models: { users, conversations, members, outbox } }: StoreParts) => {
  const readMembers = async (conversation_id: string, user_ids: string[], transaction: Transaction) => {
    const where = { conversation_id, user_id: user_ids };
    const rows = await members.findAll({
      where,
      attributes: memberColumns,
      transaction,
      lock: transaction.LOCK.UPDATE,
    });
    return new Map(rows.map(plain).map(row => [row.user_id, row]));
  };

  /**
   * The next value of the membership counter. The row of users stays locked until the commit, so that counters become visible in
   * their order.
   */
  const nextUserVersion = async (id: string, transaction: Transaction) => {
    await users.increment('membership_version', { where: { id }, transaction });
    const user = await users.findOne({ where: { id }, attributes: ['membership_version'], transaction });
    if (!user) throw new ParleyError('not_found');
    return plain(user).membership_version;
  };

  const writeMember = async (
    before: MemberRow | undefined,
    row: MemberRow,
    joined_version: number | undefined,
    transaction: Transaction,
  ) => {
    const { conversation_id, user_id } = row;
    const joined = joined_version === undefined ? {} : { joined_version };
    if (!before) await members.create({ ...row, joined_version: 0, ...joined }, { transaction });
    else await members.update({ ...row, ...joined }, { where: { conversation_id, user_id }, transaction });
  };

  /** Versions, rows and outbox entries of one change; `known` holds the members rows read so far and is brought up to date. */
  const apply = async (
    conversation: ConversationRow,
    known: Map<string, MemberRow>,
    change: ConversationChange,
    transaction: Transaction,
  ) => {
    const { id } = conversation;
    const { conversation: set = {}, members: changed = [], events } = change;
    refuseLongNameKey(set.name_key);
    const entries: OutboxEntry[] = events.map((event, index) => ({
      conversation_id: id,
      version: conversation.version + index + 1,
      event,
    }));
    const { name_key: _, ...visible } = set;
    const row: ConversationRow = {
      ...conversation,
      ...defined(visible),
      version: conversation.version + events.length,
    };
    if (events.length > 0 || Object.keys(defined(set)).length > 0) {
      await conversations.update({ ...defined(set), version: row.version }, { where: { id }, transaction });
    }

    const unread = changed.map(({ user_id }) => user_id).filter(user_id => !known.has(user_id));
    if (unread.length > 0)
      for (const [key, member] of await readMembers(id, unread, transaction)) known.set(key, member);
    // In one order everywhere, so that two changes that touch the same people do not lock each other out.
    for (const wanted of [...changed].sort(byUser)) {
      const before = known.get(wanted.user_id);
      const after = merge(before ?? blankMember(id, wanted.user_id), wanted);
      const joins = after.state === 'active' && before?.state !== 'active';
      if (joins) after.joined_seq = 0;
      if (after.state !== (before?.state ?? 'none') || after.role !== (before?.role ?? 'member')) {
        after.user_version = await nextUserVersion(wanted.user_id, transaction);
      } else if (
        !before &&
        !(await users.findOne({ where: { id: wanted.user_id }, attributes: ['id'], transaction }))
      ) {
        throw new ParleyError('not_found');
      }
      const joined = joins ? joinedVersion(entries, wanted.user_id, conversation.version) : undefined;
      await writeMember(before, after, joined, transaction);
      known.set(wanted.user_id, after);
    }

    const stored = entries.map(({ event, ...place }) => ({ ...place, event: JSON.stringify(event) }));
    if (stored.length > 0) await outbox.bulkCreate(stored, { transaction });
    return { conversation: row, members: known, outbox: entries };
  };

  const change = async (
    id: string,
    user_ids: string[],
    decide: Parameters<ConversationStore['change']>[2],
    transaction: Transaction,
  ) => {
    const conversation = plainOr(
      await conversations.findOne({
        where: { id },
        attributes: conversationColumns,
        transaction,
        lock: transaction.LOCK.UPDATE,
      }),
    );
    if (!conversation) return undefined;
    const known = user_ids.length > 0 ? await readMembers(id, user_ids, transaction) : new Map<string, MemberRow>();
    const owners = await members.count({ where: { conversation_id: id, state: 'active', role: 'owner' }, transaction });
    return await apply(conversation, known, decide({ ...conversation }, new Map(known), owners), transaction);
  };

  return { apply, change };
};

const byUser = (a: Changed, b: Changed) => (a.user_id < b.user_id ? -1 : 1);

const defined = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;

/** Cursors only rise. */
const merge = (member: MemberRow, { read_seq = 0, read_n = 0, ...wanted }: Changed): MemberRow => ({
  ...member,
  ...defined(wanted),
  read_seq: Math.max(member.read_seq, read_seq),
  read_n: Math.max(member.read_n, read_n),
});

/** The version of the `joined` event that belongs to a joining; without one, anything from this change on. */
const joinedVersion = (entries: OutboxEntry[], user_id: string, version: number) =>
  entries.find(({ event }) => event.kind === 'joined' && (event.payload.user_id ?? event.from) === user_id)?.version ??
  version + 1;
