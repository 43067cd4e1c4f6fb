import { z } from 'zod';
import { message, user } from './entities.ts';
import { anyText, clientId, conversationName, emoji, id, limits, messageText, page, paging, seq } from './fields.ts';
import { operation } from './operation.ts';

const access = { auth: 'access', limit: 'send', socket: true } as const;
const query = { auth: 'access', limit: 'query', socket: true } as const;
const signal = { auth: 'access', limit: 'signal', socket: true } as const;

/** The answer to a command that appends: `duplicate` where an earlier send of this client_id is answered again. */
const duplicate = { duplicate: z.literal(true).optional() };
/** The message as it is now, and the event that the command appended (absent where nothing had to change). */
const changed = message.extend({ event: z.object({ id, seq }).optional(), ...duplicate });
const readReceipt = z.object({ conversation_id: id, read_seq: seq, delivered_seq: seq, unread: z.int() });
const cursor = z.object({ conversation_id: id, seq });
const react = z.object({ id, emoji, client_id: clientId.optional() });

export const messageOperations = {
  'message:send': operation({
    ...access,
    summary: 'Send a message to a conversation, a person (`to`) or a room by name (`room`)',
    input: z
      .object({
        conversation_id: id.optional(),
        to: id.optional(),
        room: conversationName.optional(),
        message: messageText,
        client_id: clientId,
        reply_to: id.optional(),
      })
      .refine(
        input =>
          Number(input.conversation_id !== undefined) +
            Number(input.to !== undefined) +
            Number(input.room !== undefined) ===
          1,
        { message: 'give exactly one of conversation_id, to and room', path: ['conversation_id'] },
      ),
    output: message.extend(duplicate),
    errors: ['not_found', 'forbidden', 'banned', 'muted', 'slow_mode'],
    rest: { method: 'post', path: '/message/v1/send', from: 'body', status: 201 },
  }),
  'message:edit': operation({
    ...access,
    summary: 'Change the text of a message of one’s own',
    input: z.object({ id, message: messageText, client_id: clientId.optional() }),
    output: changed,
    errors: ['not_found', 'forbidden', 'muted', 'message_unsent'],
    rest: { method: 'patch', path: '/message/v1/{id}', from: 'body' },
  }),
  'message:unsend': operation({
    ...access,
    summary: 'Take a message back: its text is erased for good',
    input: z.object({ id, client_id: clientId.optional() }),
    output: changed,
    errors: ['not_found', 'forbidden'],
    rest: { method: 'put', path: '/message/v1/unsent/{id}', from: 'body' },
  }),
  'message:react': operation({
    ...access,
    summary: 'Add a reaction',
    input: react,
    output: changed,
    errors: ['not_found', 'forbidden', 'muted', 'message_unsent', 'limit_reached'],
    rest: { method: 'put', path: '/message/v1/{id}/reactions/{emoji}', from: 'body' },
  }),
  'message:unreact': operation({
    ...access,
    summary: 'Take a reaction back',
    input: react,
    output: changed,
    errors: ['not_found', 'forbidden'],
    rest: { method: 'delete', path: '/message/v1/{id}/reactions/{emoji}', from: 'query' },
  }),
  'message:history': operation({
    ...query,
    summary: 'Messages in ascending order: page 1 is the newest; or a window before, after or around a seq',
    input: z
      .object({
        conversation_id: id.optional(),
        page: z.int().min(1).optional(),
        limit: z.int().min(1).max(limits.history_page).optional(),
        before: seq.optional(),
        after: seq.optional(),
        around: seq.optional(),
      })
      .refine(
        input => [input.page, input.before, input.after, input.around].filter(value => value !== undefined).length <= 1,
        { message: 'give at most one of page, before, after and around', path: ['page'] },
      ),
    output: page(message).extend({ page: z.int().optional(), limit: z.int(), total: z.int() }),
    errors: ['not_found'],
    rest: { method: 'get', path: '/message/v1/history', from: 'query' },
  }),
  'message:search': operation({
    ...query,
    limit: 'search',
    socket: false,
    summary: "Search the caller's own conversations, newest first",
    input: z.object({ q: anyText(200), conversation_id: id.optional(), from: id.optional(), ...paging }),
    output: page(message.extend({ highlight: z.array(z.object({ text: z.string(), match: z.boolean() })) })),
    errors: ['not_found'],
    rest: { method: 'get', path: '/message/v1/search', from: 'query' },
  }),
  'message:get': operation({
    ...query,
    summary: 'One message',
    input: z.object({ id }),
    output: message,
    errors: ['not_found'],
    rest: { method: 'get', path: '/message/v1/{id}', from: 'query' },
  }),
  'message:readers': operation({
    ...query,
    summary: 'Who has read a message, and who has it delivered but not read; at most 500 of each are listed',
    input: z.object({ id }),
    output: z.object({
      id,
      read: z.array(user),
      read_count: z.int(),
      delivered: z.array(user),
      delivered_count: z.int(),
    }),
    errors: ['not_found'],
    rest: { method: 'get', path: '/message/v1/read/{id}', from: 'query' },
  }),
  'receipt:read': operation({
    ...signal,
    summary: 'Everything up to seq is read; never moves back',
    input: cursor,
    output: readReceipt,
    errors: ['not_found'],
    rest: { method: 'put', path: '/message/v1/read', from: 'body' },
  }),
  'receipt:delivered': operation({
    ...signal,
    summary: 'Everything up to seq has reached a device; never moves back',
    input: cursor,
    output: readReceipt,
    errors: ['not_found'],
    rest: { method: 'put', path: '/message/v1/delivered', from: 'body' },
  }),
};
