import type { Notification } from 'parley/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from '../app/context.ts';
import { useNamed } from '../app/use-named.ts';
import { useObservable } from '../ui/state.ts';

const pageSize = 30;

interface Shown {
  readonly items: readonly Notification[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

/** The entries of the inbox, newest first, as far as they were loaded, with those that come meanwhile. */
export const useInbox = () => {
  const { client, notices } = useApp();
  const isOnline = useObservable(client.connection).status === 'online';
  const [shown, setShown] = useState<Shown>();
  const [error, setError] = useState<unknown>();
  const [isLoading, setLoading] = useState(false);
  const asked = useRef(0);

  const load = async (after?: string) => {
    asked.current += 1;
    const mine = asked.current;
    setLoading(true);
    setError(undefined);
    try {
      const page = await client.call('notification:list', { limit: pageSize, ...(after !== undefined && { after }) });
      if (asked.current !== mine) return;
      setShown(before => ({
        // What came while it was on its way may be in it.
        items: after === undefined ? page.items : unique([...(before?.items ?? []), ...page.items]),
        next: page.has_more ? page.next : undefined,
      }));
    } catch (caught) {
      if (asked.current === mine) setError(caught);
    }
    if (asked.current === mine) setLoading(false);
  };

  // Again with each connection: what came in between is told by nobody else.
  useEffect(() => {
    void load();
    return () => {
      asked.current += 1;
    };
  }, [isOnline]);

  useEffect(
    () =>
      client.on('notification', fresh =>
        setShown(before => before && { ...before, items: unique([fresh, ...before.items]) }),
      ),
    [client],
  );

  const markRead = async (ids?: string[]) => {
    try {
      await client.call('notification:read', ids ? { ids } : {});
      setShown(
        before =>
          before && {
            ...before,
            items: before.items.map(item => (!ids || ids.includes(item.id) ? { ...item, read: true } : item)),
          },
      );
    } catch (caught) {
      notices.fail(caught);
    }
  };

  return {
    items: useNamed(shown?.items),
    error,
    isLoading,
    hasMore: shown?.next !== undefined,
    loadMore: () => void load(shown?.next),
    again: () => void load(),
    markRead,
  };
};

const unique = (items: readonly Notification[]) => [...new Map(items.map(item => [item.id, item])).values()];
