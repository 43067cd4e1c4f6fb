import type { Input, Output, User } from '../protocol/index.ts';
import { ChatError, isAboutToken, oddAnswer } from './errors.ts';
import { createObservable, type Observable } from './observable.ts';
import { isRecord, type Rest } from './rest.ts';
import type { ChatStorage, Stored } from './store.ts';

/** Why a session ended: on another device or tab, or by the server; with the account; or by `signOut` of this client. */
export type Ending = 'signed_out' | 'account_erased' | 'here';

/** Work that one tab of a browser does at a time, by name. */
export interface Locks {
  alone<T>(name: string, work: () => Promise<T>): Promise<T>;
}

export interface Session {
  /** Who is signed in: the same object for as long as one sign-in lasts. */
  user: Observable<User | undefined>;
  /** Takes up what the storage has. */
  restore(): Promise<User | undefined>;
  /** Creates an account and signs in. Rejects with `ChatError`. */
  signUp(input: Input<'account:register'>): Promise<User>;
  /** Rejects with `ChatError`. Whoever was signed in here before is replaced. */
  signIn(input: Input<'account:login'>): Promise<User>;
  /** Ends the session on the server too; where that cannot be reached, here at least (`onError` is told). */
  signOut(): Promise<void>;
  /** An access token that is good for a while. Rejects with `ChatError`: `signed_out` where nobody is signed in. */
  token(): Promise<string>;
  /** A newer access token than `used`, which no longer does. Rejects like `token`. */
  refresh(used: string): Promise<string>;
  /** The server said so; ignored where `whose` is not signed in any more. */
  end(reason: Ending, whose: User | undefined): Promise<void>;
  /** From now on tokens are exchanged before they run out, also while nobody asks for one. Returns how to stop. */
  keepFresh(): () => void;
  onEnded(listener: (reason: Ending) => void): () => void;
  close(): void;
}

