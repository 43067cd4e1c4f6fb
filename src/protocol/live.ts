import { z } from 'zod';
import { conversation, logEvent, notification, presence } from './entities.ts';
import { id, limits, page, paging, seq } from './fields.ts';
import { operation } from './operation.ts';

const signal = { auth: 'access', limit: 'signal', socket: true } as const;
const userIds = z.object({ user_ids: z.array(id).max(limits.presence_users) });
const presences = z.object({ items: z.array(presence) });
const done = z.object({});

/** Where a device stands in a log: the highest seq up to which it holds everything, and that event's id if known. */
export const cursor = z.object({ epoch: z.string().max(80), seq, id: id.optional() });

export const liveOperations = {
  sync: operation({
    summary: 'Every event after the given cursors, unfolded, and what was joined or left since a membership version',
    input: z.object({
      cursors: z
        .record(id, cursor)
        .refine(
          cursors => Object.keys(cursors).length <= limits.sync_cursors,
          `at most ${limits.sync_cursors} conversations`,
        ),
      since: z.int().min(0).optional(),
    }),
    output: z.object({
      conversations: z.record(
        id,
        z.object({
          events: z.array(logEvent),
          head: seq,
          floor: seq,
          /** The events between the cursor and `floor` may not be had: begin at `floor`. */
          limited: z.literal(true).optional(),
          /** The cursor belongs to another log (a restored backup): drop what is held and begin anew. */
          reset: z.literal(true).optional(),
        }),
      ),
      /** Conversations that became the caller's after `since` (all of them where it is absent). */
      joined: z.array(conversation),
      /** Ids of those that ceased to be. A cursor of a conversation that the caller may not see is listed here too. */
      left: z.array(id),
      since: z.int(),
      /** Ask again with the advanced cursors and the new `since`. */
      more: z.boolean(),
    }),
    errors: [],
    auth: 'access',
    limit: 'sync',
    socket: true,
  }),
  'typing:start': operation({
    ...signal,
    summary: 'The caller is typing; lasts 5 s unless repeated',
    input: z.object({ conversation_id: id }),
    output: done,
    errors: ['not_found', 'muted'],
  }),
  'typing:stop': operation({
    ...signal,
    summary: 'The caller stopped typing',
    input: z.object({ conversation_id: id }),
    output: done,
    errors: ['not_found'],
  }),
  'presence:get': operation({
    ...signal,
    summary: 'Who of these is online',
    input: userIds,
    output: presences,
    errors: [],
  }),
  'presence:watch': operation({
    ...signal,
    summary: 'Like get, and tells changes to this socket from now on',
    input: userIds,
    output: presences,
    errors: ['limit_reached'],
  }),
  'presence:unwatch': operation({
    ...signal,
    summary: 'Tell no more of these',
    input: userIds,
    output: done,
    errors: [],
  }),
  'session:renew': operation({
    summary: 'Renew a live socket with a fresh access token of the same session',
    input: z.object({ token: z.string().max(4096) }),
    output: z.object({ expires_in: z.int() }),
    errors: [],
    auth: 'access',
    limit: 'command',
    socket: true,
  }),
  'notification:list': operation({
    summary: 'The inbox, newest first',
    input: z.object({ ...paging, unread: z.boolean().optional() }),
    output: page(notification).extend({ unread: z.int() }),
    errors: [],
    auth: 'access',
    limit: 'query',
    rest: { method: 'get', path: '/notification/v1', from: 'query' },
    socket: false,
  }),
  'notification:read': operation({
    summary: 'Mark notifications as read; all of them where ids is absent',
    input: z.object({ ids: z.array(id).max(limits.list_page).optional() }),
    output: z.object({ unread: z.int() }),
    errors: [],
    auth: 'access',
    limit: 'command',
    rest: { method: 'put', path: '/notification/v1/read', from: 'body' },
    socket: false,
  }),
};
