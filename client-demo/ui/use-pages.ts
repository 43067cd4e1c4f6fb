import type { ChatClient, ChatError } from 'parley/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from '../app/context.ts';
import { useNamed } from '../app/use-named.ts';
import { useObservable } from './state.ts';

/** Asks the server for one page of a list: the first one, or that which begins `after` another. */
export type Ask<T> = (
  client: ChatClient,
  question: string,
  after: string | undefined,
) => Promise<{ readonly items: readonly T[]; readonly next?: string | undefined }>;

/** A list of the server, as far as it was loaded. */
export interface Pages<T> {
  /** Undefined before the first answer. Those of the question before until there is another answer, so that nothing flickers. */
  readonly items: readonly T[] | undefined;
  /** `items` answer the question before. */
  readonly isStale: boolean;
  readonly isLoading: boolean;
  /** Why there is no answer. */
  readonly error: ChatError | undefined;
  readonly hasMore: boolean;
  loadMore(): void;
  /** From the beginning. Resolves when there is an answer, or none. */
  again(): Promise<void>;
  /** What became of the items meanwhile. */
  change(how: (items: readonly T[]) => readonly T[]): void;
}

/** A pause in the writing: who types fast does not make the server search for each letter. */
export const typingMs = 200;

interface Answer<T> {
  readonly question?: string;
  readonly items?: readonly T[] | undefined;
  readonly next?: string | undefined;
  readonly isLong?: boolean;
  readonly error?: ChatError;
}

/**
 * What the server answers to a question, page by page; asked `pauseMs` after the question changed. Asked again with each connection,
 * but for a list that was read on in, which would lose the reader's place.
 */
export const usePages = <T>(question: string, ask: Ask<T>, pauseMs = 0): Pages<T> => {
  const { client, notices } = useApp();
  const isOnline = useObservable(client.connection).status === 'online';
  const [answer, setAnswer] = useState<Answer<T>>({});
  const [isLoading, setLoading] = useState(true);
  /** Answers that were overtaken by another question are dropped. */
  const asked = useRef(0);
  const isStale = answer.question !== question;

  const load = async (after?: string) => {
    asked.current += 1;
    const mine = asked.current;
    setLoading(true);
    if (after === undefined) setAnswer(({ error: _, ...before }) => before);
    try {
      const { items, next } = await ask(client, question, after);
      if (mine !== asked.current) return;
      setAnswer(before =>
        after === undefined
          ? { question, items, next }
          : { question, items: [...(before.items ?? []), ...items], next, isLong: true },
      );
    } catch (failure) {
      if (mine !== asked.current) return;
      const error = failure as ChatError;
      if (after !== undefined) notices.fail(error);
      // What the same question was answered before stays.
      else setAnswer(before => ({ ...(before.question === question && before), question, error }));
    }
    setLoading(false);
  };

  useEffect(() => {
    const isAnswered = !isStale && answer.error === undefined;
    const timer = isAnswered && (answer.isLong || !isOnline) ? undefined : setTimeout(load, pauseMs);
    if (timer === undefined) setLoading(false);
    return () => {
      clearTimeout(timer);
      asked.current += 1;
    };
  }, [client, question, isOnline]);

  return {
    items: useNamed(answer.items),
    isStale,
    isLoading: isLoading || isStale,
    error: isStale ? undefined : answer.error,
    hasMore: !isStale && answer.next !== undefined,
    loadMore() {
      if (!isLoading && !isStale && answer.next !== undefined) void load(answer.next);
    },
    again: () => load(),
    change: how => setAnswer(before => (before.items ? { ...before, items: how(before.items) } : before)),
  };
};
