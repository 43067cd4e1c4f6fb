// @ts-check
/** @import { User } from '../src/protocol/index.ts' */
import { api } from './api.js';
import { Failure, isAboutToken, isFailure } from './failure.js';

/**
 * @typedef {{ user: User, token: string, refresh_token: string, expires_at: number, lasts_ms: number }} Kept `expires_at` by this device's clock, milliseconds
 * @typedef {'signed_out' | 'account_erased' | 'here'} Ending why a session ended; `here` is this page's own sign-out button
 * @typedef {ReturnType<typeof createSession>} Session
 */

const key = 'parley:session';
/** A token with less than this left, or less than a quarter of its life, is exchanged before it is used. */
const leewayMs = 20_000;

/** @param {Kept} kept */
const isGood = ({ expires_at, lasts_ms }) => expires_at - Math.min(leewayMs, lasts_ms / 4) > Date.now();

/** @param {number} expires_in seconds */
const lifeOf = expires_in => ({ expires_at: Date.now() + expires_in * 1_000, lasts_ms: expires_in * 1_000 });

/** @param {Storage} storage @returns {Kept | undefined} */
const read = storage => {
  try {
    const kept = JSON.parse(storage.getItem(key) ?? 'null');
    return typeof kept?.refresh_token === 'string' && typeof kept?.user?.id === 'string' ? kept : undefined;
  } catch {
    return undefined;
  }
};

/** Work that only one tab of this browser does at a time; without Web Locks (plain http beyond localhost) the server's grace for refreshes has to do.
 * @template T @param {string} name @param {() => Promise<T>} work @returns {Promise<T>} */
export const alone = (name, work) => (navigator.locks ? navigator.locks.request(name, work) : work());

/**
 * Who is signed in, in this window only or (where the person wanted to stay signed in) in the whole browser.
 * The storage is the truth: each use reads it again, as another tab may have exchanged the tokens meanwhile.
 */
export const createSession = () => {
  /** @type {Set<(ending: Ending) => void>} */
  const ended = new Set();
  const place = () => (read(sessionStorage) ? sessionStorage : localStorage);
  const current = () => read(place());

  /** @param {Ending} ending */
  const end = ending => {
    place().removeItem(key);
    for (const listener of [...ended]) listener(ending);
  };

  // A duplicated tab has a copy of its origin's sessionStorage, but is told nothing of its changes: an old refresh token would end the session.
  const twins = new BroadcastChannel('parley:session');
  twins.onmessage = ({ data }) => {
    if (read(sessionStorage)?.refresh_token === data?.before) sessionStorage.setItem(key, JSON.stringify(data.kept));
  };

  /** @param {Kept} before @param {Kept} kept */
  const replace = (before, kept) => {
    place().setItem(key, JSON.stringify(kept));
    if (place() === sessionStorage) twins.postMessage({ before: before.refresh_token, kept });
  };

  addEventListener('storage', event => {
    if (event.storageArea === localStorage && event.key === key && event.newValue === null && !read(sessionStorage))
      for (const listener of [...ended]) listener('signed_out');
  });

  /**
   * Fresh tokens: exchanged by one tab at a time, the others find them in the storage. Storage can reach another tab's process later than
   * the lock: that tab asks once more, and the server's grace gives it the same ones.
   *
   * @param {string} [used] the access token that no longer does
   * @returns {Promise<string>} a newer one
   */
  const refresh = used =>
    alone('parley:refresh', async () => {
      const kept = current();
      if (!kept) throw new Failure('signed_out', 'Nobody is signed in here.');
      if (used !== undefined && kept.token !== used && isGood(kept)) return kept.token;
      try {
        const { token, refresh_token, expires_in } = await api.refresh(kept.refresh_token);
        replace(kept, { ...kept, token, refresh_token, ...lifeOf(expires_in) });
        return token;
      } catch (error) {
        if (isFailure(error) && isAboutToken(error.code)) {
          const now = current();
          if (now && now.refresh_token !== kept.refresh_token) return now.token;
          end('signed_out');
        }
        throw error;
      }
    });

  return {
    current,
    end,
    refresh,

    /** The access token as kept, whether it is still good or not. */
    held: () => current()?.token ?? '',

    /** An access token that is good for a while. Rejects where there is no connection or no session. */
    async token() {
      const kept = current();
      return kept && isGood(kept) ? kept.token : refresh(kept?.token);
    },

    /** @param {(ending: Ending) => void} listener @returns {() => void} */
    onEnded(listener) {
      ended.add(listener);
      return () => ended.delete(listener);
    },

    /** @param {string} username @param {string} password @param {boolean} stay beyond this window */
    async signIn(username, password, stay) {
      const { token, refresh_token, expires_in, ...user } = await api.login({ username, password });
      const kept = { user, token, refresh_token, ...lifeOf(expires_in) };
      (stay ? localStorage : sessionStorage).setItem(key, JSON.stringify(kept));
    },

    /** Ends the session on the server too; where that cannot be reached, here at least. */
    async signOut() {
      const kept = current();
      try {
        if (kept) await api.logout(await this.token());
      } catch (error) {
        console.warn('The server could not be told of the sign-out.', error);
      }
      end('here');
    },
  };
};
