import type { Actor } from '../actor.ts';
import type { ConversationPresenter, Item } from '../conversations/present.ts';
import type { ConversationStore } from '../ports/storage.ts';
import { type Conversation, lobbyId } from '../protocol/index.ts';

export interface Memberships {
  joined: Conversation[];
  left: string[];
  since: number;
  more: boolean;
}

/** Memberships per answer. */
const maxChanges = 200;

/**
 * What became the caller's and what ceased to be, after a membership version; page by page, each with the version to go on from.
 * On a new device, or where the version lies ahead of the store (a restored backup), everything is told anew, the lobby included.
 */
export const createSyncMemberships = ({
  storage,
  conversations,
}: {
  storage: ConversationStore;
  conversations: ConversationPresenter;
}) => {
  const lobby = async (actor: Actor): Promise<Item[]> => {
    const [conversation, member] = await Promise.all([storage.find(lobbyId), storage.member(lobbyId, actor.user_id)]);
    return conversation && member?.state !== 'banned' ? [{ conversation, member }] : [];
  };

  return async (actor: Actor, asked: number | undefined): Promise<Memberships> => {
    const isKnown = asked !== undefined && (asked === 0 || asked <= (await storage.userVersion(actor.user_id)));
    const since = isKnown ? asked : 0;
    const changes = await storage.changesOfUser(actor.user_id, since, maxChanges);
    const items: Item[] = isKnown ? [] : await lobby(actor);
    const left: string[] = [];
    for (const { conversation, member } of changes) {
      const isLobby = conversation.id === lobbyId;
      const inside =
        conversation.deleted_at === null && (isLobby ? member.state !== 'banned' : member.state === 'active');
      if (!inside) left.push(conversation.id);
      else if (!isLobby || isKnown) items.push({ conversation, member });
    }
    return {
      joined: await conversations.many(actor, items),
      // A new device holds nothing that it could leave.
      left: isKnown ? left : [],
      since: changes.at(-1)?.member.user_version ?? since,
      more: changes.length === maxChanges,
    };
  };
};
