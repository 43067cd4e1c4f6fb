import type { Cluster } from '../ports/cluster.ts';
import type { Receipt } from '../protocol/index.ts';
import type { Sockets } from './sockets.ts';

/** Above this many sockets here, receipts of a conversation are gathered and told once a second. */
const smallAudience = 100;
const gatherMs = 1_000;
/** Readers of whom is remembered what was told; about 2 MB. */
const maxRemembered = 10_000;

/** Tells receipts to the members connected here. Returns how to stop. */
export const tellReceipts = ({
  cluster,
  sockets,
}: {
  cluster: Pick<Cluster, 'on'>;
  sockets: Pick<Sockets, 'audience' | 'toConversation'>;
}): (() => void) => {
  const gathered = new Map<string, Map<string, Receipt>>();
  /** By conversation and reader, those last told at the end. */
  const told = new Map<string, Receipt>();

  /** Cursors only move ahead, but what two instances tell of them may come in another order. Undefined where it is no news. */
  const newest = (conversation_id: string, receipt: Receipt): Receipt | undefined => {
    const key = `${conversation_id} ${receipt.user_id}`;
    const last = told.get(key);
    const read_seq = Math.max(receipt.read_seq, last?.read_seq ?? 0);
    const delivered_seq = Math.max(receipt.delivered_seq, last?.delivered_seq ?? 0);
    if (last && last.read_seq === read_seq && last.delivered_seq === delivered_seq) return undefined;
    told.delete(key);
    told.set(key, { ...receipt, read_seq, delivered_seq });
    if (told.size > maxRemembered) told.delete(told.keys().next().value ?? '');
    return told.get(key);
  };

  const unsubscribe = cluster.on('receipts', ({ conversation_id, receipts }) => {
    const audience = sockets.audience(conversation_id);
    if (audience === 0) return;
    const news = receipts.flatMap(receipt => newest(conversation_id, receipt) ?? []);
    if (news.length === 0) return;
    if (audience <= smallAudience)
      return sockets.toConversation(conversation_id, 'receipt:updated', { conversation_id, receipts: news });
    let waiting = gathered.get(conversation_id);
    if (!waiting) {
      waiting = new Map();
      gathered.set(conversation_id, waiting);
    }
    for (const receipt of news) waiting.set(receipt.user_id, receipt);
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
