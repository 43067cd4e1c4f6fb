import type { Actor } from '../../actor.ts';
import { ParleyError } from '../../errors.ts';
import type { Cluster } from '../../ports/cluster.ts';
import type { UserRow, UserStore } from '../../ports/storage.ts';
import type { ChangeParts } from '../change-account.ts';
import { usernameKey } from '../username-key.ts';

export interface AccountParts extends ChangeParts {
  cluster: Pick<Cluster, 'notify' | 'take'>;
  settings: {
    /** In characters. */
    passwordMinLength: number;
    /** Attempts at one account's password, over all addresses and instances (S09); by default ten at once and then one in 6 s. */
    loginLimit?: { rate: number; burst: number } | 'off';
  };
  /** Runs before a registration is answered. */
  onRegistered: (user_id: string) => Promise<void>;
}

const loginLimit = { rate: 1 / 6, burst: 10 };
/** No username's key is longer (`register` refuses it). */
export const maxKeyLength = 64;

/** Counts an attempt at the password of whoever has this key, whether or not anybody has. Throws `rate_limited`. */
export type Throttle = (username_key: string) => Promise<void>;

export const createThrottle = ({ cluster, settings }: Pick<AccountParts, 'cluster' | 'settings'>): Throttle => {
  const bucket = settings.loginLimit ?? loginLimit;
  return async key => {
    if (bucket === 'off') return;
    const retry_after_ms = await cluster.take(`login:${key.slice(0, maxKeyLength)}`, bucket);
    if (retry_after_ms > 0) throw new ParleyError('rate_limited', { retry_after_ms });
  };
};

/** The caller's row, after a password was asked for again: `matches` tells whether this is it. */
export type Confirm = (actor: Actor) => Promise<{ user: UserRow; matches(password: string): Promise<boolean> }>;

export const createConfirm =
  ({ users, passwords }: Pick<AccountParts, 'users' | 'passwords'>, throttle: Throttle): Confirm =>
  async actor => {
    await throttle(usernameKey(actor.username));
    const user = await ownRow(users, actor);
    return { user, matches: password => passwords.verify(password, user.password_hash) };
  };

export const ownRow = async (users: Pick<UserStore, 'find'>, actor: Actor): Promise<UserRow> => {
  const user = await users.find(actor.user_id);
  if (!user || user.erased_at !== null) throw new ParleyError('signed_out');
  return user;
};

/** Length is counted in characters as people see them in Unicode: code points. */
export const requireLength = (password: string, minimum: number, field: string) => {
  if ([...password].length >= minimum) return;
  const reason = `must have at least ${minimum} characters`;
  throw new ParleyError('invalid_input', {
    message: `${field}: ${reason}`,
    details: { [field]: reason, min_length: minimum },
  });
};
