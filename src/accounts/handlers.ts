import type { Handlers } from '../invoke.ts';
import { type AccountParts, createConfirm, createThrottle } from './handlers/parts.ts';
import { createProfileHandlers } from './handlers/profile.ts';
import { createSearchHandlers } from './handlers/search.ts';
import { createSessionHandlers } from './handlers/sessions.ts';
import { createSignInHandlers } from './handlers/sign-in.ts';

export type AccountOperation =
  | 'account:register'
  | 'account:login'
  | 'account:logout'
  | 'account:refresh'
  | 'account:profile'
  | 'account:update'
  | 'account:password'
  | 'account:erase'
  | 'session:list'
  | 'session:revoke'
  | 'session:renew'
  | 'user:search';

export const createAccountHandlers = (parts: AccountParts): Handlers<AccountOperation> => {
  const throttle = createThrottle(parts);
  const confirm = createConfirm(parts, throttle);
  return {
    ...createSignInHandlers({ ...parts, throttle }),
    ...createProfileHandlers({ ...parts, confirm }),
    ...createSessionHandlers(parts),
    ...createSearchHandlers(parts),
  };
};
