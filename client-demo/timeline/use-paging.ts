import type { ChatConversation } from 'parley/client';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from '../app/context.ts';
import { useObservable } from '../ui/state.ts';
import type { ReadersPlace } from './place.ts';

/** Pages are asked for so many pixels before they come into sight. */
const ahead = 900;

export type End = 'older' | 'newer';

/** Loads more as the reader comes near either end of what is held; what failed waits for another try, or another connection. */
export const usePaging = (chat: ChatConversation, place: ReadersPlace) => {
  const { client } = useApp();
  const isOnline = useObservable(client.connection).status === 'online';
  const [failed, setFailed] = useState<End>();
  const busy = useRef(false);
  const stopped = useRef<End | undefined>(undefined);
  stopped.current = failed;

  const load = useCallback(
    async (end: End): Promise<void> => {
      if (busy.current) return;
      busy.current = true;
      try {
        if (end === 'newer') place.unfollow();
        await (end === 'older' ? chat.loadOlder() : chat.loadNewer());
        setFailed(undefined);
      } catch {
        setFailed(end);
      } finally {
        busy.current = false;
      }
    },
    [chat, place],
  );

  /** To be called whenever the reader or the rows have moved. */
  const check = useCallback(() => {
    const window = chat.messages.get();
    if (!window || busy.current || client.connection.get().status !== 'online') return;
    if (window.hasOlder && stopped.current !== 'older' && place.fromStart() < ahead) void load('older');
    else if (window.hasNewer && stopped.current !== 'newer' && place.distance() < ahead) void load('newer');
  }, [chat, client, place, load]);

  useEffect(() => {
    if (!isOnline) return;
    setFailed(undefined);
    stopped.current = undefined;
    check();
  }, [isOnline, check]);

  return { failed, isOnline, check, retry: load };
};
