import type { Observable } from 'parley/client';
import { createState } from '../ui/state.ts';

/** What is open, as the address says it, so that Back works, also on a phone: `#/c/ID`, `#/c/ID/at/SEQ`, `#/c/ID/members`. */
export interface Place {
  readonly conversation_id?: string;
  /** The message that is to be shown. */
  readonly seq?: number;
  readonly panel?: 'members';
}

export interface Route extends Observable<Place> {
  go(place: Place): void;
  /** Without a step for Back. */
  replace(place: Place): void;
}

const parse = (hash: string): Place => {
  const [, kind, id, what, seq] = hash.replace(/^#/, '').split('/');
  if (kind !== 'c' || !id) return {};
  try {
    const conversation_id = decodeURIComponent(id);
    if (what === 'members') return { conversation_id, panel: 'members' };
    if (what === 'at' && /^\d{1,15}$/.test(seq ?? '')) return { conversation_id, seq: Number(seq) };
    return { conversation_id };
  } catch {
    return {};
  }
};

/** What a link to it has in `href`. */
export const addressOf = ({ conversation_id, seq, panel }: Place) => {
  if (conversation_id === undefined) return '#/';
  const base = `#/c/${encodeURIComponent(conversation_id)}`;
  return panel ? `${base}/${panel}` : seq === undefined ? base : `${base}/at/${seq}`;
};

/** To give to others: of this page, as whoever opens it. */
export const linkTo = (place: Place) => new URL(addressOf(place), location.origin + location.pathname).href;

export const createRoute = (): Route => {
  const place = createState(parse(location.hash));
  const follow = () => place.set(parse(location.hash));
  addEventListener('popstate', follow);
  const move = (how: 'pushState' | 'replaceState') => (next: Place) => {
    const hash = addressOf(next);
    // The same message again is asked for again: whoever scrolled away comes back to it.
    if (hash !== location.hash) history[how](null, '', hash);
    place.set(next);
  };
  return {
    get: place.get,
    subscribe: place.subscribe,
    go: move('pushState'),
    replace: move('replaceState'),
  };
};
