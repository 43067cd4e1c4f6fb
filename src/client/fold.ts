import { excerpt } from '../protocol/excerpt.ts';
import type { LogEvent, Message } from '../protocol/index.ts';

type Change = (message: Message) => Message;
type Reaction = Extract<LogEvent, { kind: 'react' | 'unreact' }>;

/** Folds an event that is no message into those before it; the same array where none of them changes. */
export const foldInto = (messages: readonly Message[], event: LogEvent, me: string): readonly Message[] => {
  switch (event.kind) {
    case 'edit': {
      const { target_id, message, mentions, date, unsent } = event;
      // The text of an edit of an unsent message is erased.
      if (unsent) return messages;
      const edit: Change = held => (held.unsent ? held : { ...held, message, mentions, edited_at: date });
      return change(messages, target_id, edit, { message: excerpt(message) });
    }
    case 'unsend': {
      const erase: Change = ({ edited_at: _, mentions_all: __, reply_preview: ___, ...held }) => ({
        ...held,
        ...{ message: '', mentions: [], reactions: [], unsent: true },
      });
      return change(messages, event.target_id, erase, { message: '', unsent: true });
    }
    case 'react':
    case 'unreact':
      return change(messages, event.target_id, message => count(message, event, me));
    default:
      return messages;
  }
};

/** Changes a message, and what replies show of it. */
const change = (
  messages: readonly Message[],
  target_id: string,
  how: Change,
  preview?: { message: string; unsent?: true },
): readonly Message[] => {
  let changed = false;
  const next = messages.map(held => {
    let now = held.id === target_id ? how(held) : held;
    if (preview && now.reply_preview?.id === target_id && !now.reply_preview.unsent)
      now = { ...now, reply_preview: { ...now.reply_preview, ...preview } };
    changed ||= now !== held;
    return now;
  });
  return changed ? next : messages;
};

/** History comes with reactions counted up to an event that it names: those are not counted again. */
const count = (message: Message, { kind, seq, emoji, from }: Reaction, me: string): Message => {
  if (message.unsent || seq <= (message.reactions_seq ?? 0)) return message;
  const mine = from.id === me;
  const held = message.reactions.find(reaction => reaction.emoji === emoji);
  // Two devices of a person may have reacted at the same moment: of oneself this is known.
  const isNews = !mine || (held?.me ?? false) !== (kind === 'react');
  const next = {
    emoji,
    count: (held?.count ?? 0) + (kind === 'react' ? 1 : -1),
    me: mine ? kind === 'react' : (held?.me ?? false),
  };
  const reactions = !isNews
    ? message.reactions
    : held
      ? message.reactions.map(reaction => (reaction === held ? next : reaction)).filter(({ count }) => count > 0)
      : kind === 'react'
        ? [...message.reactions, next]
        : message.reactions;
  return { ...message, reactions, reactions_seq: seq };
};
