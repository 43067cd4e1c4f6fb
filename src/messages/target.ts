import { floorOf } from '../conversations/access.ts';
import type { ConversationState } from '../conversations/state.ts';
import { notFound, ParleyError } from '../errors.ts';
import { type FoldedMessage, type Log, placeOf } from '../ports/log.ts';

/** The message that a command is about, as it was a moment before the command is decided. */
export interface Target {
  conversation_id: string;
  seq: number;
  /** Undefined where no message of that id stands there. */
  folded: FoldedMessage | undefined;
}

/** Reads the message of this id. Authorises nothing: whoever shows it or decides on it does. Throws `not_found` where it can be no id. */
export const findTarget = async (log: Pick<Log, 'messageAt'>, id: string, viewer: string): Promise<Target> => {
  const place = placeOf(id);
  if (!place) throw notFound();
  const folded = await log.messageAt(place.conversation_id, place.seq, viewer);
  return { ...place, folded: folded?.event.id === id ? folded : undefined };
};

/**
 * The message, in a decision and after `may` allowed the action. Throws `not_found` where it is absent or stands below what a
 * member may have; who is no member and has power nevertheless (a server admin in a room) has no floor.
 */
export const assertSeen = ({ folded, seq }: Target, user_id: string, state: ConversationState): FoldedMessage => {
  const member = state.member(user_id);
  if (!folded || (member?.active && seq < floorOf(state, member))) throw notFound();
  return folded;
};

/** Whether the message is unsent as of the state's head. */
export const isUnsent = ({ folded, seq }: Target, state: ConversationState): boolean =>
  folded?.event.payload.unsent === true || state.isUnsent(seq);

/** The client gave the same client_id to two different commands. */
export const reusedClientId = () => {
  const client_id = 'was used for another command in this conversation';
  return new ParleyError('invalid_input', { message: `client_id: ${client_id}`, details: { client_id } });
};
