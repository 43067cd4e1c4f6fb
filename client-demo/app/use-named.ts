import { useMemo } from 'preact/hooks';
import { useObservable } from '../ui/state.ts';
import { useApp } from './context.ts';

/** By the newest names that are known: for what the page keeps of an answer or an event. What the library shows has them. */
export const useNamed = <T>(told: T): T => {
  const names = useObservable(useApp().client.names);
  return useMemo(() => names(told), [names, told]);
};
