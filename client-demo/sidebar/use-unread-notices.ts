import type { Notification } from 'parley/client';
import { useEffect, useState } from 'preact/hooks';
import { useApp } from '../app/context.ts';
import { useObservable } from '../ui/state.ts';

/** More than so many need not be looked through. */
const most = 100;
/** Several messages are read in one go. */
const gatherMs = 1_500;

/**
 * How many entries of the inbox are news. What was read where it was said is none: that is marked as read, for the other devices,
 * too.
 */
export const useUnreadNotices = (): number => {
  const { client } = useApp();
  const isOnline = useObservable(client.connection).status === 'online';
  const count = useObservable(client.unreadNotifications);
  const [items, setItems] = useState<readonly Notification[]>([]);
  // Of these, how far they were read.
  useObservable(client.conversations);
  const readTo = (id: string) => client.conversation(id).summary.get()?.read_seq ?? -1;

  useEffect(
    () =>
      client.on('notification', notice =>
        setItems(now => [notice, ...now.filter(({ id }) => id !== notice.id)].slice(0, most)),
      ),
    [client],
  );

  // Where some came or were read elsewhere, as while there was no connection, or in another tab.
  const isKnown = items.length === Math.min(count, most);
  useEffect(() => {
    if (!isOnline || isKnown) return;
    let isCurrent = true;
    client.call('notification:list', { unread: true, limit: most }).then(
      page => {
        if (isCurrent) setItems(page.items);
      },
      // Nothing waits for it, and the next connect asks again.
      error => console.warn('The inbox could not be looked through:', error),
    );
    return () => {
      isCurrent = false;
    };
  }, [client, isOnline, count, isKnown]);

  const seen = items
    .filter(({ message_id, conversation_id, seq }) => message_id !== null && seq <= readTo(conversation_id))
    .map(({ id }) => id);
  const seenIds = seen.join(' ');

  useEffect(() => {
    if (!isOnline || seenIds === '') return;
    const ids = seenIds.split(' ');
    const markRead = async () => {
      try {
        await client.call('notification:read', { ids });
        setItems(now => now.filter(({ id }) => !ids.includes(id)));
      } catch (error) {
        console.warn('The inbox could not be marked as read:', error);
      }
    };
    const timer = setTimeout(markRead, gatherMs);
    return () => clearTimeout(timer);
  }, [client, isOnline, seenIds]);

  return items.length - seen.length;
};
