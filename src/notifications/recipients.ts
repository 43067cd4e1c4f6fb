import { usernameKey } from '../accounts/username-key.ts';
import type { ConversationState } from '../conversations/state.ts';
import { type Log, placeOf, type StoredEvent } from '../ports/log.ts';
import type { ConversationStore, NotificationRow, UserStore } from '../ports/storage.ts';
import { lobbyId } from '../protocol/index.ts';

type Kind = NotificationRow['kind'];

export interface RecipientParts {
  log: Pick<Log, 'at'>;
  storage: Pick<ConversationStore, 'page' | 'peers'>;
  users: Pick<UserStore, 'search'>;
}

const idsPerRead = 500;
/** Direct conversations of which both people are remembered; they never change. */
const maxPairs = 10_000;

/**
 * Whom an event is told to, and as what: one kind per person, the most personal. Never its author, nor who is no member any more
 * or was none yet.
 */
export const createRecipients = ({ log, storage, users }: RecipientParts) => {
  /** Everybody who is called by `@all`; of the lobby, which has no rows, all accounts. */
  const everybody = async (conversation_id: string): Promise<string[]> => {
    const ids: string[] = [];
    let after: string | undefined;
    for (;;) {
      const some =
        conversation_id === lobbyId
          ? (await users.search('', after, idsPerRead)).map(({ id, username }) => ({ id, key: usernameKey(username) }))
          : (await storage.page(conversation_id, 'active', after, idsPerRead)).map(({ user_id: id }) => ({
              id,
              key: id,
            }));
      for (const { id } of some) ids.push(id);
      if (some.length < idsPerRead) return ids;
      after = some.at(-1)?.key;
    }
  };

  const pairs = new Map<string, [string, string]>();
  const peerOf = async (conversation_id: string, from: string): Promise<string | undefined> => {
    const pair = pairs.get(conversation_id);
    if (pair) return pair[0] === from ? pair[1] : pair[0];
    const peer = (await storage.peers(from, [conversation_id])).get(conversation_id);
    if (pairs.size >= maxPairs) pairs.clear();
    if (peer !== undefined) pairs.set(conversation_id, [from, peer]);
    return peer;
  };

  const authorOf = async (conversation_id: string, id: string): Promise<string | undefined> => {
    const place = placeOf(id);
    const event = place && (await log.at(conversation_id, place.seq));
    return event?.id === id ? event.from : undefined;
  };

  return async (event: StoredEvent, state: ConversationState): Promise<Map<string, Kind>> => {
    const { kind, from, conversation_id, payload, seq } = event;
    const told = new Map<string, Kind>();
    const tell = (user_id: string | undefined, as: Kind) => {
      const member = user_id === undefined ? undefined : state.member(user_id);
      if (user_id === undefined || user_id === from || told.has(user_id)) return;
      if (member?.active && member.joined_seq <= seq) told.set(user_id, as);
    };
    if (kind === 'joined' && state.kind !== 'direct') tell(payload.user_id, 'invite');
    if (kind !== 'message' || payload.unsent) return told;
    if (state.kind === 'direct') tell(await peerOf(conversation_id, from), 'direct');
    for (const user_id of payload.mentions ?? []) tell(user_id, 'mention');
    if (payload.reply_to) tell(await authorOf(conversation_id, payload.reply_to), 'reply');
    if (payload.mentions_all) for (const user_id of await everybody(conversation_id)) tell(user_id, 'mention');
    return told;
  };
};
