import type { ChatConversation, User } from 'parley/client';
import { type State, useObservable } from '../ui/state.ts';
import { Muted, useMutedUntil } from './muted.tsx';
import type { Target } from './target.ts';
import { Writer } from './writer.tsx';
import './composer.css';

/** Where a message is written; or until when none can be. Nothing where the conversation is not the person's. */
export const Composer = (props: { chat: ChatConversation; me: User; target: State<Target | undefined> }) => {
  const summary = useObservable(props.chat.summary);
  const mutedUntil = useMutedUntil(summary);
  if (!summary) return null;
  return mutedUntil === undefined ? <Writer {...props} summary={summary} /> : <Muted until={mutedUntil} />;
};
