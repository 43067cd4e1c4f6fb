import type { ChatConversation } from 'parley/client';
import { useCallback, useEffect, useReducer, useRef } from 'preact/hooks';
import { isLookedAt } from '../ui/is-looked-at.ts';

export interface NewLine {
  /** Behind this seq it was new what others said: when the conversation was opened, and again each time that nobody looked. */
  readonly after: number | undefined;
  /** To be called before the reader passes over what they did not read: it begins there. */
  renew(): void;
}

/** Where the line before what is new stands. */
export const useNewLine = (chat: ChatConversation, isReady: boolean): NewLine => {
  const [, redraw] = useReducer<number, void>(count => count + 1, 0);
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
  const renew = useCallback(() => {
    const now = chat.summary.get();
    if (!now || now.unread === 0) return;
    after.current = now.read_seq;
    redraw();
  }, [chat]);
  return { after: after.current, renew };
};
