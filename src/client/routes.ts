import type { OperationName } from '../protocol/index.ts';

/** The operations that have no socket command: method, and path below `/api` with `{name}` for the input's field `name`. Written down, as the contract itself would bring its validation into the bundle; a test compares. */
export const routes = {
  'account:register': 'POST /user/v1/register',
  'account:login': 'POST /user/v1/login',
  'account:logout': 'DELETE /user/v1/logout',
  'account:refresh': 'PUT /user/v1/refresh-token',
  'account:profile': 'GET /user/v1/profile',
  'account:update': 'PUT /user/v1/profile',
  'account:password': 'PUT /user/v1/password',
  'account:erase': 'DELETE /user/v1/account',
  'session:list': 'GET /user/v1/sessions',
  'session:revoke': 'DELETE /user/v1/sessions/{id}',
  'user:search': 'GET /user/v1/search',
  'conversation:member': 'PATCH /conversation/v1/{conversation_id}/members/{user_id}',
  'message:search': 'GET /message/v1/search',
  'notification:list': 'GET /notification/v1',
  'notification:read': 'PUT /notification/v1/read',
} as const satisfies { [N in OperationName]?: string };

export type RestName = keyof typeof routes;

/** Where the fields go that are not in the path. */
export const sourceOf = (method: string): 'query' | 'body' => (method === 'GET' ? 'query' : 'body');
