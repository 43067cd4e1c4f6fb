import type { Actor } from '../actor.ts';
import { floorOf } from '../conversations/access.ts';
import { may } from '../conversations/may.ts';
import type { ConversationState } from '../conversations/state.ts';
import { ParleyError } from '../errors.ts';
import { type Log, type Payload, placeOf } from '../ports/log.ts';
import type { ConversationStore } from '../ports/storage.ts';
import type { User } from '../protocol/index.ts';
import { findMentions, resolveMentions } from './mentions.ts';

export interface ComposeParts {
  log: Pick<Log, 'messageAt'>;
  storage: Pick<ConversationStore, 'countActive'>;
  people: { byUsernames(names: string[]): Promise<Map<string, User>> };
}

/** In a group of at most this many anybody may call all. */
const maxCalledByAnybody = 100;

/** Completes what was read beforehand to what is true of a state; part of a decision. */
export type Addition = (state: ConversationState, payload: Payload) => void;

/** Looks up whom a text mentions; only members are. Undefined, at once, where it mentions nobody. */
export const prepareMentions = (
  { people, storage }: Pick<ComposeParts, 'people' | 'storage'>,
  actor: Actor,
  conversation_id: string,
  text: string,
): Promise<Addition> | undefined => {
  if (!text.includes('@')) return undefined;
  const tokens = findMentions(text);
  if (tokens.names.length === 0 && !tokens.all) return undefined;
  return (async () => {
    const [ids, members] = await Promise.all([
      resolveMentions(tokens, people),
      tokens.all ? storage.countActive([conversation_id]).then(counts => counts.get(conversation_id) ?? 0) : 0,
    ]);
    return (state, payload) => {
      const mentions = ids.filter(id => state.member(id)?.active);
      if (mentions.length > 0) payload.mentions = mentions;
      if (tokens.all && mayCallAll(actor, state, members)) payload.mentions_all = true;
    };
  })();
};

const mayCallAll = (actor: Actor, state: ConversationState, members: number) => {
  if (may(actor, 'message:mention_all', state) !== undefined) return false;
  return state.kind !== 'group' || members <= maxCalledByAnybody || state.member(actor.user_id)?.role !== 'member';
};

/** Reads what is answered to. The decision refuses where it is no message of this conversation that the author may have. */
export const prepareReply = async (
  log: Pick<Log, 'messageAt'>,
  actor: Actor,
  conversation_id: string,
  reply_to: string,
): Promise<Addition> => {
  const place = placeOf(reply_to);
  const target =
    place?.conversation_id === conversation_id
      ? await log.messageAt(conversation_id, place.seq, actor.user_id)
      : undefined;
  const exists = target?.event.id === reply_to;
  return (state, payload) => {
    const member = state.member(actor.user_id);
    if (!exists || !place || !member || place.seq < floorOf(state, member)) {
      const reason = 'is no message of this conversation';
      throw new ParleyError('invalid_input', { message: `reply_to: ${reason}`, details: { reply_to: reason } });
    }
    payload.reply_to = reply_to;
  };
};
