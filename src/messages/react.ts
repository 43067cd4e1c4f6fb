import type { Actor } from '../actor.ts';
import { assertMay } from '../conversations/may.ts';
import type { Writer } from '../conversations/writer.ts';
import { ParleyError } from '../errors.ts';
import type { Handlers } from '../invoke.ts';
import type { Clock } from '../ports/clock.ts';
import type { FoldedMessage, Log } from '../ports/log.ts';
import type { Input, Output } from '../protocol/index.ts';
import { type ChangedParts, createAnswerChanged } from './changed.ts';
import { assertSeen, findTarget, isUnsent } from './target.ts';

export interface ReactParts extends ChangedParts {
  log: Log;
  writer: Writer;
  clock: Clock;
}

/** Different emoji on one message, so that showing it stays cheap. */
const maxEmoji = 50;

/**
 * Reactions. What is there already is read before the decision, so reactions to one message take turns on this instance: that
 * two devices react at once then makes one event. Where two instances do, both events may stand in the log; the fold counts a person once.
 */
export const createReact = (parts: ReactParts): Handlers<'message:react' | 'message:unreact'> => {
  const { log, writer, clock } = parts;
  const answer = createAnswerChanged(parts);
  const inTurn = createTurns();

  const change = async (kind: 'react' | 'unreact', actor: Actor, input: Input<'message:react'>) => {
    const { id, emoji, client_id } = input;
    const target = await findTarget(log, id, actor.user_id);
    const appended = await writer.append(target.conversation_id, {
      from: actor.user_id,
      client_id,
      decide(state) {
        assertMay(actor, `message:${kind}`, state, undefined, clock.now());
        const folded = assertSeen(target, actor.user_id, state);
        const unsent = isUnsent(target, state);
        if (kind === 'react' && unsent) throw new ParleyError('message_unsent');
        if (unsent || hasReacted(folded, emoji) === (kind === 'react')) return undefined;
        if (kind === 'react') assertRoom(folded, emoji);
        return { kind, payload: { emoji, target_seq: target.seq, target_id: id } };
      },
    });
    return answer(actor, target, kind, appended);
  };

  return {
    'message:react': (actor, input) => inTurn(input.id, () => change('react', actor, input)),
    'message:unreact': (actor, input) => inTurn(input.id, () => change('unreact', actor, input)),
  };
};

const hasReacted = ({ reactions }: FoldedMessage, emoji: string) =>
  reactions.some(reaction => reaction.emoji === emoji && reaction.me);

const assertRoom = ({ reactions }: FoldedMessage, emoji: string) => {
  if (reactions.length < maxEmoji || reactions.some(reaction => reaction.emoji === emoji)) return;
  throw new ParleyError('limit_reached', { details: { reactions: maxEmoji } });
};

type Changed = Output<'message:react'>;

/** Runs what has the same key one after the other. */
const createTurns = () => {
  const last = new Map<string, Promise<unknown>>();
  return async (key: string, work: () => Promise<Changed>): Promise<Changed> => {
    const before = last.get(key);
    const mine = before ? before.then(work, work) : work();
    last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (last.get(key) === mine) last.delete(key);
    }
  };
};
