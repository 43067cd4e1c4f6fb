import type { User } from 'parley/client';
import { useApp } from '../app/context.ts';
import { useObservable } from '../ui/state.ts';
import { beginsWith } from './use-people-search.ts';

const atMost = 30;

/** Those one has a direct conversation with, the last spoken with first, whose names begin with a text. Needs no connection. */
export const useKnownPeople = (text: string): readonly User[] => {
  return useObservable(useApp().client.conversations)
    .flatMap(({ kind, peer }) => (kind === 'direct' && peer?.username ? [peer] : []))
    .filter(user => beginsWith(user, text))
    .slice(0, atMost);
};
