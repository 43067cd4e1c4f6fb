import type { Input, User } from '../protocol/index.ts';
import { type ChatError, closedHere, isAboutToken, oddAnswer, signedOut } from './errors.ts';
import { exchange } from './exchange.ts';
import { createKeeper, isGood, type Kept, tokensOf } from './kept.ts';
import { createListeners } from './listeners.ts';
import { createObservable, type Observable } from './observable.ts';
import { goodbyeMs, type Rest } from './rest.ts';
import type { ChatStorage } from './store.ts';

/** Why a session ended: on another device or tab, or by the server; with the account; or by `signOut` of this client. */
export type Ending = 'signed_out' | 'account_erased' | 'here';

/** Work that one tab of a browser does at a time, by name. */
export interface Locks {
  alone<T>(name: string, work: () => Promise<T>): Promise<T>;
}

export interface Session {
  /** Who is signed in: another object where their names changed, too. */
  user: Observable<User | undefined>;
  /** Tells one sign-in from another; undefined where nobody is signed in. */
  id(): string | undefined;
  /** The server told who it is; ignored where that is not who is signed in. Never rejects. */
  rename(user: User): Promise<void>;
  /** Takes up what the storage has. */
  restore(): Promise<User | undefined>;
  /** Creates an account and signs in. Rejects with `ChatError`. */
  signUp(input: Input<'account:register'>): Promise<User>;
  /** Rejects with `ChatError`. Whoever was signed in here before is replaced, and signed out on the server where it can be reached. */
  signIn(input: Input<'account:login'>): Promise<User>;
  /** Ends the session on the server too; where that cannot be reached, here at least (`onError` is told). */
  signOut(): Promise<void>;
  /** An access token that is good for a while. Rejects with `ChatError`: `signed_out` where nobody is signed in. */
  token(): Promise<string>;
  /** A newer access token than `used`, which no longer does. Rejects like `token`. */
  refresh(used: string): Promise<string>;
  /** The server said so; ignored where the sign-in `whose` is over already. */
  end(reason: Ending, whose: string | undefined): Promise<void>;
  /** From now on tokens are exchanged before they run out, also while nobody asks for one. Returns how to stop. */
  keepFresh(): () => void;
  /** Not told where another sign-in took its place here. */
  onEnded(listener: (reason: Ending) => void): () => void;
  /** Resolves when what was under way is in the storage. A sign-in that was under way rejects as `closed`, and is signed out. */
  close(): Promise<void>;
}

/** Milliseconds after which an exchange that failed while the token is still good is tried again. */
const againMs = 5_000;
const longestTimerMs = 2 ** 31 - 1;

const codeOf = (error: unknown) => (error as ChatError).code;

