import { createHash, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { Notices } from '../../ports/cluster.ts';
import type { StoredEvent } from '../../ports/log.ts';
import { eventNames } from '../../protocol/index.ts';

/** The boot id comes first, so that one's own echo is recognised without decoding it. */
export const bootIdLength = 12;
const sealLength = 22;

export const messageKinds = {
  /** Events of one conversation, an array. */
  events: 'e',
  /** A notice, `[name, content]`. */
  notice: 'n',
  /** From now on the sender hears these conversations, an array of ids; or everything that it wants, `*`. */
  listening: 'l',
} as const;

export type MessageKind = keyof typeof messageKinds;

const kindsByLetter = new Map<string, MessageKind>(
  (Object.keys(messageKinds) as MessageKind[]).map(kind => [messageKinds[kind], kind]),
);

export interface Wire {
  encode(kind: MessageKind, content: unknown): string;
  /** Whether this very instance has sent it. */
  isOwn(message: Buffer): boolean;
  /** Whatever an instance of the same secret has sent; `undefined` where it is no such message. The content is yet to be checked. */
  decode(message: Buffer): { kind: MessageKind; content: unknown } | undefined;
}

/**
 * What instances say to each other: `<boot id><seal><kind><JSON>`. The seal (132 bits of an HMAC, 4 us) is made with the secret that
 * all instances share: whoever can only write to Redis makes nobody believe anything.
 */
export const createWire = (boot: string, secret: string): Wire => {
  // Of its own, so that nothing that is signed elsewhere with the same secret passes here.
  const key = createSecretKey(createHash('sha256').update(`parley link\n${secret}`).digest());
  const sealOf = (body: string | Buffer, sender: string) =>
    createHmac('sha256', key).update(sender).update(body).digest('base64url').slice(0, sealLength);
  const bodyAt = bootIdLength + sealLength;
  const senderOf = (message: Buffer) => message.toString('latin1', 0, bootIdLength);
  return {
    encode(kind, content) {
      const body = `${messageKinds[kind]}${JSON.stringify(content)}`;
      return boot + sealOf(body, boot) + body;
    },
    isOwn: message => senderOf(message) === boot,
    decode(message) {
      const body = message.subarray(bodyAt);
      const seal = message.subarray(bootIdLength, bodyAt);
      const kind = kindsByLetter.get(body.toString('latin1', 0, 1));
      if (!kind || !timingSafeEqual(seal, Buffer.from(sealOf(body, senderOf(message))))) return undefined;
      try {
        return { kind, content: JSON.parse(body.toString('utf8', 1)) };
      } catch {
        return undefined;
      }
    },
  };
};

type Loose = Record<string, unknown>;
const isObject = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const kinds: ReadonlySet<unknown> = new Set(Object.keys(eventNames));

const isEvent = (value: unknown): value is StoredEvent =>
  isObject(value) &&
  isText(value['id']) &&
  isText(value['conversation_id']) &&
  kinds.has(value['kind']) &&
  isText(value['from']) &&
  isText(value['client_id']) &&
  isText(value['date']) &&
  isCount(value['n']) &&
  isCount(value['seq']) &&
  isObject(value['payload']);

/** Consecutive events of one conversation, at least one. */
export const areEvents = (value: unknown): value is StoredEvent[] => {
  if (!Array.isArray(value) || value.length === 0) return false;
  const [first] = value;
  return (
    isEvent(first) &&
    first.seq > 0 &&
    value.every(
      (event, index) =>
        isEvent(event) && event.seq === first.seq + index && event.conversation_id === first.conversation_id,
    )
  );
};

export const areTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);

const notices: { [N in keyof Notices]: (content: Loose) => boolean } = {
  'sessions:revoked': ({ session_ids, reason }) =>
    areTexts(session_ids) && (reason === 'signed_out' || reason === 'account_erased'),
  'user:changed': ({ user_id }) => isText(user_id),
  receipts: ({ conversation_id, receipts }) =>
    isText(conversation_id) &&
    Array.isArray(receipts) &&
    receipts.every(
      receipt =>
        isObject(receipt) &&
        isText(receipt['user_id']) &&
        isCount(receipt['read_seq']) &&
        isCount(receipt['delivered_seq']),
    ),
  typing: ({ conversation_id, user_id, typing }) =>
    isText(conversation_id) && isText(user_id) && typeof typing === 'boolean',
  presence: ({ user_id }) => isText(user_id),
  notification: ({ user_id, notification_id, instance_id }) =>
    isText(user_id) && isText(notification_id) && isText(instance_id),
  'sockets:crowded': ({ user_id, instance_id }) => isText(user_id) && isText(instance_id),
};

export type Notice = { [N in keyof Notices]: [name: N, content: Notices[N]] }[keyof Notices];

export const isNotice = (value: unknown): value is Notice => {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [name, content] = value as [unknown, unknown];
  return isText(name) && Object.hasOwn(notices, name) && isObject(content) && notices[name as keyof Notices](content);
};
