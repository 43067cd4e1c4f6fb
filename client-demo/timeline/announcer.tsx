import type { ChatConversation, LogEvent, User } from 'parley/client';
import { useEffect, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { useNamed } from '../app/use-named.ts';
import { nameOf } from '../ui/names.ts';

const kept = 5;

type Spoken = Extract<LogEvent, { kind: 'message' }>;

/** Says new messages of others to those who hear the page, and those alone: what is paged in stands in the list without a word. */
export const Announcer = ({ chat, me }: { chat: ChatConversation; me: User }) => {
  const { client } = useApp();
  const words = useWords();
  const [spoken, setSpoken] = useState<readonly Spoken[]>([]);
  const lines = useNamed(spoken);
  useEffect(
    () =>
      client.on('event', event => {
        if (event.kind !== 'message' || event.conversation_id !== chat.id || event.from.id === me.id) return;
        setSpoken(before => [...before, event].slice(-kept));
      }),
    [client, chat, me.id],
  );
  return (
    <div
      class="unseen"
      role="log"
      aria-live="polite"
      aria-relevant="additions"
      aria-label={words.t('timeline.newSpoken')}
    >
      {lines.map(({ id, from, message }) => (
        <p key={id}>{words.t('timeline.spoken', { name: nameOf(from, words), message })}</p>
      ))}
    </div>
  );
};
