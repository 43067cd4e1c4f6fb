import type { Actor } from '../actor.ts';
import { ParleyError } from '../errors.ts';
import { type Clock, isoDate } from '../ports/clock.ts';
import type { ConversationChange, ConversationStore, MemberRow } from '../ports/storage.ts';
import { type Change, noChange, type View } from './change.ts';
import { assertMay } from './may.ts';

export interface DepartureParts {
  storage: ConversationStore;
  change: Change;
  clock: Clock;
}

export interface Departure {
  /**
   * Leaves one conversation. Who is alone in it deletes it by leaving; the last owner among others is refused (`last_owner`), or
   * with `handOver` replaced by whoever joined first, an admin before a member. Leaving again what one has left is no error.
   */
  leave(actor: Actor, conversation_id: string, options?: { handOver: boolean }): Promise<void>;
  /** Leaves every room and group, for an account that is being erased; directs stay with the other person. Can be repeated. */
  leaveAll(actor: Actor): Promise<void>;
}

/** How often it is tried again when members came or went between counting and leaving. */
const maxAttempts = 10;

export const createDeparture = ({ storage, change, clock }: DepartureParts): Departure => {
  const leave: Departure['leave'] = async (actor, conversation_id, { handOver } = { handOver: false }) => {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      // Whether one is alone is counted outside the transaction; that nothing changed since, the version proves inside it.
      const before = await storage.find(conversation_id);
      const alone = ((await storage.countActive([conversation_id])).get(conversation_id) ?? 0) <= 1;
      const heir = handOver && !alone ? await findHeir(actor, conversation_id) : undefined;
      let moved = false;
      await change(actor, conversation_id, heir ? [heir] : [], view => {
        moved = view.conversation.version !== before?.version;
        return moved ? noChange : decide(actor, view, alone, heir);
      });
      if (!moved) return;
    }
    throw new ParleyError('unavailable');
  };

  const decide = (actor: Actor, view: View, alone: boolean, heir: string | undefined): ConversationChange => {
    const { conversation, subject, members, owners } = view;
    const { user_id } = actor;
    const row = members.get(user_id);
    if (row?.state === 'left') return noChange;
    assertMay(actor, 'conversation:leave', subject, undefined, clock.now());
    const left = { kind: 'left', from: user_id, payload: { user_id } } as const;
    const gone = { user_id, state: 'left', role: 'member' } as const;
    if (alone) {
      return {
        conversation: { deleted_at: isoDate(clock.now()), ...(conversation.kind === 'room' && { name_key: null }) },
        members: [gone],
        events: [left, { kind: 'deleted', from: user_id, payload: {} }],
      };
    }
    if (row?.role !== 'owner' || owners > 1) return { members: [gone], events: [left] };
    if (heir === undefined || members.get(heir)?.state !== 'active') throw new ParleyError('last_owner');
    return {
      members: [{ user_id: heir, role: 'owner' }, gone],
      events: [{ kind: 'role', from: user_id, payload: { user_id: heir, role: 'owner' } }, left],
    };
  };

  const findHeir = async (actor: Actor, conversation_id: string): Promise<string | undefined> => {
    const rows = await storage.membersOf(conversation_id);
    const others = rows.filter(row => row.state === 'active' && row.user_id !== actor.user_id);
    return others.sort(bySeniority)[0]?.user_id;
  };

  return {
    leave,
    async leaveAll(actor) {
      for (const id of await storage.idsOfUser(actor.user_id)) {
        const conversation = await storage.find(id);
        if (conversation && conversation.kind !== 'direct') await leave(actor, id, { handOver: true });
      }
    },
  };
};

const seniority = { owner: 0, admin: 1, member: 2 } as const;
const bySeniority = (a: MemberRow, b: MemberRow) =>
  seniority[a.role] - seniority[b.role] || a.joined_seq - b.joined_seq || (a.user_id < b.user_id ? -1 : 1);
