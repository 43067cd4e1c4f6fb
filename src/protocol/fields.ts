import { z } from 'zod';

/** Limits of the wire, in characters (UTF-16 code units unless said otherwise) or items. */
export const limits = {
  /** A message's text: 8,000 units are at most 24 KB of UTF-8, well below the 64 KB packet. */
  message: 8_000,
  client_id: 128,
  name: 80,
  topic: 250,
  /** bcrypt ignores everything behind byte 72 (stack: bcrypt 6), hence longer passwords are refused. */
  password_bytes: 72,
  history_page: 100,
  list_page: 500,
  sync_cursors: 500,
  presence_users: 500,
  invite_users: 100,
} as const;

/** The conversation that everybody is in has this id on every server. */
export const lobbyId = 'lobby';

const codePoints = (text: string) => [...text].length;
/** C0 and C1 controls, and the characters that reorder what stands beside a name (bidi overrides and isolates). */
const unfitForNames = /[\p{Cc}\u202A-\u202E\u2066-\u2069]/u;

const wellFormed = <T extends z.ZodString>(schema: T) =>
  schema.refine(text => text.isWellFormed() && !text.includes('\0'), 'must be well-formed Unicode without NUL');

/** Ids are opaque; this only keeps out what no id can be. */
export const id = z.string().regex(/^[A-Za-z0-9_.-]{1,80}$/, 'is not an id');

/** Chosen by the client, unique per conversation and sender for ever. `~` begins the server's own. */
export const clientId = z
  .string()
  .regex(
    /^[\x20-\x7d][\x20-\x7e]{0,127}$/,
    `must be 1 to ${limits.client_id} printable ASCII characters, not beginning with ~`,
  );

export const username = wellFormed(z.string())
  .refine(name => codePoints(name) >= 3 && codePoints(name) <= 20, 'must have 3 to 20 characters')
  .refine(name => /^[\p{L}\p{M}\p{N}._-]+$/u.test(name), 'may hold letters, digits, dot, underscore and hyphen only');

/** For signing in: whatever was registered, without telling by its form whether it can exist. */
export const anyText = (max: number) => wellFormed(z.string().min(1).max(max));

const name = (max: number) =>
  wellFormed(z.string().max(max * 4))
    .refine(text => text.trim().length > 0, 'must not be blank')
    .refine(text => codePoints(text) <= max, `must have at most ${max} characters`)
    .refine(text => !unfitForNames.test(text), 'must not hold control or direction-override characters');

export const fullName = name(limits.name);
export const conversationName = name(limits.name);
export const topic = wellFormed(z.string().max(limits.topic));
export const email = z.email('is not an email address').max(254);
/** The minimum length is a setting of the server (`PASSWORD_MIN_LENGTH`) and is checked by the accounts feature, whose refusal tells it. */
export const password = wellFormed(z.string()).refine(
  text => new TextEncoder().encode(text).length <= limits.password_bytes,
  `must have at most ${limits.password_bytes} bytes`,
);

export const messageText = wellFormed(
  z.string().max(limits.message, `must have at most ${limits.message} characters`),
).refine(text => text.trim().length > 0, 'must not be blank');

/** One emoji: a grapheme that begins with a pictograph, a flag or a keycap. */
export const emoji = z
  .string()
  .max(64)
  .refine(
    text =>
      text.isWellFormed() &&
      /^(\p{Extended_Pictographic}|\p{RI}\p{RI}|[0-9#*]\uFE0F?\u20E3)/u.test(text) &&
      graphemes(text) === 1,
    'must be one emoji',
  );

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const graphemes = (text: string) => [...segmenter.segment(text)].length;

export const seq = z.int().min(0);
export const date = z.iso.datetime();
export const role = z.enum(['owner', 'admin', 'member']);
export const conversationKind = z.enum(['lobby', 'room', 'group', 'direct']);
export const historyPolicy = z.enum(['all', 'joined']);

/** A page of a list: `after` is the `next` of the page before. */
export const paging = {
  after: wellFormed(z.string().max(200)).optional(),
  limit: z.int().min(1).max(limits.list_page).optional(),
};

export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), has_more: z.boolean(), next: z.string().optional() });

export type Role = z.infer<typeof role>;
export type ConversationKind = z.infer<typeof conversationKind>;
