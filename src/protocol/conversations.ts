import { z } from 'zod';
import { ban, conversation, member, room } from './entities.ts';
import {
  anyText,
  clientId,
  conversationName,
  date,
  historyPolicy,
  id,
  limits,
  page,
  paging,
  role,
  topic,
} from './fields.ts';
import { operation } from './operation.ts';

const target = { conversation_id: id };
const onMember = { ...target, user_id: id };
const access = { auth: 'access', limit: 'command', socket: true } as const;
const query = { auth: 'access', limit: 'query', socket: true } as const;
const at = '/conversation/v1/{conversation_id}';

export const conversationOperations = {
  'conversation:create': operation({
    ...access,
    summary: 'Create a room (public) or a group (by invitation); the caller owns it',
    input: z.object({
      kind: z.enum(['room', 'group']),
      name: conversationName,
      topic: topic.optional(),
      members: z.array(id).max(limits.invite_users).optional(),
      client_id: clientId.optional(),
    }),
    output: conversation,
    errors: ['name_taken', 'not_found'],
    rest: { method: 'post', path: '/conversation/v1', from: 'body', status: 201 },
  }),
  'conversation:direct': operation({
    ...access,
    summary: 'The direct conversation with a person; created the first time',
    input: z.object({ user_id: id }),
    output: conversation,
    errors: ['not_found'],
    rest: { method: 'post', path: '/conversation/v1/direct', from: 'body' },
  }),
  'conversation:list': operation({
    ...query,
    summary: "The caller's conversations with head, unread and last message",
    input: z.object(paging),
    output: page(conversation),
    errors: [],
    rest: { method: 'get', path: '/conversation/v1', from: 'query' },
  }),
  'conversation:directory': operation({
    ...query,
    summary: 'Public rooms, by name',
    input: z.object({ q: anyText(80).optional(), ...paging }),
    output: page(room),
    errors: [],
    rest: { method: 'get', path: '/conversation/v1/rooms', from: 'query' },
  }),
  'conversation:get': operation({
    ...query,
    summary: 'One conversation',
    input: z.object(target),
    output: conversation,
    errors: ['not_found'],
    rest: { method: 'get', path: at, from: 'query' },
  }),
  'conversation:update': operation({
    ...access,
    summary: 'Change name, topic, slow mode or history policy',
    input: z.object({
      ...target,
      name: conversationName.optional(),
      topic: topic.optional(),
      slow_mode_ms: z.int().min(0).max(21_600_000).optional(),
      history: historyPolicy.optional(),
    }),
    output: conversation,
    errors: ['not_found', 'forbidden', 'name_taken'],
    rest: { method: 'patch', path: at, from: 'body' },
  }),
  'conversation:delete': operation({
    ...access,
    summary: 'Delete a conversation for everyone',
    input: z.object(target),
    output: z.object(target),
    errors: ['not_found', 'forbidden'],
    rest: { method: 'delete', path: at, from: 'query' },
  }),
  'conversation:join': operation({
    ...access,
    summary: 'Join a public room, by id or (on a socket) by name',
    input: z
      .object({ conversation_id: id.optional(), name: conversationName.optional() })
      .refine(input => (input.conversation_id === undefined) !== (input.name === undefined), {
        message: 'give conversation_id or name',
        path: ['conversation_id'],
      }),
    output: conversation,
    errors: ['not_found', 'banned'],
    rest: { method: 'post', path: `${at}/join`, from: 'body' },
  }),
  'conversation:leave': operation({
    ...access,
    summary: 'Leave a conversation',
    input: z.object(target),
    output: z.object(target),
    errors: ['not_found', 'forbidden', 'last_owner'],
    rest: { method: 'post', path: `${at}/leave`, from: 'body' },
  }),
  'conversation:members': operation({
    ...query,
    summary: 'The members',
    input: z.object({ ...target, ...paging }),
    output: page(member),
    errors: ['not_found'],
    rest: { method: 'get', path: `${at}/members`, from: 'query' },
  }),
  'conversation:invite': operation({
    ...access,
    summary: 'Add people; who is a member already stays one',
    input: z.object({ ...target, user_ids: z.array(id).min(1).max(limits.invite_users) }),
    output: z.object({ items: z.array(member) }),
    errors: ['not_found', 'forbidden', 'banned'],
    rest: { method: 'post', path: `${at}/members`, from: 'body' },
  }),
  'conversation:kick': operation({
    ...access,
    summary: 'Remove a member',
    input: z.object(onMember),
    output: z.object(onMember),
    errors: ['not_found', 'forbidden'],
    rest: { method: 'delete', path: `${at}/members/{user_id}`, from: 'query' },
  }),
  'conversation:ban': operation({
    ...access,
    summary: 'Remove somebody and keep them out',
    input: z.object(onMember),
    output: z.object(onMember),
    errors: ['not_found', 'forbidden'],
    rest: { method: 'put', path: `${at}/bans/{user_id}`, from: 'body' },
  }),
  'conversation:unban': operation({
    ...access,
    summary: 'Lift a ban',
    input: z.object(onMember),
    output: z.object(onMember),
    errors: ['not_found', 'forbidden'],
    rest: { method: 'delete', path: `${at}/bans/{user_id}`, from: 'query' },
  }),
  'conversation:bans': operation({
    ...query,
    summary: 'Who is banned',
    input: z.object({ ...target, ...paging }),
    output: page(ban),
    errors: ['not_found', 'forbidden'],
    rest: { method: 'get', path: `${at}/bans`, from: 'query' },
  }),
  'conversation:role': operation({
    ...access,
    summary: "Change a member's role",
    input: z.object({ ...onMember, role }),
    output: member,
    errors: ['not_found', 'forbidden', 'last_owner'],
  }),
  'conversation:mute': operation({
    ...access,
    summary: 'Mute a member until a date; null lifts it',
    input: z.object({ ...onMember, muted_until: date.nullable() }),
    output: member,
    errors: ['not_found', 'forbidden'],
  }),
  'conversation:member': operation({
    ...access,
    socket: false,
    summary: "Change a member's role, mute, or both",
    input: z
      .object({ ...onMember, role: role.optional(), muted_until: date.nullable().optional() })
      .refine(input => input.role !== undefined || input.muted_until !== undefined, {
        message: 'give role or muted_until',
        path: ['role'],
      }),
    output: member,
    errors: ['not_found', 'forbidden', 'last_owner'],
    rest: { method: 'patch', path: `${at}/members/{user_id}`, from: 'body' },
  }),
};
