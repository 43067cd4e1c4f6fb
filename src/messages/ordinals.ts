import type { Head, Log } from '../ports/log.ts';

/** How many messages lie below `floor`, thus hidden from its owner. The event at a floor exists, even where retention took what was before. */
export const hiddenBelow = async (log: Pick<Log, 'at'>, conversation_id: string, floor: number, head: Head) => {
  if (floor <= 1) return 0;
  if (floor > head.seq) return head.n;
  const first = await log.at(conversation_id, floor);
  return first ? first.n - (first.kind === 'message' ? 1 : 0) : 0;
};

/** How many messages there are up to and including `seq`; `hidden` where that lies before what is left of the log. */
export const messagesUpTo = async (
  log: Pick<Log, 'at'>,
  conversation_id: string,
  seq: number,
  head: Head,
  hidden: number,
) => {
  if (seq >= head.seq) return head.n;
  if (seq <= 0) return hidden;
  return Math.max(hidden, (await log.at(conversation_id, seq))?.n ?? hidden);
};
