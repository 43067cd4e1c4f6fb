import type { Actor } from '../actor.ts';
import type { Cursors } from '../conversations/cursors.ts';
import type { FindOrCreateDirect } from '../conversations/directs.ts';
import { assertMay } from '../conversations/may.ts';
import type { Appended, Writer } from '../conversations/writer.ts';
import { notFound, ParleyError } from '../errors.ts';
import type { Handlers } from '../invoke.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log, Payload, StoredEvent } from '../ports/log.ts';
import type { Input, LogEvent, Output } from '../protocol/index.ts';
import { type Addition, type ComposeParts, prepareMentions, prepareReply } from './compose.ts';
import type { Presenter } from './present.ts';
import { reusedClientId } from './target.ts';

export interface SendParts extends ComposeParts {
  log: Log;
  writer: Writer;
  cursors: Cursors;
  presenter: Presenter;
  clock: Clock;
  findOrCreateDirect: FindOrCreateDirect;
  findRoomId: (name: string) => Promise<string | undefined>;
}

type Send = Input<'message:send'>;
type Sent = Output<'message:send'>;

/**
 * Sends. The hot path: a text without `@` that is no reply waits for the append alone. Whatever refuses stands in the decision,
 * so that the writer looks for the original of a resend first (G2).
 */
export const createSend = (parts: SendParts): Handlers<'message:send'>['message:send'] => {
  const { log, writer, cursors, presenter, clock, findOrCreateDirect, findRoomId } = parts;

  const destination = async (actor: Actor, { to, room }: Send): Promise<string> => {
    if (to === actor.user_id) {
      const reason = 'must be somebody else';
      throw new ParleyError('invalid_input', { message: `to: ${reason}`, details: { to: reason } });
    }
    const id = to === undefined ? await findRoomId(room ?? '') : await findOrCreateDirect(actor, to);
    if (id === undefined) throw notFound();
    return id;
  };

  const append = (actor: Actor, conversation_id: string, input: Send, additions?: Addition[]): Promise<Appended> =>
    writer.append(conversation_id, {
      from: actor.user_id,
      client_id: input.client_id,
      decide(state) {
        assertMay(actor, 'message:send', state, undefined, clock.now());
        const payload: Payload = { message: input.message };
        if (additions) for (const add of additions) add(state, payload);
        return { kind: 'message', payload };
      },
    });

  /** As it is now: it may have been edited, reacted to or unsent since. */
  const answerAgain = async (actor: Actor, { conversation_id, seq, kind }: StoredEvent): Promise<Sent> => {
    if (kind !== 'message') throw reusedClientId();
    const folded = await log.messageAt(conversation_id, seq, actor.user_id);
    const [message] = folded ? await presenter.messages([folded], actor.user_id) : [];
    if (!message) throw notFound();
    return { ...message, duplicate: true };
  };

  return async (actor, input) => {
    const conversation_id = input.conversation_id ?? (await destination(actor, input));
    const mentions = prepareMentions(parts, actor, conversation_id, input.message);
    const reply = input.reply_to === undefined ? undefined : prepareReply(log, actor, conversation_id, input.reply_to);
    const additions = mentions || reply ? (await Promise.all([mentions, reply])).filter(isPresent) : undefined;
    const appended = await append(actor, conversation_id, input, additions);
    if (!appended) throw new ParleyError('internal');
    const { event, duplicate } = appended;
    if (duplicate) return answerAgain(actor, event);
    // What one said oneself one has read; nobody waits for that to be written.
    void cursors.mark(conversation_id, actor.user_id, {
      read_seq: event.seq,
      read_n: event.n,
      delivered_seq: event.seq,
    });
    const presented = presenter.events([event], actor.user_id);
    return asMessage(Array.isArray(presented) ? presented[0] : (await presented)[0]);
  };
};

const isPresent = (addition: Addition | undefined): addition is Addition => addition !== undefined;

const asMessage = (event: LogEvent | undefined): Sent => {
  if (event?.kind !== 'message') throw new ParleyError('internal');
  return Object.assign(event, { reactions: [] });
};
