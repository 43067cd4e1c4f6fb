import type { ChatConversation } from 'parley/client';
import { useEffect, useRef } from 'preact/hooks';
import { isLookedAt } from '../ui/is-looked-at.ts';

/** Behind which seq it was new what others said: when the conversation was opened, and again each time that nobody looked. */
export const useNewLine = (chat: ChatConversation, isReady: boolean): number | undefined => {
  const after = useRef<number | undefined>(undefined);
  const isCaughtUp = useRef(false);
  const wasReady = useRef(false);

  // While drawing, so that the line is there together with the first message below it.
  const summary = chat.summary.get();
  if (isReady && summary) {
    const isOpening = !wasReady.current;
    wasReady.current = true;
    if (summary.unread === 0) isCaughtUp.current = true;
    else if (isOpening || isCaughtUp.current) {
      isCaughtUp.current = false;
      if (isOpening || !isLookedAt()) after.current = summary.read_seq;
    }
  }

  useEffect(
    () =>
      chat.summary.subscribe(() => {
        if (chat.summary.get()?.unread === 0) isCaughtUp.current = true;
      }),
    [chat],
  );
  return after.current;
};
