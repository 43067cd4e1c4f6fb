import type { Notification } from 'parley/client';
import { useEffect } from 'preact/hooks';
import { useApp } from '../app/context.ts';
import { type Ask, usePages } from '../ui/use-pages.ts';

const ask: Ask<Notification> = (client, _, after) =>
  client.call('notification:list', { limit: 30, ...(after !== undefined && { after }) });

/** The entries of the inbox, newest first, as far as they were loaded, with those that come meanwhile. */
export const useInbox = () => {
  const { client, notices } = useApp();
  const { change, ...pages } = usePages('', ask);

  useEffect(
    () =>
      // What comes while a page is on its way may be in it.
      client.on('notification', fresh => change(items => [fresh, ...items.filter(({ id }) => id !== fresh.id)])),
    [client],
  );

  const markRead = async (ids?: string[]) => {
    try {
      await client.call('notification:read', ids ? { ids } : {});
      change(items => items.map(item => (!ids || ids.includes(item.id) ? { ...item, read: true } : item)));
    } catch (error) {
      notices.fail(error);
    }
  };

  return { ...pages, markRead };
};
