import type { Actor } from '../actor.ts';
import { type Access, floorOf } from '../conversations/access.ts';
import type { Handlers } from '../invoke.ts';
import type { Presenter } from '../messages/present.ts';
import type { FoldedMessage, Log } from '../ports/log.ts';
import type { SearchHit, SearchIndex } from '../ports/search.ts';
import type { ConversationStore } from '../ports/storage.ts';
import { lobbyId, type Message } from '../protocol/index.ts';

export interface SearchParts {
  index: Pick<SearchIndex, 'find'>;
  log: Pick<Log, 'messageAt' | 'heads'>;
  access: Access;
  storage: Pick<ConversationStore, 'ofUser' | 'member'>;
  presenter: Presenter;
}

const defaultLimit = 20;
const maxLimit = 100;
const conversationsPerRead = 500;

/**
 * Search within what the caller may see. The index may lag, so it only says where to look: whatever is shown is read from the log,
 * and what was unsent meanwhile, or lies outside, is left out. A page can therefore be shorter than its limit and still have a next.
 */
export const createSearchHandlers = (parts: SearchParts): Handlers<'message:search'> => {
  const { index, log, access, storage, presenter } = parts;

  /** From which seq on the caller may have each conversation. */
  const floorsOf = async (actor: Actor, conversation_id: string | undefined): Promise<Map<string, number>> => {
    if (conversation_id !== undefined) {
      const { floor } = await access.see(actor, conversation_id);
      return new Map([[conversation_id, floor]]);
    }
    const floors = new Map<string, number>();
    const lobby = await storage.member(lobbyId, actor.user_id);
    if (lobby?.state !== 'banned') floors.set(lobbyId, 1);
    let after: string | undefined;
    do {
      const some = await storage.ofUser(actor.user_id, after, conversationsPerRead);
      for (const { conversation, member } of some) {
        // Not yet in the log, or only just: nothing below the joining can be older than that.
        const head = { seq: member.joined_seq > 0 ? 0 : Number.MAX_SAFE_INTEGER - 1 };
        floors.set(conversation.id, floorOf({ ...conversation, head }, member));
      }
      after = some.length < conversationsPerRead ? undefined : some.at(-1)?.conversation.id;
    } while (after !== undefined);
    return floors;
  };

  const resolve = async (hits: SearchHit[], viewer: string): Promise<{ hit: SearchHit; folded: FoldedMessage }[]> => {
    const found = await Promise.all(
      hits.map(async hit => ({ hit, folded: await log.messageAt(hit.conversation_id, hit.seq, viewer) })),
    );
    return found.flatMap(({ hit, folded }) => (folded && !folded.event.payload.unsent ? [{ hit, folded }] : []));
  };

  return {
    async 'message:search'(actor, { q, conversation_id, from, after, limit = defaultLimit }) {
      const floors = await floorsOf(actor, conversation_id);
      const { hits, next } = await index.find({ q, floors, from, after, limit: Math.min(limit, maxLimit) });
      const resolved = await resolve(hits, actor.user_id);
      const messages = await presenter.messages(
        resolved.map(({ folded }) => folded),
        actor.user_id,
      );
      const items = messages.map((message, place) => ({
        ...message,
        highlight: highlightOf(message, resolved[place]?.hit),
      }));
      return { items, has_more: next !== undefined, ...(next !== undefined && { next }) };
    },
  };
};

/** The index's pieces, where they are those of the text as it is now; else the text without marks. */
const highlightOf = ({ message }: Message, hit: SearchHit | undefined) => {
  const pieces = hit?.highlight ?? [];
  return pieces.map(({ text }) => text).join('') === message ? pieces : [{ text: message, match: false }];
};
