import type { ChatConversation, User } from 'parley/client';
import type { Target } from '../composer/target.ts';
import type { State } from '../ui/state.ts';

/** Being built. */
export const Timeline = (_: { chat: ChatConversation; me: User; target: State<Target | undefined> }) => null;
