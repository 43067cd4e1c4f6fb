import type { ChatConversation, User } from 'parley/client';
import { useMemo } from 'preact/hooks';
import { Composer } from '../composer/composer.tsx';
import type { Target } from '../composer/target.ts';
import { createState } from '../ui/state.ts';
import { Timeline } from './timeline.tsx';

/** One conversation: what it is, what is said in it, and where to say something. */
export const ConversationView = ({ chat, me }: { chat: ChatConversation; me: User }) => {
  const target = useMemo(() => createState<Target | undefined>(undefined), []);
  return (
    <>
      <Timeline chat={chat} me={me} target={target} />
      <Composer chat={chat} me={me} target={target} />
    </>
  );
};
