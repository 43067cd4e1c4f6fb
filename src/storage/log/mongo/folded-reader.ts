import { isoDate } from '../../../ports/clock.ts';
import { type FoldedMessage, maxWindow, type StoredEvent } from '../../../ports/log.ts';
import type { Collections, EventDocument, FoldDocument } from './collections.ts';
import { foldKey, reactionKey, toEvent } from './documents.ts';
import type { Heads } from './heads.ts';

/** Conversations whose newest messages are looked for by one query. */
const perQuery = 100;

/**
 * Reads messages with what came after folded in: the events, then their folds, then at once the edits and the viewer's own
 * reactions, each of them only where there are any.
 */
export const createFoldedReader = ({ events, folds, reactions }: Collections, heads: Pick<Heads, 'rows'>) => {
  const foldAll = async (messages: StoredEvent[], viewer: string): Promise<FoldedMessage[]> => {
    if (messages.length === 0) return [];
    const keys = messages.map(({ conversation_id, seq }) => foldKey(conversation_id, seq));
    const found = await folds.find({ _id: { $in: keys } }, { batchSize: maxWindow }).toArray();
    const foldOf = new Map(found.map(fold => [fold._id, fold]));
    const [edits, mine] = await Promise.all([readEdits(found), readMine(messages, foldOf, viewer)]);
    return messages.map((event, i) => toFolded(event, viewer, foldOf.get(keys[i]!), edits, mine));
  };

  const readEdits = async (found: FoldDocument[]) => {
    const wanted = found.flatMap(({ edit, unsent }) => (edit && !unsent ? [edit.event] : []));
    if (wanted.length === 0) return new Map<string, EventDocument>();
    const edits = await events.find({ _id: { $in: wanted } }, { batchSize: maxWindow }).toArray();
    return new Map(edits.map(edit => [edit._id.toHexString(), edit]));
  };

  const readMine = async (messages: StoredEvent[], foldOf: Map<string, FoldDocument>, viewer: string) => {
    const wanted = messages.flatMap(({ conversation_id, seq }) =>
      (foldOf.get(foldKey(conversation_id, seq))?.reactions ?? []).map(({ emoji }) =>
        reactionKey(conversation_id, seq, viewer, emoji),
      ),
    );
    if (wanted.length === 0) return new Set<string>();
    const options = { batchSize: maxWindow };
    const found = await reactions.find({ _id: { $in: wanted } }, options).toArray();
    return new Set(found.flatMap(({ _id, last }) => (last.on ? [_id] : [])));
  };

  return {
    async messages(conversation_id: string, afterN: number, upToN: number, viewer: string): Promise<FoldedMessage[]> {
      const from = Math.max(afterN, 0);
      const to = Math.min(upToN, from + maxWindow);
      if (to <= from) return [];
      const window = { conversation_id, ordinal: { $gt: from, $lte: to } };
      const found = await events.find(window, { sort: { ordinal: 1 }, batchSize: maxWindow }).toArray();
      return foldAll(found.map(toEvent), viewer);
    },
    among(messages: StoredEvent[], viewer: string): Promise<FoldedMessage[]> {
      const bySeq = new Map<number, StoredEvent>();
      for (const event of messages.slice(0, maxWindow)) if (event.kind === 'message') bySeq.set(event.seq, event);
      return foldAll(
        [...bySeq.values()].sort((a, b) => a.seq - b.seq),
        viewer,
      );
    },
    async messageAt(conversation_id: string, seq: number, viewer: string): Promise<FoldedMessage | undefined> {
      const found = await events.findOne({ conversation_id, seq });
      return found?.kind === 'message' ? (await foldAll([toEvent(found)], viewer))[0] : undefined;
    },
    async latestMessages(conversation_ids: string[], viewer: string): Promise<Map<string, FoldedMessage>> {
      const newest = [...(await heads.rows(conversation_ids))].flatMap(([conversation_id, { n }]) =>
        n > 0 ? [{ conversation_id, ordinal: n }] : [],
      );
      const pages = Array.from({ length: Math.ceil(newest.length / perQuery) }, (_, i) =>
        events.find({ $or: newest.slice(i * perQuery, (i + 1) * perQuery) }, { batchSize: perQuery + 1 }).toArray(),
      );
      const found = (await Promise.all(pages)).flat().map(toEvent);
      return new Map((await foldAll(found, viewer)).map(message => [message.event.conversation_id, message]));
    },
  };
};

const toFolded = (
  event: StoredEvent,
  viewer: string,
  fold: FoldDocument | undefined,
  edits: Map<string, EventDocument>,
  mine: Set<string>,
): FoldedMessage => {
  const { conversation_id, seq } = event;
  const folds = {
    reactions: (fold?.reactions ?? []).map(({ emoji, count }) => ({
      emoji,
      count,
      me: mine.has(reactionKey(conversation_id, seq, viewer, emoji)),
    })),
    ...(fold?.reacted !== undefined && { reactions_seq: fold.reacted }),
  };
  const edit = fold?.edit && edits.get(fold.edit.event.toHexString());
  // The message may have been erased after its event, or its edit, was read.
  if (fold?.unsent || event.payload.unsent || edit?.payload.unsent) {
    const { message: _, mentions: __, mentions_all: ___, ...rest } = event.payload;
    return { event: { ...event, payload: { ...rest, unsent: true } }, ...folds };
  }
  if (!edit) return { event, ...folds };
  const { message, mentions, mentions_all } = edit.payload;
  return {
    event: { ...event, payload: { ...event.payload, message, mentions, mentions_all } },
    edited_at: isoDate(edit.date.getTime()),
    ...folds,
  };
};
