import type { ChatError, User } from 'parley/client';
import { type Ask, typingMs, usePages } from '../ui/use-pages.ts';

/** What a search for people has come to. */
export interface PeopleSearch {
  /** Empty: nothing is searched for. */
  readonly text: string;
  /** While the answer is awaited: those of the answer before that still fit, or undefined where there are none. */
  readonly people: readonly User[] | undefined;
  readonly hasMore: boolean;
  readonly error: ChatError | undefined;
}

const limit = 30;
const maxLength = 80;

const ask: Ask<User> = async (client, q) => (q === '' ? { items: [] } : client.call('user:search', { q, limit }));

/** Whether somebody's name or username begins with a text, roughly as the server has it. */
export const beginsWith = ({ username, full_name }: User, text: string) =>
  [username, full_name].some(name => name.toLocaleLowerCase().startsWith(text.toLocaleLowerCase()));

/** People whose name or username begins with what is written, with or without the @; asked for when the writing pauses. */
export const usePeopleSearch = (written: string): PeopleSearch => {
  const text = written.trim().replace(/^@/, '').slice(0, maxLength);
  const { items: people, isStale, hasMore, error } = usePages(text, ask, text === '' ? 0 : typingMs);
  if (!isStale) return { text, people, hasMore, error };
  // Enter must not choose somebody whom the text no longer means.
  const fitting = text === '' ? [] : (people ?? []).filter(user => beginsWith(user, text));
  return { text, people: fitting.length > 0 ? fitting : undefined, hasMore, error };
};
