import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from '../app/context.ts';
import { useObservable } from '../ui/state.ts';

/** How many entries of the inbox are unread, as far as the server could be asked. */
export const useUnreadNotices = (): number => {
  const { client, dialogs } = useApp();
  const isOnline = useObservable(client.connection).status === 'online';
  const isInboxOpen = useObservable(dialogs)?.name === 'inbox';
  const [unread, setUnread] = useState(0);
  const asked = useRef(0);

  // Asked anew where some may have come or been read: after each connect, and when the inbox was looked at.
  useEffect(() => {
    if (!isOnline || isInboxOpen) return;
    asked.current += 1;
    const mine = asked.current;
    client.call('notification:list', { unread: true, limit: 1 }).then(
      answer => {
        if (asked.current === mine) setUnread(answer.unread);
      },
      // Nothing waits for it, and the next connect asks again.
      error => console.warn('The inbox could not be counted:', error),
    );
  }, [client, isOnline, isInboxOpen]);

  useEffect(() => client.on('notification', ({ read }) => !read && setUnread(count => count + 1)), [client]);

  return unread;
};
