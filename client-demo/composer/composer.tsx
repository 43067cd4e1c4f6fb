import type { ChatConversation, User } from 'parley/client';
import { type State, useObservable } from '../ui/state.ts';
import { useIsMuted } from '../ui/use-is-muted.ts';
import { Muted } from './muted.tsx';
import type { Target } from './target.ts';
import { Writer } from './writer.tsx';
import './composer.css';

/** Where a message is written; or until when none can be. Nothing where the conversation is not the person's. */
export const Composer = (props: { chat: ChatConversation; me: User; target: State<Target | undefined> }) => {
  const summary = useObservable(props.chat.summary);
  const until = summary?.muted_until;
  const isMuted = useIsMuted(until);
  if (!summary) return null;
  return isMuted && until ? <Muted until={until} /> : <Writer {...props} summary={summary} />;
};
