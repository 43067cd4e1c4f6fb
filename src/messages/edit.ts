import { assertMay } from '../conversations/may.ts';
import type { Writer } from '../conversations/writer.ts';
import { ParleyError } from '../errors.ts';
import type { Handlers } from '../invoke.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log, Payload } from '../ports/log.ts';
import { type ChangedParts, createAnswerChanged } from './changed.ts';
import { type ComposeParts, prepareMentions } from './compose.ts';
import { assertSeen, findTarget, isUnsent } from './target.ts';

export interface EditParts extends ChangedParts, ComposeParts {
  log: Log;
  writer: Writer;
  clock: Clock;
}

/** Changes the text of a message of one's own; moderators, too, can only unsend what others said. */
export const createEdit = (parts: EditParts): Handlers<'message:edit'>['message:edit'] => {
  const answer = createAnswerChanged(parts);
  return async (actor, { id, message, client_id }) => {
    const target = await findTarget(parts.log, id, actor.user_id);
    const { conversation_id } = target;
    const addMentions = await prepareMentions(parts, actor, conversation_id, message);
    const appended = await parts.writer.append(conversation_id, {
      from: actor.user_id,
      client_id,
      decide(state) {
        assertMay(actor, 'message:edit', state, undefined, parts.clock.now());
        if (assertSeen(target, actor.user_id, state).event.from !== actor.user_id) throw new ParleyError('forbidden');
        if (isUnsent(target, state)) throw new ParleyError('message_unsent');
        const payload: Payload = { message, target_seq: target.seq, target_id: id };
        addMentions?.(state, payload);
        return { kind: 'edit', payload };
      },
    });
    return answer(actor, target, 'edit', appended);
  };
};
