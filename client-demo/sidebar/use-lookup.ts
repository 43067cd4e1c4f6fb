import type { ChatClient } from 'parley/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from '../app/context.ts';
import { useNamed } from '../app/use-named.ts';
import { useObservable } from '../ui/state.ts';

interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string | undefined;
}

/** One page of what the server finds. Each search has one of these, made once. */
export type Ask<T> = (client: ChatClient, query: string, after: string | undefined) => Promise<Page<T>>;

export interface Lookup<T> {
  /** Of an earlier text while it loads, so that nothing flickers; empty before the first answer. */
  readonly items: readonly T[];
  readonly isLoading: boolean;
  /** Why there is no answer. */
  readonly error: unknown;
  readonly hasMore: boolean;
  loadMore(): void;
  again(): void;
}

/** A pause in the writing: who types fast does not make the server search for each letter. */
const pauseMs = 250;

/** What the server finds for this text; asks again where there was no connection and now there is. */
export const useLookup = <T>(query: string, ask: Ask<T>): Lookup<T> => {
  const { client, notices } = useApp();
  const isOnline = useObservable(client.connection).status === 'online';
  const [tries, setTries] = useState(0);
  const [settled, setSettled] = useState<Page<T> & { key?: string; error?: unknown }>({ items: [] });
  const key = `${tries} ${query}`;
  const wanted = useRef(key);
  wanted.current = key;
  const isLoadingMore = useRef(false);
  const hasFailed = useRef(false);
  hasFailed.current = settled.error !== undefined;

  useEffect(() => {
    let isCurrent = true;
    const find = async () => {
      try {
        const page = await ask(client, query, undefined);
        // An answer that comes after a later question is about nothing any more.
        if (isCurrent) setSettled({ ...page, key });
      } catch (error) {
        if (isCurrent) setSettled({ items: [], key, error });
      }
    };
    const timer = setTimeout(find, pauseMs);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [client, query, ask, key]);

  const again = () => setTries(count => count + 1);
  useEffect(() => {
    if (isOnline && hasFailed.current) again();
  }, [isOnline]);

  const loadMore = async () => {
    if (isLoadingMore.current) return;
    isLoadingMore.current = true;
    try {
      const page = await ask(client, query, settled.next);
      if (wanted.current !== key) return;
      setSettled(now => ({ ...page, key, items: [...now.items, ...page.items] }));
    } catch (error) {
      notices.fail(error);
    } finally {
      isLoadingMore.current = false;
    }
  };

  return {
    items: useNamed(settled.items),
    isLoading: settled.key !== key,
    error: settled.error,
    hasMore: settled.next !== undefined,
    loadMore,
    again,
  };
};
