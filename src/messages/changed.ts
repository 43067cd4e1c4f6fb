import type { Actor } from '../actor.ts';
import type { Appended } from '../conversations/writer.ts';
import { notFound } from '../errors.ts';
import type { Log } from '../ports/log.ts';
import type { LogEventKind, Output } from '../protocol/index.ts';
import type { Presenter } from './present.ts';
import { reusedClientId, type Target } from './target.ts';

export interface ChangedParts {
  log: Pick<Log, 'messageAt'>;
  presenter: Presenter;
}

/** What a command on a message is answered with: the message as it is now, and the event that the command appended. */
export const createAnswerChanged =
  ({ log, presenter }: ChangedParts) =>
  async (actor: Actor, target: Target, kind: LogEventKind, appended: Appended): Promise<Output<'message:edit'>> => {
    const event = appended?.event;
    if (event && (event.kind !== kind || event.payload.target_seq !== target.seq)) throw reusedClientId();
    const folded = await log.messageAt(target.conversation_id, target.seq, actor.user_id);
    const [message] = folded ? await presenter.messages([folded], actor.user_id) : [];
    if (!message) throw notFound();
    return {
      ...message,
      ...(event && { event: { id: event.id, seq: event.seq } }),
      ...(appended?.duplicate && { duplicate: true }),
    };
  };
