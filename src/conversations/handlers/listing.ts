import { lobbyId } from '../../protocol/index.ts';
import { may } from '../may.ts';
import type { Item } from '../present.ts';
import { roomNameKey } from '../room-name.ts';
import { defaultLimit, type HandlerParts, type Some } from './parts.ts';

type Parts = Pick<HandlerParts, 'storage' | 'states' | 'access' | 'presenter' | 'clock'>;

export const createListing = ({
  storage,
  states,
  access,
  presenter,
  clock,
}: Parts): Some<'conversation:list' | 'conversation:directory' | 'conversation:get'> => ({
  /** The lobby, then the others by id. */
  async 'conversation:list'(actor, { after, limit = defaultLimit }) {
    const items: Item[] = [];
    const lobby = after === undefined ? await states.fresh(lobbyId) : undefined;
    if (lobby && may(actor, 'conversation:get', lobby, undefined, clock.now()) === undefined) {
      const [conversation, member] = await Promise.all([storage.find(lobbyId), storage.member(lobbyId, actor.user_id)]);
      if (conversation) items.push({ conversation, member });
    }
    const others = await storage.ofUser(actor.user_id, after === lobbyId ? undefined : after, limit - items.length + 1);
    const all = [...items, ...others];
    const shown = all.slice(0, limit);
    const has_more = all.length > limit;
    return {
      items: await presenter.many(actor, shown),
      has_more,
      ...(has_more && { next: shown.at(-1)?.conversation.id }),
    };
  },

  async 'conversation:directory'(actor, { q = '', after, limit = defaultLimit }) {
    const rooms = await storage.directory(roomNameKey(q), after, limit + 1);
    const shown = rooms.slice(0, limit);
    const [counts, own] = await Promise.all([
      storage.countActive(shown.map(({ row }) => row.id)),
      storage.idsOfUser(actor.user_id),
    ]);
    const joined = new Set(own);
    return {
      items: shown.map(({ row: { id, kind, name, topic } }) => ({
        ...{ id, kind, name, topic },
        members: counts.get(id) ?? 0,
        joined: joined.has(id),
      })),
      has_more: rooms.length > limit,
      ...(rooms.length > limit && { next: shown.at(-1)?.name_key }),
    };
  },

  async 'conversation:get'(actor, { conversation_id }) {
    await access.permit(actor, 'conversation:get', conversation_id);
    return presenter.one(actor, conversation_id);
  },
});
