import type { Handlers } from '../invoke.ts';
import type { Presence } from './presence.ts';
import type { Typing } from './typing.ts';

export type PresenceOperation = 'typing:start' | 'typing:stop' | 'presence:get' | 'presence:watch' | 'presence:unwatch';

/** Everything that vanishes: typing and presence. */
export const createPresenceHandlers = ({
  typing,
  presence,
}: {
  typing: Pick<Typing, 'handlers'>;
  presence: Pick<Presence, 'handlers'>;
}): Handlers<PresenceOperation> => ({ ...typing.handlers, ...presence.handlers });
