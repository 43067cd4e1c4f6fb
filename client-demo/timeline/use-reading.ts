import type { ChatConversation } from 'parley/client';
import { useCallback, useEffect, useRef } from 'preact/hooks';
import { isLookedAt } from '../ui/is-looked-at.ts';
import type { ReadersPlace } from './place.ts';

/** What came into sight is read, while somebody looks. Returns what is to be called whenever the reader or the rows have moved. */
export const useReading = (chat: ChatConversation, place: ReadersPlace, isReady: boolean) => {
  const frame = useRef(0);

  const mark = useCallback(() => {
    if (!isReady || frame.current) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      if (!isLookedAt()) return;
      const seq = place.lastSeen();
      const message = chat.messages.get()?.messages.findLast(each => each.seq === seq);
      if (message) chat.markRead(message);
    });
  }, [chat, place, isReady]);

  useEffect(() => {
    mark();
    addEventListener('focus', mark);
    document.addEventListener('visibilitychange', mark);
    return () => {
      removeEventListener('focus', mark);
      document.removeEventListener('visibilitychange', mark);
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    };
  }, [mark]);

  return mark;
};
