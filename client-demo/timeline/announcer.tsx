import type { ChatConversation, User } from 'parley/client';
import { useEffect, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { nameOf } from '../ui/names.ts';

const kept = 5;

/** Says new messages of others to those who hear the page, and those alone: what is paged in stands in the list without a word. */
export const Announcer = ({ chat, me }: { chat: ChatConversation; me: User }) => {
  const { client } = useApp();
  const words = useWords();
  const [lines, setLines] = useState<readonly { id: string; text: string }[]>([]);
  useEffect(
    () =>
      client.on('event', event => {
        if (event.kind !== 'message' || event.conversation_id !== chat.id || event.from.id === me.id) return;
        const text = words.t('timeline.spoken', { name: nameOf(event.from, words), message: event.message });
        setLines(before => [...before, { id: event.id, text }].slice(-kept));
      }),
    [client, chat, me.id, words],
  );
  return (
    <div
      class="unseen"
      role="log"
      aria-live="polite"
      aria-relevant="additions"
      aria-label={words.t('timeline.newSpoken')}
    >
      {lines.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
};
