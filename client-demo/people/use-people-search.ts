import type { ChatError, User } from 'parley/client';
import { useEffect, useState } from 'preact/hooks';
import { useApp } from '../app/context.ts';
import { useNamed } from '../app/use-named.ts';
import { useObservable } from '../ui/state.ts';

/** What a search for people has come to. */
export interface PeopleSearch {
  /** Empty: nothing is searched for. */
  readonly text: string;
  /** While the answer is awaited: those of the answer before that still fit, or undefined where there are none. */
  readonly people: readonly User[] | undefined;
  readonly hasMore: boolean;
  readonly error: ChatError | undefined;
}

/** `text` is what was asked for. */
type Answer = PeopleSearch;

const pauseMs = 200;
const limit = 30;
const maxLength = 80;
const nothing: Answer = { text: '', people: undefined, hasMore: false, error: undefined };

/** Whether somebody's name or username begins with a text, roughly as the server has it. */
export const beginsWith = ({ username, full_name }: User, text: string) =>
  [username, full_name].some(name => name.toLocaleLowerCase().startsWith(text.toLocaleLowerCase()));

/** People whose name or username begins with what is written, with or without the @; asked for when the writing pauses. */
export const usePeopleSearch = (written: string): PeopleSearch => {
  const { client } = useApp();
  const isOnline = useObservable(client.connection).status === 'online';
  const [told, setAnswer] = useState<Answer>(nothing);
  const answer = useNamed(told);
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
        ({ items, has_more }) => isCurrent && setAnswer({ text, people: items, hasMore: has_more, error: undefined }),
        (error: ChatError) => isCurrent && setAnswer({ ...nothing, text, error }),
      );
    }, pauseMs);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [client, text, isOnline]);

  if (answer.text === text) return answer;
  // Enter must not choose somebody whom the text no longer means.
  const fitting = text === '' ? [] : (answer.people ?? []).filter(user => beginsWith(user, text));
  return { ...nothing, text, people: fitting.length > 0 ? fitting : undefined };
};