const isSame = (a: User, b: User | undefined) => a.username === b?.username && a.full_name === b.full_name;

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
  const endings = createListeners<Ending>(onError);
  let leaving = false;
  let holders = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let refreshing: Promise<string> | undefined;
  /** What was last asked to be made an account. */
  let begunSignUp: string | undefined;

  let closed = false;
  /** Tokens are under way until then, which are to be kept, or ended. */
  let settled: Promise<unknown> = Promise.resolve();
  const hold = <T>(work: Promise<T>): Promise<T> => {
    settled = Promise.allSettled([settled, work]).then(() => undefined);
    return work;
  };

  const keeper = createKeeper<Ending | 'replaced'>({
    storage,
    onError,
    onChange(before, next, reason = 'signed_out') {
      if (before?.refresh_token !== next?.refresh_token) schedule();
      if (before?.id === next?.id) {
        if (next && !isSame(next.user, user.get())) user.set(next.user);
        return;
      }
      user.set(next?.user);
      if (!before) return;
      if (reason === 'replaced') void hold(logout(before)).catch(onGoodbye);
      else endings.tell(leaving ? 'here' : reason);
    },
  });

  const onGoodbye = (error: unknown) => {
    if (!isAboutToken(error)) onError(error);
  };

  /** On the server, of a sign-in that is kept no longer. */
  const logout = async (kept: Kept) => {
    const { token } = isGood(kept, clock.now()) ? kept : await exchange(rest, kept.refresh_token);
    await rest.call('account:logout', {}, token, { timeoutMs: goodbyeMs });
  };

  const exchangeKept = async (before: Kept): Promise<string> => {
    const tokens = tokensOf(await exchange(rest, before.refresh_token), clock.now());
    await keeper.reread();
    // Nobody is signed in again by an answer that came after they left.
    if (keeper.current()?.id !== before.id) throw signedOut();
    await keeper.replace(before.id, { ...before, ...tokens }, 'signed_out');
    return tokens.token;
  };

  const exchangeAlone = async (used: string, known: string | undefined): Promise<string> => {
    await keeper.reread();
    const before = keeper.current();
    if (!before) throw signedOut();
    // Access tokens of the same second are equal: what tells that somebody was faster is the refresh token.
    if ((before.token !== used || before.refresh_token !== known) && isGood(before, clock.now())) return before.token;
    try {
      return await hold(exchangeKept(before));
    } catch (error) {
      if (!isAboutToken(error)) throw error;
      await keeper.reread();
      // Without a lock that reaches all tabs, another one may have been faster.
      const now = keeper.current();
      if (now?.id === before.id && now.refresh_token !== before.refresh_token) return now.token;
      await keeper.replace(before.id, undefined, 'signed_out');
      throw error;
    }
  };

  const refresh = (used: string): Promise<string> => {
    const known = keeper.current()?.refresh_token;
    refreshing ??= locks
      .alone('session', () => exchangeAlone(used, known))
      .finally(() => {
        refreshing = undefined;
      });
    return refreshing;
  };

  const schedule = (atLeastMs = 0) => {
    clearTimeout(timer);
    const kept = keeper.current();
    if (!kept || holders === 0) return;
    const { token, expires_at, lasts_ms } = kept;
    const ms = Math.min(longestTimerMs, Math.max(atLeastMs, expires_at - lasts_ms / 4 - clock.now()));
    timer = setTimeout(() => void refresh(token).catch(() => schedule(againMs)), ms);
  };

  const signIn = async (input: Input<'account:login'>) => {
    const { id, username, full_name, ...answer } = await rest.call('account:login', input);
    if (![id, username, full_name].every(field => typeof field === 'string')) throw oddAnswer();
    const sign_in = `${clock.now()}-${Math.random()}`;
    const next = { id: sign_in, user: { id, username, full_name }, ...tokensOf(answer, clock.now()) };
    if (!closed) await keeper.replace(undefined, next, 'replaced');
    if (!closed) return next.user;
    await keeper.replace(next.id, undefined, 'here');
    await logout(next).catch(onGoodbye);
    throw closedHere();
  };

  const token = async () => {
    const kept = keeper.current();
    if (!kept) throw signedOut();
    return isGood(kept, clock.now()) ? kept.token : refresh(kept.token);
  };

  return {
    user,
    signIn: input => hold(signIn(input)),
    token,
    refresh,
    id: () => keeper.current()?.id,

    async rename({ id, username, full_name }) {
      const told = { id, username, full_name };
      if (user.get()?.id !== id || isSame(told, user.get())) return;
      // Alone, and with what all tabs have then, as the tokens are written with it.
      const write = async () => {
        await keeper.reread();
        const kept = keeper.current();
        if (kept?.user.id === id) await keeper.replace(kept.id, { ...kept, user: told }, 'signed_out');
      };
      await locks.alone('session', write).catch(onError);
    },

    async restore() {
      await keeper.reread();
      return user.get();
    },

    async signUp(input) {
      const { username, password } = input;
      const enter = () => hold(signIn({ username, password }));
      const same = JSON.stringify([username, password]);
      const isAgain = begunSignUp === same;
      begunSignUp = same;
      try {
        await rest.call('account:register', input);
      } catch (error) {
        if (!isAgain || codeOf(error) !== 'username_taken') throw error;
        // It may be this one's own, whose answer was lost. The password tells.
        return enter().catch(wrong => {
          throw codeOf(wrong) === 'invalid_credentials' ? error : wrong;
        });
      }
      return enter();
    },

    async signOut() {
      const before = keeper.current();
      if (!before) return;
      // The server closes this client's own connection for it, too.
      leaving = true;
      await logout(before).catch(onGoodbye);
      await keeper.replace(before.id, undefined, 'here');
      leaving = false;
    },

    async end(reason, whose) {
      const kept = keeper.current();
      if (kept && kept.id === whose) await keeper.replace(kept.id, undefined, reason);
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

    onEnded: endings.subscribe,

    async close() {
      closed = true;
      clearTimeout(timer);
      holders = 0;
      await settled;
      keeper.close();
      endings.clear();
    },
  };
};
