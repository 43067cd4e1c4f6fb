import type { Output, User } from '../protocol/index.ts';
import { oddAnswer } from './errors.ts';
import { isRecord } from './rest.ts';
import type { ChatStorage, Stored } from './store.ts';

/** A sign-in as it is stored. `expires_at` by this device's clock in milliseconds; `id` tells one sign-in from another. */
export interface Kept {
  id: string;
  user: User;
  token: string;
  refresh_token: string;
  expires_at: number;
  lasts_ms: number;
}

const key = 'session';
/** A token with less than this left, or less than a quarter of its life, is exchanged before it is used. */
const leewayMs = 20_000;

export const isGood = ({ expires_at, lasts_ms }: Kept, now: number): boolean =>
  expires_at - Math.min(leewayMs, lasts_ms / 4) > now;

/** The tokens of an answer. Throws `odd_answer` where it has none. */
export const tokensOf = ({ token, refresh_token, expires_in }: Output<'account:refresh'>, now: number) => {
  if (typeof token !== 'string' || typeof refresh_token !== 'string' || !(expires_in > 0)) throw oddAnswer();
  const lasts_ms = expires_in * 1_000;
  return { token, refresh_token, expires_at: now + lasts_ms, lasts_ms };
};

const readKept = (stored: Stored): Kept | undefined => {
  if (!isRecord(stored) || !isRecord(stored['user']) || typeof stored['user']['id'] !== 'string') return undefined;
  const texts = ['id', 'token', 'refresh_token'].every(name => typeof stored[name] === 'string');
  const numbers = ['expires_at', 'lasts_ms'].every(name => typeof stored[name] === 'number');
  return texts && numbers ? (stored as unknown as Kept) : undefined;
};

/** The sign-in that all tabs share, as this one knows it. Nothing here rejects. `storage`: a guarded one, which keeps what a device refuses. */
export const createKeeper = <R>({
  storage,
  onChange,
  onError,
}: {
  storage: ChatStorage;
  /** `reason` is absent where another tab changed it. */
  onChange: (before: Kept | undefined, next: Kept | undefined, reason: R | undefined) => void;
  onError: (error: unknown) => void;
}) => {
  let kept: Kept | undefined;
  let last: Promise<void> = Promise.resolve();

  /** What touches the storage happens in turn: an older reading never replaces what was written after it began. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    last = last.then(work).catch(onError);
    return last;
  };

  const adopt = (next: Kept | undefined, reason?: R) => {
    const before = kept;
    kept = next;
    onChange(before, next, reason);
  };

  const reread = () =>
    inTurn(async () => {
      adopt(readKept(await storage.get(key)));
    });

  const stop = storage.subscribe(keys => {
    if (keys.includes(key)) void reread();
  });

  return {
    current: () => kept,
    reread,

    /** Only where the sign-in `id` is still the one that this tab has; whatever it has where `id` is undefined. */
    replace: (id: string | undefined, next: Kept | undefined, reason: R) =>
      inTurn(async () => {
        if (id !== undefined && kept?.id !== id) return;
        await storage.write([[key, next]]).catch(onError);
        adopt(next, reason);
      }),

    close: stop,
  };
};
