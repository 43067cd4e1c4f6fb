import type { ChatConversation, Observable } from 'parley/client';
import { useMemo } from 'preact/hooks';
import { useObservable } from '../ui/state.ts';

/** A part of a value that changes seldomer than the whole: draws again only when that part does. */
export const useSelected = <T, S extends string | number | boolean | undefined>(
  { get, subscribe }: Observable<T>,
  select: (value: T) => S,
): S => useObservable(useMemo(() => ({ get: () => select(get()), subscribe }), [get, subscribe]));

/** A conversation's kind never changes; one that is gone is like a room. */
export const useKind = (chat: ChatConversation) => useSelected(chat.summary, summary => summary?.kind) ?? 'room';
