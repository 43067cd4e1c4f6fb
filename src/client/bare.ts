import { excerpt } from '../protocol/excerpt.ts';
import type { LogEvent, Message, ReplyPreview } from '../protocol/index.ts';

type Told = Extract<LogEvent, { kind: 'message' }>;

/** A reply that was told without what it answers to, though this person may have it. */
export const isBare = (event: LogEvent | Message): event is Told =>
  event.kind === 'message' && event.reply_to !== undefined && !event.reply_preview && !event.unsent;

export const previewOf = ({ id, from, message, unsent }: Message): ReplyPreview =>
  unsent ? { id, from, message: '', unsent } : { id, from, message: excerpt(message) };
