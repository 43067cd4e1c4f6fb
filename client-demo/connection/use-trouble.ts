import { useEffect, useState } from 'preact/hooks';
import { useApp } from '../app/context.ts';
import { useObservable } from '../ui/state.ts';
import { type Trouble, troubleOf } from './trouble.ts';

/** What is over sooner is not worth telling. */
const patienceMs = 1_500;
const relievedMs = 2_500;

const useNetwork = () => {
  const [hasNetwork, setNetwork] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => setNetwork(navigator.onLine);
    addEventListener('online', look);
    addEventListener('offline', look);
    return () => {
      removeEventListener('online', look);
      removeEventListener('offline', look);
    };
  }, []);
  return hasNetwork;
};

/** True a while after it began, for as long as it lasts. */
export const useLasting = (isSo: boolean, afterMs: number) => {
  const [lasts, setLasts] = useState(false);
  useEffect(() => {
    if (!isSo) return setLasts(false);
    const timer = setTimeout(() => setLasts(true), afterMs);
    return () => clearTimeout(timer);
  }, [isSo, afterMs]);
  return isSo && lasts;
};

/** What is wrong with the connection, if it has been for a moment; and for a moment after it that all is well again. */
export const useTrouble = (): Trouble | 'over' | undefined => {
  const state = useObservable(useApp().client.connection);
  const trouble = troubleOf(state, useNetwork());
  const isShown = useLasting(trouble !== undefined, patienceMs);
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    if (!isShown) return;
    // When it ends.
    return () => setOver(true);
  }, [isShown]);
  useEffect(() => {
    if (!isOver) return;
    const timer = setTimeout(() => setOver(false), relievedMs);
    return () => clearTimeout(timer);
  }, [isOver]);
  if (trouble) return isShown ? trouble : undefined;
  return isOver ? 'over' : undefined;
};
