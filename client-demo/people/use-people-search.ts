import type { ChatError, User } from 'parley/client';
import { useEffect, useState } from 'preact/hooks';
import { useApp } from '../app/context.ts';
import { useObservable } from '../ui/state.ts';

/** What a search for people has come to. */
export interface PeopleSearch {
  /** Empty: nothing is searched for. */
  readonly text: string;
  /** Of this text, or of the one before while its answer is awaited; undefined until the first. */
  readonly people: readonly User[] | undefined;
  readonly hasMore: boolean;
  readonly error: ChatError | undefined;
}

type Answer = Omit<PeopleSearch, 'text'>;

const pauseMs = 200;
const limit = 30;
const maxLength = 80;
const nothing: Answer = { people: undefined, hasMore: false, error: undefined };

/** People whose name or username begins with what is written, with or without the @; asked for when the writing pauses. */
export const usePeopleSearch = (written: string): PeopleSearch => {
  const { client } = useApp();
  const isOnline = useObservable(client.connection).status === 'online';
  const [answer, setAnswer] = useState<Answer>(nothing);
  const text = written.trim().replace(/^@/, '').slice(0, maxLength);

  // Asked again when there is a connection again.
  useEffect(() => {
    if (text === '') {
      setAnswer(nothing);
      return;
    }
    let isCurrent = true;
    const timer = setTimeout(() => {
      client.call('user:search', { q: text, limit }).then(
        ({ items, has_more }) => isCurrent && setAnswer({ people: items, hasMore: has_more, error: undefined }),
        (error: ChatError) => isCurrent && setAnswer({ ...nothing, error }),
      );
    }, pauseMs);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [client, text, isOnline]);

  return { text, ...(text === '' ? nothing : answer) };
};
