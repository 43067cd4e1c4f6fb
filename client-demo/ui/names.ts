import type { Summary, User } from 'parley/client';
import type { Words } from '../language/words.ts';

/** An erased account has no name left. */
export const nameOf = (user: User | undefined, { t }: Words) =>
  user?.full_name || user?.username || t('app.deletedAccount');

/** What a conversation is called: by its name, or by the other person's. */
export const titleOf = ({ kind, name, peer }: Pick<Summary, 'kind' | 'name' | 'peer'>, words: Words) =>
  kind === 'direct' ? nameOf(peer, words) : name || words.t('app.lobby');
