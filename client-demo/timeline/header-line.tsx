import type { ChatConversation, Summary, Typing, User } from 'parley/client';
import type { ComponentChild } from 'preact';
import { useEffect, useReducer } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import type { Words } from '../language/words.ts';
import { useMembers } from '../people/use-members.ts';
import { nameOf } from '../ui/names.ts';
import { useObservable } from '../ui/state.ts';

/** Below the title: who is typing; else what there is to know. Drawn apart from the messages, as it changes at each key of somebody. */
export const HeaderLine = ({ chat, summary }: { chat: ChatConversation; summary: Summary }) => {
  const words = useWords();
  const typing = useObservable(chat.typing);
  if (typing.users.length > 0)
    return (
      <p class="conversation-line typing">
        <span class="typing-dots" aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
        <span>{typingText(typing, words)}</span>
      </p>
    );
  if (summary.kind === 'direct') return summary.peer?.username ? <PresenceLine peer={summary.peer} /> : null;
  if (summary.topic)
    return (
      <p class="conversation-line" title={summary.topic}>
        <bdi>{summary.topic}</bdi>
      </p>
    );
  return summary.kind === 'lobby' ? (
    <p class="conversation-line">{words.t('timeline.everybody')}</p>
  ) : (
    <MembersLine conversation_id={summary.id} />
  );
};

const typingText = ({ users, more }: Typing, words: Words): ComponentChild => {
  const [name, other] = users.map(user => <bdi key={user.id}>{nameOf(user, words)}</bdi>);
  const count = users.length + more;
  if (count === 1) return words.parts('timeline.typingOne', { name });
  if (count === 2) return words.parts('timeline.typingTwo', { name, other });
  return words.t('timeline.typingMany', { count });
};

const minuteMs = 60_000;

const PresenceLine = ({ peer }: { peer: User }) => {
  const { client } = useApp();
  const { t, dates } = useWords();
  const presence = useObservable(client.presence(peer.id));
  const [, redraw] = useReducer<number, void>(count => count + 1, 0);
  useEffect(() => {
    const timer = setInterval(() => redraw(), minuteMs);
    return () => clearInterval(timer);
  }, []);
  if (presence?.status === 'online') return <p class="conversation-line online">{t('app.online')}</p>;
  const seen = presence?.last_seen_at;
  // As high as the line will be, so that the title does not jump.
  return (
    <p class="conversation-line">
      {seen ? t('app.lastSeen', { ago: dates.ago(seen) }) : <bdi class="username">{`@${peer.username}`}</bdi>}
    </p>
  );
};

const MembersLine = ({ conversation_id }: { conversation_id: string }) => {
  const { t } = useWords();
  const { members, hasMore } = useMembers(conversation_id);
  return (
    <p class="conversation-line">
      {members && t(hasMore ? 'timeline.membersMore' : 'timeline.members', { count: members.length })}
    </p>
  );
};
