import { useApp } from '../app/context.ts';
import { useNamed } from '../app/use-named.ts';
import { useObservable } from '../ui/state.ts';
import type { ShownMembers } from './member-lists.ts';

/** The members of a conversation as far as they were loaded, kept up to date by its events; undefined until the first answer. */
export interface Members extends ShownMembers {
  loadMore(): void;
}

/** Asked for once, however many parts of the page use it. */
export const useMembers = (conversation_id: string): Members => {
  const list = useApp().members.of(conversation_id);
  return { ...useNamed(useObservable(list)), loadMore: list.loadMore };
};
