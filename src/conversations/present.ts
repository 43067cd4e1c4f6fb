import type { Actor } from '../actor.ts';
import { notFound } from '../errors.ts';
import type { FoldedMessage, Log } from '../ports/log.ts';
import type { ConversationRow, ConversationStore, MemberRow } from '../ports/storage.ts';
import type { Conversation, Message, User } from '../protocol/index.ts';
import { floorOf } from './access.ts';
import type { Cursors } from './cursors.ts';

/** Names of people by their ids; every id that was asked for is in the answer. */
export interface Names {
  get(ids: Iterable<string>): Promise<Map<string, User>>;
}

/** A conversation and the caller's row in it. */
export interface Item {
  conversation: ConversationRow;
  member?: MemberRow;
}

export interface ConversationPresenter {
  /** As the actor sees them, in the same order; a bounded number of reads, however many there are. Authorises nothing. */
  many(actor: Actor, items: Item[]): Promise<Conversation[]>;
  /** Reads and presents one. Throws `not_found`. Authorises nothing. */
  one(actor: Actor, conversation_id: string): Promise<Conversation>;
}

export interface PresentParts {
  storage: ConversationStore;
  log: Log;
  people: Names;
  cursors: Cursors;
  presentMessages: (folded: FoldedMessage[], viewer: string) => Promise<Message[]> | Message[];
}

export const createConversationPresenter = ({
  storage,
  log,
  people,
  cursors,
  presentMessages,
}: PresentParts): ConversationPresenter => {
  const peersOf = async (viewer: string, items: Item[]): Promise<Map<string, User>> => {
    const ids = items.filter(item => item.conversation.kind === 'direct').map(item => item.conversation.id);
    if (ids.length === 0) return new Map();
    const peers = await storage.peers(viewer, ids);
    const names = await people.get(new Set(peers.values()));
    return new Map([...peers].map(([id, peer]) => [id, names.get(peer) ?? { id: peer, username: '', full_name: '' }]));
  };

  const latestOf = async (viewer: string, items: Item[]): Promise<Map<string, Message>> => {
    const latest = await log.latestMessages(
      items.filter(isMember).map(item => item.conversation.id),
      viewer,
    );
    const messages = await presentMessages([...latest.values()], viewer);
    return new Map(messages.map(message => [message.conversation_id, message]));
  };

  /** One after the other: the last message is at least as new as the head, never older. */
  const headsAndLatest = async (viewer: string, items: Item[]) => {
    const heads = await log.heads(items.map(item => item.conversation.id));
    return [heads, await latestOf(viewer, items)] as const;
  };

  const many: ConversationPresenter['many'] = async (actor, items) => {
    const viewer = actor.user_id;
    if (items.length === 0) return [];
    const [[heads, latest], peers] = await Promise.all([headsAndLatest(viewer, items), peersOf(viewer, items)]);
    return items.map(item => {
      const { conversation, member } = item;
      const { id, kind, name, topic, slow_mode_ms, history, created_at } = conversation;
      const last = latest.get(id);
      const read = heads.get(id) ?? { seq: 0, n: 0 };
      // What was said between the two readings counts for both, or the number of unread messages would not fit the last one.
      const head = last && last.seq > read.seq ? last : read;
      const inside = isMember(item);
      const floor = inside ? floorOf({ kind, history, head }, member ?? { joined_seq: 0 }) : head.seq + 1;
      const { read_seq, read_n, delivered_seq } = inside ? cursors.overlay(id, viewer, member) : unread;
      const peer = peers.get(id);
      return {
        ...{ id, kind, name, topic, slow_mode_ms, history, created_at },
        ...(peer && { peer }),
        role: inside ? roleOf(actor, item) : null,
        muted_until: (inside && member?.muted_until) || null,
        epoch: log.epoch,
        head: head.seq,
        floor,
        read_seq,
        delivered_seq,
        // The head's row may lag behind a cursor.
        unread: inside ? Math.max(0, head.n - read_n) : 0,
        last_message: last && last.seq >= floor ? last : null,
      };
    });
  };

  return {
    many,
    async one(actor, conversation_id) {
      const [conversation, member] = await Promise.all([
        storage.find(conversation_id),
        storage.member(conversation_id, actor.user_id),
      ]);
      if (!conversation || conversation.deleted_at !== null) throw notFound();
      const [presented] = await many(actor, [{ conversation, member }]);
      if (!presented) throw notFound();
      return presented;
    },
  };
};

const unread = { read_seq: 0, read_n: 0, delivered_seq: 0 };

const isMember = ({ conversation, member }: Item) =>
  conversation.kind === 'lobby' ? member?.state !== 'banned' : member?.state === 'active';

const roleOf = (actor: Actor, { conversation, member }: Item) =>
  conversation.kind === 'lobby' && actor.role === 'admin' ? 'admin' : (member?.role ?? 'member');
