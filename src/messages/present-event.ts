import type { StoredEvent } from '../ports/log.ts';
import type { LogEvent, ReplyPreview, User } from '../protocol/index.ts';

/**
 * One log event as it goes out. Where the text was erased it is empty, of a message and of an edit alike. Built field by
 * field, so that nothing of the store's form leaks and the hot path copies once.
 */
export const presentEvent = (
  event: StoredEvent,
  epoch: string,
  name: (user_id: string) => User,
  reply_preview?: ReplyPreview,
): LogEvent => {
  const { id, conversation_id, seq, n, kind, from, date, client_id, payload } = event;
  if (kind === 'message') return presentMessage(event, epoch, name, reply_preview);
  const envelope = { id, conversation_id, epoch, seq, n, from: name(from), date, client_id };
  const target_id = payload.target_id ?? '';
  const unsent = payload.unsent === true || payload.message === undefined;
  switch (kind) {
    case 'edit':
      return {
        ...envelope,
        kind,
        target_id,
        message: unsent ? '' : (payload.message ?? ''),
        mentions: unsent ? [] : (payload.mentions ?? []).map(name),
        ...(unsent && { unsent: true }),
      };
    case 'unsend':
      return { ...envelope, kind, target_id };
    case 'react':
    case 'unreact':
      return { ...envelope, kind, target_id, emoji: payload.emoji ?? '' };
    case 'created':
      return {
        ...envelope,
        kind,
        conversation_kind: payload.conversation_kind ?? 'room',
        name: payload.name ?? null,
        topic: payload.topic ?? '',
        slow_mode_ms: payload.slow_mode_ms ?? 0,
        history: payload.history ?? 'all',
      };
    case 'updated': {
      const { name: title, topic, slow_mode_ms, history } = payload;
      return {
        ...envelope,
        kind,
        ...(title !== undefined && { name: title }),
        ...(topic !== undefined && { topic }),
        ...(slow_mode_ms !== undefined && { slow_mode_ms }),
        ...(history !== undefined && { history }),
      };
    }
    case 'deleted':
      return { ...envelope, kind };
    case 'joined':
    case 'left':
    case 'removed':
    case 'banned':
    case 'unbanned':
    case 'role':
    case 'muted':
      return {
        ...envelope,
        kind,
        user: name(payload.user_id ?? from),
        ...(payload.role !== undefined && { role: payload.role }),
        ...(payload.muted_until !== undefined && { muted_until: payload.muted_until }),
      };
  }
};

type MessageEvent = Extract<LogEvent, { kind: 'message' }>;

/** Every send is presented twice, for its ack and for its readers: no spreads here. */
const presentMessage = (
  { id, conversation_id, seq, n, from, date, client_id, payload }: StoredEvent,
  epoch: string,
  name: (user_id: string) => User,
  reply_preview: ReplyPreview | undefined,
): MessageEvent => {
  const text = payload.unsent ? undefined : payload.message;
  const presented: MessageEvent = {
    id,
    conversation_id,
    epoch,
    seq,
    n,
    from: name(from),
    date,
    client_id,
    kind: 'message',
    message: text ?? '',
    mentions: text === undefined || !payload.mentions ? [] : payload.mentions.map(name),
  };
  if (payload.reply_to !== undefined) presented.reply_to = payload.reply_to;
  if (text === undefined) presented.unsent = true;
  else {
    if (reply_preview) presented.reply_preview = reply_preview;
    if (payload.mentions_all) presented.mentions_all = true;
  }
  return presented;
};
