import { randomBytes } from 'node:crypto';
import { ParleyError } from '../../errors.ts';
import type { Handlers } from '../../invoke.ts';
import { isoDate } from '../../ports/clock.ts';
import { fold, usernameKey } from '../username-key.ts';
import { type AccountParts, maxKeyLength, requireLength, type Throttle } from './parts.ts';

type SignInOperation = 'account:register' | 'account:login' | 'account:logout' | 'account:refresh';

/** `@all` speaks to everybody, so nobody may be called that. */
const reserved = new Set(['all']);

const keyOf = (username: string) => {
  const key = usernameKey(username);
  if (reserved.has(key)) throw new ParleyError('username_taken');
  // Some letters show nothing, and some are whole sentences, once they are folded.
  if (key.length > maxKeyLength || !/[\p{L}\p{N}]/u.test(key)) {
    const reason = 'must have visible letters or digits, and not too many';
    throw new ParleyError('invalid_input', { message: `username: ${reason}`, details: { username: reason } });
  }
  return key;
};

export const createSignInHandlers = ({
  users,
  sessions,
  passwords,
  clock,
  settings,
  onRegistered,
  record,
  throttle,
}: AccountParts & { throttle: Throttle }): Handlers<SignInOperation> => ({
  async 'account:register'(_, { username, password, full_name, email }) {
    requireLength(password, settings.passwordMinLength, 'password');
    const keys = { username: keyOf(username), email: email === undefined ? null : fold(email) };
    const id = randomBytes(12).toString('base64url');
    const row = { id, username, full_name, email: email ?? null, password_hash: await passwords.hash(password) };
    const times = { created_at: isoDate(clock.now()), last_seen_at: null, erased_at: null };
    await users.create({ ...row, role: 'user', ...times }, keys);
    try {
      await onRegistered(id);
    } catch (error) {
      // The account is there: an error would be answered by a second try with `username_taken`, which were false.
      record('registration_incomplete', { user_id: id, error: String(error) });
    }
    record('account_registered', { user_id: id });
    return { message: 'Account created', data: { id, username, full_name } };
  },

  async 'account:login'(_, { username, password }, { user_agent, address }) {
    const key = usernameKey(username);
    await throttle(key);
    const user = await users.findByUsernameKey(key);
    const matches = await passwords.verify(password, user?.password_hash);
    if (!user || !matches) {
      record('login_refused', { address });
      throw new ParleyError('invalid_credentials');
    }
    const { session_id, ...tokens } = await sessions.open(user, user_agent).catch(erasedMeanwhile);
    // A password that was changed while this one was compared has ended all sessions there were, but not this one.
    if ((await users.find(user.id))?.password_hash !== user.password_hash) {
      await sessions.revoke({ id: session_id, user_id: user.id });
      throw new ParleyError('invalid_credentials');
    }
    record('login', { user_id: user.id, session_id });
    return { id: user.id, username: user.username, full_name: user.full_name, ...tokens };
  },

  async 'account:logout'({ user_id, session_id, username, full_name }) {
    await sessions.revoke({ id: session_id, user_id });
    record('logout', { user_id, session_id });
    return { id: user_id, username, full_name };
  },

  'account:refresh'(_, _input, { refresh_token }) {
    if (refresh_token === undefined) throw new ParleyError('unauthenticated');
    return sessions.refresh(refresh_token);
  },
});

const erasedMeanwhile = (error: unknown): never => {
  throw error instanceof ParleyError && error.code === 'not_found' ? new ParleyError('invalid_credentials') : error;
};