/** `expires_at` by this device's clock in milliseconds; `id` tells one sign-in from another. */
interface Kept {
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
/** Milliseconds for the first try of an exchange: its second must come within the server's grace of 10 s, as the first may have worked. */
const firstTryMs = 4_000;
/** Milliseconds after which an exchange that failed while the token is still good is tried again. */
const againMs = 5_000;
const longestTimerMs = 2 ** 31 - 1;

const signedOut = () => new ChatError('signed_out', 'Nobody is signed in here.');

const readKept = (stored: Stored): Kept | undefined => {
  if (!isRecord(stored) || !isRecord(stored['user']) || typeof stored['user']['id'] !== 'string') return undefined;
  const texts = ['id', 'token', 'refresh_token'].every(name => typeof stored[name] === 'string');
  const numbers = ['expires_at', 'lasts_ms'].every(name => typeof stored[name] === 'number');
  return texts && numbers ? (stored as unknown as Kept) : undefined;
};

/** The session of one client; the storage is the truth that all tabs share, and the tokens of one exchange belong to all of them. */
export const createSession = ({
  rest,
  storage,
  locks,
  clock,
  onError,
}: {
  rest: Rest;
  storage: ChatStorage;
  locks: Locks;
  /** `now` in milliseconds since 1970. */
  clock: { now(): number };
  onError: (error: unknown) => void;
}): Session => {
  const user = createObservable<User | undefined>(undefined, onError);
  const listeners = new Set<(reason: Ending) => void>();
  let kept: Kept | undefined;
  /** The storage would not take the last change: until it takes one again, what is in memory counts. */
  let unsaved = false;
  let leaving = false;
  let holders = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let refreshing: Promise<string> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  /** What touches the storage happens in turn: an older reading never replaces what was written after it began. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const run = last.then(work);
    last = run.catch(() => undefined);
    return run;
  };

  const isGood = ({ expires_at, lasts_ms }: Kept) => expires_at - Math.min(leewayMs, lasts_ms / 4) > clock.now();

  const adopt = (next: Kept | undefined, reason: Ending) => {
    const before = kept;
    kept = next;
    if (before?.id !== next?.id) {
      user.set(next?.user);
      if (before)
        for (const listener of [...listeners]) {
          try {
            listener(leaving ? 'here' : reason);
          } catch (error) {
            onError(error);
          }
        }
    }
    if (before?.refresh_token !== next?.refresh_token) schedule();
  };

  const reread = () =>
    inTurn(async () => {
      if (unsaved) return;
      try {
        adopt(readKept(await storage.get(key)), 'signed_out');
      } catch (error) {
        onError(error);
      }
    });

  /** Only where `id`'s sign-in (or nobody's, where undefined is given) is still what this client has. */
  const replace = (id: string | undefined, next: Kept | undefined, reason: Ending = 'signed_out') =>
    inTurn(async () => {
      if (id !== undefined && kept?.id !== id) return;
      try {
        await storage.write([[key, next]]);
        unsaved = false;
      } catch (error) {
        unsaved = true;
        onError(error);
      }
      adopt(next, reason);
    });

  /** The answer to the first try may be lost: the same refresh token is answered again for a moment. */
  const exchange = async (refresh_token: string) => {
    try {
      return await rest.call('account:refresh', {}, refresh_token, { timeoutMs: firstTryMs });
    } catch (error) {
      const lost = error instanceof ChatError && (error.code === 'no_answer' || error.code === 'offline');
      if (!lost) throw error;
      return rest.call('account:refresh', {}, refresh_token);
    }
  };

  const exchangeAlone = async (used: string, known: string | undefined): Promise<string> => {
    await reread();
    const before = kept;
    if (!before) throw signedOut();
    // Access tokens of the same second are equal: what tells that somebody was faster is the refresh token.
    if ((before.token !== used || before.refresh_token !== known) && isGood(before)) return before.token;
    try {
      const tokens = tokensOf(await exchange(before.refresh_token));
      await reread();
      // Nobody is signed in again by an answer that came after they left.
      if (kept?.id !== before.id) throw signedOut();
      await replace(before.id, { ...before, ...tokens });
      return tokens.token;
    } catch (error) {
      if (!isAboutToken(error)) throw error;
      await reread();
      // Without a lock that reaches all tabs, another one may have been faster.
      if (kept?.id === before.id && kept.refresh_token !== before.refresh_token) return kept.token;
      await replace(before.id, undefined);
      throw error;
    }
  };

  const refresh = (used: string): Promise<string> => {
    const known = kept?.refresh_token;
    refreshing ??= locks
      .alone('session', () => exchangeAlone(used, known))
      .finally(() => {
        refreshing = undefined;
      });
    return refreshing;
  };

  const tokensOf = ({ token, refresh_token, expires_in }: Output<'account:refresh'>) => {
    if (typeof token !== 'string' || typeof refresh_token !== 'string' || !(expires_in > 0)) throw oddAnswer();
    const lasts_ms = expires_in * 1_000;
    return { token, refresh_token, expires_at: clock.now() + lasts_ms, lasts_ms };
  };

  const schedule = (atLeastMs = 0) => {
    clearTimeout(timer);
    if (!kept || holders === 0) return;
    const { token, expires_at, lasts_ms } = kept;
    const ms = Math.min(longestTimerMs, Math.max(atLeastMs, expires_at - lasts_ms / 4 - clock.now()));
    timer = setTimeout(() => void refresh(token).catch(() => schedule(againMs)), ms);
  };

  const signIn = async (input: Input<'account:login'>) => {
    const { id, username, full_name, ...answer } = await rest.call('account:login', input);
    if (typeof id !== 'string') throw oddAnswer();
    const sign_in = `${clock.now()}-${Math.random()}`;
    const next = { id: sign_in, user: { id, username, full_name }, ...tokensOf(answer) };
    await replace(undefined, next);
    return next.user;
  };

  const stop = storage.subscribe(keys => {
    if (keys.includes(key)) void reread();
  });

  const token = async () => {
    if (!kept) throw signedOut();
    return isGood(kept) ? kept.token : refresh(kept.token);
  };

  return {
    user,
    signIn,
    token,
    refresh,

    async restore() {
      await reread();
      return user.get();
    },

    async signUp(input) {
      await rest.call('account:register', input);
      return signIn({ username: input.username, password: input.password });
    },

    async signOut() {
      const before = kept;
      if (!before) return;
      // The server closes this client's own connection for it, too.
      leaving = true;
      try {
        await rest.call('account:logout', {}, await token(), { timeoutMs: firstTryMs });
      } catch (error) {
        if (!isAboutToken(error)) onError(error);
      }
      await replace(before.id, undefined, 'here');
      leaving = false;
    },

    async end(reason, whose) {
      if (kept && user.get() === whose) await replace(kept.id, undefined, reason);
    },

    keepFresh() {
      holders += 1;
      schedule();
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        holders -= 1;
        schedule();
      };
    },

    onEnded(listener) {
      const own = (reason: Ending) => listener(reason);
      listeners.add(own);
      return () => void listeners.delete(own);
    },

    close() {
      stop();
      clearTimeout(timer);
      listeners.clear();
      holders = 0;
    },
  };
};
