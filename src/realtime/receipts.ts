import type { Cluster } from '../ports/cluster.ts';
import type { Receipt } from '../protocol/index.ts';
import type { Sockets } from './sockets.ts';

/** Above this many sockets here, receipts of a conversation are gathered and told once a second. */
const smallAudience = 100;
const gatherMs = 1_000;

/** Tells receipts to the members connected here. Returns how to stop. */
export const tellReceipts = ({
  cluster,
  sockets,
}: {
  cluster: Pick<Cluster, 'on'>;
  sockets: Pick<Sockets, 'audience' | 'toConversation'>;
}): (() => void) => {
  const gathered = new Map<string, Map<string, Receipt>>();

  const unsubscribe = cluster.on('receipts', ({ conversation_id, receipts }) => {
    const audience = sockets.audience(conversation_id);
    if (audience === 0) return;
    if (audience <= smallAudience)
      return sockets.toConversation(conversation_id, 'receipt:updated', { conversation_id, receipts });
    let waiting = gathered.get(conversation_id);
    if (!waiting) {
      waiting = new Map();
      gathered.set(conversation_id, waiting);
    }
    // Cursors only move ahead: the last word of each reader says it all.
    for (const receipt of receipts) waiting.set(receipt.user_id, receipt);
  });

  const timer = setInterval(() => {
    for (const [conversation_id, waiting] of gathered)
      sockets.toConversation(conversation_id, 'receipt:updated', { conversation_id, receipts: [...waiting.values()] });
    gathered.clear();
  }, gatherMs).unref();

  return () => {
    clearInterval(timer);
    unsubscribe();
  };
};
