import type { Message, User } from 'parley/client';
import type { ComponentChild } from 'preact';
import type { Kit } from './kit.ts';
import { type Part, parseText } from './parse-text.ts';
import './rich-text.css';

/** A message's text, with links, names and code told apart. Everything else is text, whatever it looks like. */
export const RichText = ({ kit, message }: { kit: Kit; message: Message }) => (
  <>{parseText(message).map(part => drawn(part, kit))}</>
);

const drawn = (part: Part, kit: Kit): ComponentChild => {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'link':
      return (
        <a href={part.href} target="_blank" rel="noopener noreferrer nofollow" dir="ltr">
          {part.text}
        </a>
      );
    case 'code':
    case 'block':
      return (
        <code class={`code-${part.kind}`} dir="ltr">
          <span hidden>{part.open}</span>
          {part.text}
          <span hidden>{part.close}</span>
        </code>
      );
    case 'everybody':
      return <strong class="mention me">{part.text}</strong>;
    case 'mention':
      return <Mention text={part.text} user={part.user} kit={kit} />;
  }
};

const Mention = ({ text, user, kit: { me, words, writeTo } }: { text: string; user: User; kit: Kit }) => {
  if (user.id === me.id) return <strong class="mention me">{text}</strong>;
  return (
    <button
      type="button"
      class="mention"
      title={words.t('timeline.writeTo', { name: user.full_name })}
      onClick={() => void writeTo(user)}
    >
      {text}
    </button>
  );
};
