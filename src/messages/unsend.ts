import { assertMay, type Target as Subordinate } from '../conversations/may.ts';
import type { ConversationState } from '../conversations/state.ts';
import type { Writer } from '../conversations/writer.ts';
import type { Handlers } from '../invoke.ts';
import type { Log } from '../ports/log.ts';
import type { UserStore } from '../ports/storage.ts';
import { type ChangedParts, createAnswerChanged } from './changed.ts';
import { assertSeen, findTarget, isUnsent } from './target.ts';

export interface UnsendParts extends ChangedParts {
  log: Log;
  writer: Writer;
  users: Pick<UserStore, 'find'>;
}

/** Takes a message back, one's own or, for moderators, that of somebody of a lower rank; the log erases its text in the same commit. */
export const createUnsend = (parts: UnsendParts): Handlers<'message:unsend'>['message:unsend'] => {
  const answer = createAnswerChanged(parts);
  return async (actor, { id, client_id }) => {
    const target = await findTarget(parts.log, id, actor.user_id);
    const author = target.folded?.event.from;
    const isOther = author !== undefined && author !== actor.user_id;
    const server_admin = isOther && (await parts.users.find(author))?.role === 'admin';
    const appended = await parts.writer.append(target.conversation_id, {
      from: actor.user_id,
      client_id,
      decide(state) {
        if (isOther) assertMay(actor, 'message:unsend_other', state, authorOf(state, author, server_admin));
        else assertMay(actor, 'message:unsend', state);
        assertSeen(target, actor.user_id, state);
        if (isUnsent(target, state)) return undefined;
        return { kind: 'unsend', payload: { target_seq: target.seq, target_id: id } };
      },
    });
    return answer(actor, target, 'unsend', appended);
  };
};

/** Who left has no rank any more. */
const authorOf = (state: ConversationState, user_id: string, server_admin: boolean): Subordinate => ({
  ...(state.member(user_id) ?? { user_id, role: 'member', active: false }),
  server_admin,
});
