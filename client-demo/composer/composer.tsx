import type { ChatConversation, User } from 'parley/client';
import type { State } from '../ui/state.ts';
import type { Target } from './target.ts';

/** Being built. */
export const Composer = (_: { chat: ChatConversation; me: User; target: State<Target | undefined> }) => null;
