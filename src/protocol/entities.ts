import { z } from 'zod';
import { conversationKind, date, historyPolicy, id, role, seq } from './fields.ts';

/** A person as others see them. An erased account is `{username: '', full_name: ''}` under its old id. */
export const user = z.object({ id, username: z.string(), full_name: z.string() });

export const profile = user.extend({ email: z.string().nullable(), role: z.enum(['user', 'admin']), created_at: date });

export const session = z.object({
  id,
  current: z.boolean(),
  created_at: date,
  last_seen_at: date,
  user_agent: z.string(),
});

/** What every log event carries. `n` is the number of messages in the conversation up to and including it. */
const envelope = {
  id,
  conversation_id: id,
  epoch: z.string(),
  seq,
  n: seq,
  from: user,
  date,
  client_id: z.string(),
};

export const mention = user;
/** What a reply shows of its target: at most 140 characters, none once the target is unsent. */
export const replyPreview = z.object({ id, from: user, message: z.string(), unsent: z.boolean().optional() });

const messageFields = {
  message: z.string(),
  reply_to: id.optional(),
  reply_preview: replyPreview.optional(),
  mentions: z.array(mention),
  /** `@all` was used by somebody who may. */
  mentions_all: z.boolean().optional(),
};

export const messageEvent = z.object({
  ...envelope,
  kind: z.literal('message'),
  ...messageFields,
  unsent: z.boolean().optional(),
});
export const editEvent = z.object({
  ...envelope,
  kind: z.literal('edit'),
  target_id: id,
  message: z.string(),
  mentions: z.array(mention),
  unsent: z.boolean().optional(),
});
export const unsendEvent = z.object({ ...envelope, kind: z.literal('unsend'), target_id: id });
export const reactEvent = z.object({
  ...envelope,
  kind: z.enum(['react', 'unreact']),
  target_id: id,
  emoji: z.string(),
});
const conversationFields = {
  name: z.string().nullable(),
  topic: z.string(),
  slow_mode_ms: z.int(),
  history: historyPolicy,
};
export const createdEvent = z.object({
  ...envelope,
  kind: z.literal('created'),
  conversation_kind: conversationKind,
  ...conversationFields,
});
/** Only the fields that were changed. */
export const updatedEvent = z
  .object({ ...envelope, kind: z.literal('updated') })
  .extend(z.object(conversationFields).partial().shape);
export const deletedEvent = z.object({ ...envelope, kind: z.literal('deleted') });
export const memberEvent = z.object({
  ...envelope,
  kind: z.enum(['joined', 'left', 'removed', 'banned', 'unbanned', 'role', 'muted']),
  user,
  role: role.optional(),
  /** With `muted`: until when, or null where the mute was lifted. */
  muted_until: date.nullable().optional(),
});

/** One event of a conversation's log, as it goes live and by sync. */
export const logEvent = z.discriminatedUnion('kind', [
  messageEvent,
  editEvent,
  unsendEvent,
  reactEvent,
  createdEvent,
  updatedEvent,
  deletedEvent,
  memberEvent,
]);

export const reaction = z.object({ emoji: z.string(), count: z.int(), me: z.boolean() });

/** A message as history shows it: its event with edits, reactions and unsending folded in. */
export const message = messageEvent.extend({
  edited_at: date.optional(),
  reactions: z.array(reaction),
  /** The seq of the last event that `reactions` counts; absent where there never was one. Count on from there, not from before. */
  reactions_seq: seq.optional(),
});

export const member = z.object({
  user,
  role,
  joined_seq: seq,
  muted_until: date.nullable(),
  /** How far they have read, and how far a device of theirs has it, of a moment ago: in lists of members but the lobby's. */
  read_seq: seq.optional(),
  delivered_seq: seq.optional(),
});
export const ban = z.object({ user, seq });

export const conversation = z.object({
  id,
  kind: conversationKind,
  ...conversationFields,
  created_at: date,
  /** The other person of a direct conversation. */
  peer: user.optional(),
  /** The caller's role; null where the caller is no member (a room in the directory). */
  role: role.nullable(),
  muted_until: date.nullable(),
  epoch: z.string(),
  /** The highest seq of the log. */
  head: seq,
  /** The lowest seq that the caller may have. */
  floor: seq,
  read_seq: seq,
  delivered_seq: seq,
  unread: z.int(),
  last_message: message.nullable(),
});

/** What the directory tells of a room. */
export const room = z.object({
  id,
  kind: conversationKind,
  name: z.string().nullable(),
  topic: z.string(),
  members: z.int(),
  joined: z.boolean(),
});

export const receipt = z.object({ user_id: id, read_seq: seq, delivered_seq: seq });
export const presence = z.object({ user_id: id, status: z.enum(['online', 'offline']), last_seen_at: date.nullable() });

export const notification = z.object({
  id,
  kind: z.enum(['mention', 'direct', 'reply', 'invite']),
  conversation_id: id,
  seq,
  /** The message that it is about; null for an invitation. */
  message_id: id.nullable(),
  from: user,
  /** At most 140 characters of the message's text as it is now; empty once it is unsent. */
  preview: z.string(),
  date,
  read: z.boolean(),
});

export type User = z.infer<typeof user>;
export type Profile = z.infer<typeof profile>;
export type Session = z.infer<typeof session>;
export type LogEvent = z.infer<typeof logEvent>;
export type LogEventKind = LogEvent['kind'];
export type Message = z.infer<typeof message>;
export type ReplyPreview = z.infer<typeof replyPreview>;
export type Member = z.infer<typeof member>;
export type Conversation = z.infer<typeof conversation>;
export type Room = z.infer<typeof room>;
export type Receipt = z.infer<typeof receipt>;
export type Presence = z.infer<typeof presence>;
export type Notification = z.infer<typeof notification>;
