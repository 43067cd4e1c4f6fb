import type { Actor } from '../actor.ts';
import type { Access } from '../conversations/access.ts';
import type { Cursors } from '../conversations/cursors.ts';
import type { Handlers } from '../invoke.ts';
import type { Cluster } from '../ports/cluster.ts';
import type { Log } from '../ports/log.ts';
import type { Input, Output } from '../protocol/index.ts';
import { hiddenBelow, messagesUpTo } from './ordinals.ts';

export interface ReceiptParts {
  log: Log;
  access: Access;
  cursors: Cursors;
  cluster: Pick<Cluster, 'notify'>;
}

/** Moves the caller's cursors; the answer waits until they are durable. Whatever was read was delivered, too. */
export const createReceipts = ({
  log,
  access,
  cursors,
  cluster,
}: ReceiptParts): Handlers<'receipt:read' | 'receipt:delivered'> => {
  const move = async (
    actor: Actor,
    { conversation_id, seq }: Input<'receipt:read'>,
    isRead: boolean,
  ): Promise<Output<'receipt:read'>> => {
    const { floor } = await access.see(actor, conversation_id);
    const head = await log.head(conversation_id);
    const place = Math.min(Math.max(seq, floor - 1), head.seq);
    const hidden = await hiddenBelow(log, conversation_id, floor, head);
    const read = isRead && {
      read_seq: place,
      read_n: await messagesUpTo(log, conversation_id, place, head, hidden),
    };
    await cursors.mark(conversation_id, actor.user_id, { ...read, delivered_seq: place });
    const { read_n, ...now } = await cursors.of(conversation_id, actor.user_id);
    cluster.notify('receipts', { conversation_id, receipts: [{ user_id: actor.user_id, ...now }] });
    const after = await log.head(conversation_id);
    return { conversation_id, ...now, unread: Math.max(0, after.n - read_n) };
  };
  return {
    'receipt:read': (actor, input) => move(actor, input, true),
    'receipt:delivered': (actor, input) => move(actor, input, false),
  };
};
