import type { Notification } from 'parley/client';
import { useEffect, useMemo, useReducer, useState } from 'preact/hooks';
import { useApp } from '../app/context.ts';
import { useObservable } from '../ui/state.ts';

/** More than so many need not be counted. */
const most = 100;
/** Several messages are read in one go. */
const gatherMs = 1_500;

interface Unread {
  readonly items: readonly Notification[];
  readonly hasMore: boolean;
}

/**
 * How many entries of the inbox are news, as far as the server could be asked. What was read where it was said is none:
 * that is marked as read, for the other devices, too.
 */
export const useUnreadNotices = (): number => {
  const { client, dialogs } = useApp();
  const isOnline = useObservable(client.connection).status === 'online';
  const isInboxOpen = useObservable(dialogs)?.name === 'inbox';
  const conversations = useObservable(client.conversations);
  const [{ items, hasMore }, setUnread] = useState<Unread>({ items: [], hasMore: false });
  const [round, askAgain] = useReducer<number, void>(count => count + 1, 0);

  // Anew where some may have come or been read: after each connect, and when the inbox was looked at.
  useEffect(() => {
    if (!isOnline || isInboxOpen) return;
    let isCurrent = true;
    client.call('notification:list', { unread: true, limit: most }).then(
      page => {
        if (isCurrent) setUnread({ items: page.items, hasMore: page.has_more });
      },
      // Nothing waits for it, and the next connect asks again.
      error => console.warn('The inbox could not be counted:', error),
    );
    return () => {
      isCurrent = false;
    };
  }, [client, isOnline, isInboxOpen, round]);

  useEffect(
    () =>
      client.on('notification', notice =>
        setUnread(now => ({ ...now, items: [notice, ...now.items.filter(({ id }) => id !== notice.id)] })),
      ),
    [client],
  );

  const readTo = useMemo(() => new Map(conversations.map(({ id, read_seq }) => [id, read_seq])), [conversations]);
  const seen = items
    .filter(({ message_id, conversation_id, seq }) => message_id !== null && seq <= (readTo.get(conversation_id) ?? -1))
    .map(({ id }) => id);
  const seenIds = seen.slice(0, most).join(' ');

  useEffect(() => {
    if (!isOnline || seenIds === '') return;
    const ids = seenIds.split(' ');
    const markRead = async () => {
      try {
        await client.call('notification:read', { ids });
        setUnread(now => ({ ...now, items: now.items.filter(({ id }) => !ids.includes(id)) }));
        if (hasMore) askAgain();
      } catch (error) {
        console.warn('The inbox could not be marked as read:', error);
      }
    };
    const timer = setTimeout(markRead, gatherMs);
    return () => clearTimeout(timer);
  }, [client, isOnline, seenIds, hasMore]);

  return items.length - seen.length;
};
