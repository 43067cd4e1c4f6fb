import type { ChatConversation, Summary, User } from 'parley/client';
import { useMemo, useRef } from 'preact/hooks';
import { Composer } from '../composer/composer.tsx';
import type { Target } from '../composer/target.ts';
import { createState, useSelected } from '../ui/state.ts';
import { ConversationHeader } from './header.tsx';
import { NotHere } from './not-here.tsx';
import { Timeline } from './timeline.tsx';

/** One conversation: what it is, what is said in it, and where to say something. */
export const ConversationView = ({ chat, me }: { chat: ChatConversation; me: User }) => {
  const target = useMemo(() => createState<Target | undefined>(undefined), []);
  const isHere = useSelected(chat.summary, summary => summary !== undefined);
  const before = useRef<Summary | undefined>(undefined);
  before.current = chat.summary.get() ?? before.current;
  if (!isHere) return <NotHere chat={chat} before={before.current} />;
  return (
    <>
      <ConversationHeader chat={chat} />
      <Timeline chat={chat} me={me} target={target} />
      <Composer chat={chat} me={me} target={target} />
    </>
  );
};
