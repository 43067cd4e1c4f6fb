import { maxWindow, type StoredEvent } from '../../../ports/log.ts';
import type { Collections } from './collections.ts';
import { foldKey, reactionKey, toEvent } from './documents.ts';

/** Reads single events and windows, each from an index whose keys are all that is asked for. */
export const createReader = ({ database, events, folds, reactions }: Collections) => {
  const at = async (conversation_id: string, seq: number): Promise<StoredEvent | undefined> => {
    const found = await events.findOne({ conversation_id, seq });
    return found ? toEvent(found) : undefined;
  };
  return {
    at,
    async range(conversation_id: string, after: number, upTo: number): Promise<StoredEvent[]> {
      const from = Math.max(after, 0);
      const to = Math.min(upTo, from + maxWindow);
      if (to <= from) return [];
      const window = { conversation_id, seq: { $gt: from, $lte: to } };
      return (await events.find(window, { sort: { seq: 1 }, batchSize: maxWindow }).toArray()).map(toEvent);
    },
    async byClientId(conversation_id: string, from: string, client_id: string): Promise<StoredEvent | undefined> {
      const found = await events.findOne({ conversation_id, from, client_id });
      return found ? toEvent(found) : undefined;
    },
    async reaction(conversation_id: string, target: number, user_id: string, emoji: string) {
      const [message, fold, own] = await Promise.all([
        events.findOne({ conversation_id, seq: target }, { projection: { kind: 1 } }),
        folds.findOne({ _id: foldKey(conversation_id, target) }),
        reactions.findOne({ _id: reactionKey(conversation_id, target, user_id, emoji) }),
      ]);
      if (message?.kind !== 'message') return { mine: false, kinds: 0 };
      return { mine: own?.last.on ?? false, kinds: fold?.reactions?.length ?? 0 };
    },
    async ping() {
      await database.command({ ping: 1 });
    },
  };
};

export type Reader = ReturnType<typeof createReader>;
