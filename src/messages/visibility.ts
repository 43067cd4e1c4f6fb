import { floorOf } from '../conversations/access.ts';
import type { States } from '../conversations/state.ts';
import type { ConversationStore } from '../ports/storage.ts';

/** From which seq on somebody may have a conversation's events; `Infinity` where they may have none. */
export interface Visibility {
  of(conversation_id: string, user_id: string): Promise<number>;
  /** From which seq on all members may: what goes out once to everybody may show nothing before it. */
  toAll(conversation_id: string): Promise<number>;
}

/** Groups of which the latest joining is remembered. */
const maxRemembered = 1_000;

export const createVisibility = ({
  states,
  storage,
}: {
  states: Pick<States, 'load'>;
  storage: Pick<ConversationStore, 'membersOf'>;
}): Visibility => {
  const latest = new Map<string, { version: number; floor: number }>();
  return {
    async of(conversation_id, user_id) {
      const state = await states.load(conversation_id);
      const member = state?.member(user_id);
      return state && !state.deleted && member?.active ? floorOf(state, member) : Number.POSITIVE_INFINITY;
    },
    async toAll(conversation_id) {
      const state = await states.load(conversation_id);
      if (!state || state.deleted) return Number.POSITIVE_INFINITY;
      if (state.kind !== 'group' || state.history === 'all') return 1;
      const { version } = state;
      const known = latest.get(conversation_id);
      if (known?.version === version) return known.floor;
      const members = await storage.membersOf(conversation_id);
      const joinings = members.filter(member => member.state === 'active').map(member => member.joined_seq);
      // Somebody is just joining: what they will see is not settled yet.
      if (joinings.includes(0)) return Number.POSITIVE_INFINITY;
      const floor = Math.max(1, ...joinings);
      if (latest.size >= maxRemembered) latest.clear();
      latest.set(conversation_id, { version, floor });
      return floor;
    },
  };
};
