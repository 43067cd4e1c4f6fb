import { maxWindow } from '../../../ports/log.ts';
import type { Collections } from './collections.ts';
import type { Folding } from './folding.ts';
import type { Heads } from './heads.ts';

/** Deletes a conversation's log, window by window from the newest down: what a crash leaves is a shorter log without a hole. */
export const createDropping =
  ({ events }: Pick<Collections, 'events'>, heads: Heads, folding: Folding) =>
  async (conversation_id: string): Promise<void> => {
    const { seq } = await heads.last(conversation_id);
    // A row must not lead. Whoever reads the head meanwhile makes it again, hence once more at the end.
    await heads.remove(conversation_id);
    for (let upTo = seq; upTo > 0; upTo -= maxWindow)
      await events.deleteMany({ conversation_id, seq: { $gt: upTo - maxWindow, $lte: upTo } });
    await folding.clear(conversation_id);
    await heads.remove(conversation_id);
  };
