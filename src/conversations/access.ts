import type { Actor } from '../actor.ts';
import { notFound } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import { type Action, assertMay, may } from './may.ts';
import type { ConversationState, MemberState, Projection } from './projection.ts';
import type { States } from './state.ts';

/** What a member sees of a conversation: events from `floor` on. */
export interface Seen {
  state: ConversationState;
  member: MemberState;
  /** The lowest seq that the caller may have. */
  floor: number;
}

/**
 * Authorisation of what appends nothing: reads, receipts, typing. Permission rests on a state that was true within the last
 * second; a refusal on one that was true after the call. What appends is authorised by the writer, in `decide`, instead:
 * whoever asks here first would refuse a resend whose original is in the log (G2).
 */
export interface Access {
  /** As a reader of its messages. Throws `not_found`, the same for a conversation that does not exist, is deleted, or is none of the caller's. */
  see(actor: Actor, conversation_id: string): Promise<Seen>;
  /** The state, if the caller may do this; throws what `may` answers, or `not_found`. */
  permit(actor: Actor, action: Action, conversation_id: string): Promise<ConversationState>;
}

export const createAccess = ({ states, clock }: { states: States; clock: Clock }): Access => {
  const permit = async (actor: Actor, action: Action, conversation_id: string): Promise<Projection> => {
    const believed = await states.fresh(conversation_id);
    if (!believed) throw notFound();
    if (may(actor, action, believed, undefined, clock.now()) === undefined) return believed;
    const state = await states.verify(conversation_id);
    if (!state) throw notFound();
    assertMay(actor, action, state, undefined, clock.now());
    return state;
  };
  return {
    permit,
    async see(actor, conversation_id) {
      const state = await permit(actor, 'message:history', conversation_id);
      const member = standingOf(actor, state);
      if (!member?.active) throw notFound();
      return { state, member, floor: floorOf(state, member) };
    },
  };
};

/** The caller's standing; a server-wide admin is the lobby's admin. */
export const standingOf = (
  actor: Actor,
  state: Pick<ConversationState, 'kind' | 'member'>,
): MemberState | undefined => {
  const member = state.member(actor.user_id);
  return member && state.kind === 'lobby' && actor.role === 'admin' ? { ...member, role: 'admin' } : member;
};

/** The lowest seq that an active member may have; above the head where the joining has no place in the log yet. */
export const floorOf = (
  conversation: { kind: ConversationState['kind']; history: ConversationState['history']; head: { seq: number } },
  member: Pick<MemberState, 'joined_seq'>,
): number => {
  if (conversation.kind !== 'group' || conversation.history === 'all') return 1;
  return member.joined_seq > 0 ? member.joined_seq : conversation.head.seq + 1;
};
