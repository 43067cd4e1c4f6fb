import { addressOf, type Place } from '../app/route.ts';
import { isLookedAt } from '../ui/is-looked-at.ts';

interface Alert {
  readonly conversation_id: string;
  readonly seq: number;
  readonly title: string;
  readonly text: string;
}

export interface Alerts {
  /** Shows it, unless somebody looks at the page, or another tab does it. */
  show(alert: Alert): void;
  /** Takes away what is shown. */
  stop(): void;
}

/** The system's notifications for this person, one for each conversation, shown by one of the tabs. */
export const createAlerts = (user_id: string, go: (place: Place) => void): Alerts => {
  const stopping = new AbortController();
  const speaker = createTurn(`parley-alerts:${user_id}`, stopping.signal);
  const looking = createLooking(`parley-looking:${user_id}`, stopping.signal);
  const prefix = `parley:${user_id}:`;
  /** By tag: a newer one of a conversation takes the place of the one before. */
  const withoutWorker = new Map<string, Notification>();
  /** A browser that shows none after all is no fault of whoever has something to tell. */
  const quietly = (work: Promise<void>) =>
    void work.catch(error => console.warn('The system could not be told of a message:', error));

  /** Whoever looks at the page needs to be told of nothing. */
  const clear = async () => {
    const worker = await navigator.serviceWorker?.getRegistration();
    const shown = (await worker?.getNotifications()) ?? [];
    for (const each of [...shown, ...withoutWorker.values()]) if (each.tag.startsWith(prefix)) each.close();
    withoutWorker.clear();
  };
  addEventListener('focus', () => quietly(clear()), { signal: stopping.signal });

  const show = async ({ conversation_id, seq, title, text }: Alert) => {
    if (isLookedAt() || !speaker.isMine() || Notification.permission !== 'granted') return;
    if (await looking.isAnywhere()) return;
    const place = { conversation_id, seq };
    const url = new URL(addressOf(place), location.href).href;
    const tag = `${prefix}${conversation_id}`;
    const options = { body: text, tag, icon: 'icon-192.png', data: { url } };
    const worker = await navigator.serviceWorker?.getRegistration();
    // They may have signed out meanwhile.
    if (stopping.signal.aborted) return;
    // worker/worker.ts leads to the conversation then.
    if (worker?.active) return worker.showNotification(title, options);
    const shown = new Notification(title, options);
    withoutWorker.set(tag, shown);
    shown.onclick = () => {
      focus();
      go(place);
      shown.close();
    };
  };

  return {
    show: alert => quietly(show(alert)),
    stop() {
      stopping.abort();
      quietly(clear());
    },
  };
};

/** One tab at a time has it, the next one when that is gone. Where there are no locks, every tab has: the tag makes one of theirs. */
const createTurn = (name: string, signal: AbortSignal) => {
  let isMine = !navigator.locks;
  const held = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));
  navigator.locks
    ?.request(name, { signal }, () => {
      isMine = true;
      return held;
    })
    // Stopped while it waited.
    .catch(() => undefined);
  return { isMine: () => isMine };
};

/** A lock is held as long as somebody looks at this tab, for the others to see. */
const createLooking = (name: string, signal: AbortSignal) => {
  let release: (() => void) | undefined;
  const look = () => {
    if (isLookedAt() && !release && !signal.aborted) {
      const held = new Promise<void>(resolve => {
        release = resolve;
      });
      void navigator.locks?.request(name, { mode: 'shared' }, () => held);
    } else if (!isLookedAt() || signal.aborted) {
      release?.();
      release = undefined;
    }
  };
  look();
  for (const event of ['focus', 'blur']) addEventListener(event, look, { signal });
  document.addEventListener('visibilitychange', look, { signal });
  signal.addEventListener('abort', look);
  return {
    async isAnywhere() {
      const { held = [] } = (await navigator.locks?.query()) ?? {};
      return held.some(lock => lock.name === name);
    },
  };
};
