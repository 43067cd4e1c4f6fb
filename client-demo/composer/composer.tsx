import type { ChatConversation, User } from 'parley/client';
import { type State, useObservable } from '../ui/state.ts';
import { Muted, Outside, useMutedUntil } from './closed.tsx';
import type { Target } from './target.ts';
import { Writer } from './writer.tsx';
import './composer.css';

/** Where a message is written; or why none can be. */
export const Composer = (props: { chat: ChatConversation; me: User; target: State<Target | undefined> }) => {
  const summary = useObservable(props.chat.summary);
  const mutedUntil = useMutedUntil(summary);
  if (!summary?.role) return <Outside conversation_id={props.chat.id} />;
  return mutedUntil === undefined ? <Writer {...props} summary={summary} /> : <Muted until={mutedUntil} />;
};
