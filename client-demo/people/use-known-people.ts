import type { User } from 'parley/client';
import { useApp } from '../app/context.ts';
import { useObservable } from '../ui/state.ts';

const atMost = 30;

/** Those one has a direct conversation with, the last spoken with first, whose names begin with a text. Needs no connection. */
export const useKnownPeople = (text: string): readonly User[] => {
  const wanted = text.toLocaleLowerCase();
  return useObservable(useApp().client.conversations)
    .flatMap(({ kind, peer }) => (kind === 'direct' && peer?.username ? [peer] : []))
    .filter(({ username, full_name }) =>
      [username, full_name].some(name => name.toLocaleLowerCase().startsWith(wanted)),
    )
    .slice(0, atMost);
};
