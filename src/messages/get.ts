import type { Actor } from '../actor.ts';
import type { Access } from '../conversations/access.ts';
import { notFound } from '../errors.ts';
import type { Handlers } from '../invoke.ts';
import type { FoldedMessage, Log } from '../ports/log.ts';
import type { ConversationStore } from '../ports/storage.ts';
import type { User } from '../protocol/index.ts';
import type { Presenter } from './present.ts';
import { findTarget } from './target.ts';

export interface GetParts {
  log: Pick<Log, 'messageAt'>;
  access: Access;
  presenter: Presenter;
  storage: Pick<ConversationStore, 'reached'>;
  people: { get(ids: Iterable<string>): Promise<Map<string, User>> };
}

/** Of each kind; more are counted only. */
const maxListed = 500;

export const createGet = (parts: GetParts): Handlers<'message:get' | 'message:readers'> => {
  const { log, access, presenter, storage, people } = parts;

  const find = async (actor: Actor, id: string): Promise<FoldedMessage & { joinedAt: (user_id: string) => number }> => {
    const { folded, conversation_id, seq } = await findTarget(log, id, actor.user_id);
    const { floor, state } = await access.see(actor, conversation_id);
    if (!folded || seq < floor) throw notFound();
    return { ...folded, joinedAt: user_id => state.member(user_id)?.joined_seq ?? 0 };
  };

  /**
   * Who has reached a message by a cursor; not its author, nor those who joined behind it: their cursors began there.
   * `count` is exact for up to twice `maxListed`; beyond, it includes those two.
   */
  const reached = async (
    { event, joinedAt }: Awaited<ReturnType<typeof find>>,
    cursor: 'read_seq' | 'delivered_seq',
  ) => {
    const { user_ids, count } = await storage.reached(event.conversation_id, cursor, event.seq, 2 * maxListed);
    const counted = user_ids.filter(id => id !== event.from && joinedAt(id) <= event.seq);
    return { ids: counted, count: count - (user_ids.length - counted.length) };
  };

  return {
    async 'message:get'(actor, { id }) {
      const [message] = await presenter.messages([await find(actor, id)], actor.user_id);
      if (!message) throw notFound();
      return message;
    },
    async 'message:readers'(actor, { id }) {
      const found = await find(actor, id);
      const [read, delivered] = await Promise.all([reached(found, 'read_seq'), reached(found, 'delivered_seq')]);
      // Both lists are the first ones by id, so whoever has read stands in the first where he stands in the second.
      const readers = new Set(read.ids);
      const waiting = delivered.ids.filter(user_id => !readers.has(user_id));
      const exact = delivered.ids.length === delivered.count;
      const listed = [read.ids.slice(0, maxListed), waiting.slice(0, maxListed)] as const;
      const names = await people.get(listed.flat());
      const [readList, deliveredList] = listed.map(ids => ids.flatMap(user_id => names.get(user_id) ?? []));
      return {
        id,
        read: readList ?? [],
        read_count: read.count,
        delivered: deliveredList ?? [],
        delivered_count: exact ? waiting.length : Math.max(waiting.length, delivered.count - read.count),
      };
    },
  };
};
