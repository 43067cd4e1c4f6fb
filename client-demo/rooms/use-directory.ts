import type { ChatError, Room } from 'parley/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from '../app/context.ts';
import { useObservable } from '../ui/state.ts';

/** The public rooms whose names begin with a text, as far as they were loaded. */
export interface DirectoryPage {
  /** Undefined until the first answer. */
  readonly rooms: readonly Room[] | undefined;
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly error: ChatError | undefined;
  loadMore(): void;
}

interface Loaded {
  readonly text: string;
  readonly rooms: readonly Room[] | undefined;
  readonly next: string | undefined;
}

const pauseMs = 200;
const pageSize = 50;

export const useDirectory = (written: string): DirectoryPage => {
  const { client } = useApp();
  const isOnline = useObservable(client.connection).status === 'online';
  const [loaded, setLoaded] = useState<Loaded>({ text: '', rooms: undefined, next: undefined });
  const [error, setError] = useState<ChatError>();
  const [isLoading, setLoading] = useState(false);
  /** Answers that were overtaken by another question are dropped. */
  const asked = useRef(0);
  const text = written.trim().slice(0, 80);

  const ask = async (before: Loaded) => {
    asked.current += 1;
    const mine = asked.current;
    setLoading(true);
    try {
      const { items, next } = await client.call('conversation:directory', {
        limit: pageSize,
        ...(before.text && { q: before.text }),
        ...(before.next !== undefined && { after: before.next }),
      });
      if (mine !== asked.current) return;
      setLoaded({ text: before.text, rooms: [...(before.rooms ?? []), ...items], next });
      setError(undefined);
    } catch (failure) {
      if (mine === asked.current) setError(failure as ChatError);
    }
    if (mine === asked.current) setLoading(false);
  };

  // Asked again when there is a connection again.
  useEffect(() => {
    const timer = setTimeout(() => void ask({ text, rooms: undefined, next: undefined }), text ? pauseMs : 0);
    return () => {
      clearTimeout(timer);
      asked.current += 1;
    };
  }, [client, text, isOnline]);

  return {
    rooms: loaded.rooms,
    hasMore: loaded.next !== undefined,
    isLoading,
    error,
    loadMore: () => {
      if (!isLoading && loaded.text === text) void ask(loaded);
    },
  };
};
