import type { ChatConversation, User } from 'parley/client';
import { useObservable } from '../ui/state.ts';

/** How far a message of one's own got. */
export type Tick = 'sent' | 'delivered' | 'read';

/** By seq: what the other person of a direct, or at least one of the others, has received and read. */
export const useTicks = (chat: ChatConversation, me: User): ((seq: number) => Tick) => {
  let read = 0;
  let delivered = 0;
  for (const { user_id, read_seq, delivered_seq } of useObservable(chat.receipts).values()) {
    if (user_id === me.id) continue;
    read = Math.max(read, read_seq);
    delivered = Math.max(delivered, delivered_seq);
  }
  return seq => (seq <= read ? 'read' : seq <= delivered ? 'delivered' : 'sent');
};
