import { z } from 'zod';
import { type DisconnectCode, disconnectCatalogue } from './disconnects.ts';
import { type LogEventKind, logEvent, notification, presence, receipt, user } from './entities.ts';
import { id, seq } from './fields.ts';

/** Under which name each kind of log event is emitted. */
export const eventNames = {
  message: 'message:created',
  edit: 'message:edited',
  unsend: 'message:unsent',
  react: 'reaction:added',
  unreact: 'reaction:removed',
  created: 'conversation:created',
  updated: 'conversation:updated',
  deleted: 'conversation:removed',
  joined: 'member:joined',
  left: 'member:left',
  removed: 'member:removed',
  banned: 'member:removed',
  unbanned: 'member:updated',
  role: 'member:updated',
  muted: 'member:updated',
} as const satisfies Record<LogEventKind, string>;

export type LogEventName = (typeof eventNames)[LogEventKind];

/** What the server emits beside log events, in namespace `/` unless `namespace` says otherwise. Volatile: may be dropped for a slow reader. */
export const signals = {
  'receipt:updated': {
    summary: 'Read or delivered cursors moved',
    volatile: true,
    payload: z.object({ conversation_id: id, receipts: z.array(receipt) }),
  },
  'typing:updated': {
    summary: 'Who is typing now (a whole new list; at most five names, `more` counts the others)',
    volatile: true,
    payload: z.object({ conversation_id: id, typing: z.array(user), more: z.int() }),
  },
  'presence:updated': { summary: 'A watched person came or went', volatile: true, payload: presence },
  heads: {
    summary: 'What changed of the caller’s conversations, by their highest seq: sync where it is above what you hold',
    volatile: false,
    payload: z.object({ epoch: z.string(), heads: z.record(id, seq) }),
  },
  'session:expiring': {
    summary: 'The access token of this socket expires soon: `session:renew` it',
    volatile: false,
    payload: z.object({ expires_in: z.int() }),
  },
  closing: {
    summary: 'The server is about to close this socket',
    volatile: false,
    payload: z.object({
      code: z.enum(Object.keys(disconnectCatalogue) as [DisconnectCode, ...DisconnectCode[]]),
      reconnect: z.boolean(),
      after_ms: z.int(),
    }),
  },
  'notification:created': {
    summary: 'A new entry of the inbox',
    volatile: false,
    namespace: '/notifications',
    payload: notification,
  },
  'log:batch': {
    summary: 'Several log events in one packet, in order; only with handshake `auth: {batch: true}`',
    volatile: false,
    payload: z.array(logEvent),
  },
} as const satisfies Record<string, { summary: string; volatile: boolean; namespace?: string; payload: z.ZodType }>;

export type SignalName = keyof typeof signals;
export type SignalPayload<S extends SignalName> = z.infer<(typeof signals)[S]['payload']>;
