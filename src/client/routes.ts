import type { Operation, OperationName } from '../protocol/index.ts';

export interface RestRoute {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api`, with `{name}` for the input's field `name`. */
  path: string;
  /** Where the input's other fields go. */
  from: NonNullable<Operation['rest']>['from'];
}

/** The operations that have no socket command. Written down, as the contract itself would bring its validation into the bundle; a test compares. */
export const routes = {
  'account:register': { method: 'POST', path: '/user/v1/register', from: 'body' },
  'account:login': { method: 'POST', path: '/user/v1/login', from: 'body' },
  'account:logout': { method: 'DELETE', path: '/user/v1/logout', from: 'body' },
  'account:refresh': { method: 'PUT', path: '/user/v1/refresh-token', from: 'body' },
  'account:profile': { method: 'GET', path: '/user/v1/profile', from: 'query' },
  'account:update': { method: 'PUT', path: '/user/v1/profile', from: 'body' },
  'account:password': { method: 'PUT', path: '/user/v1/password', from: 'body' },
  'account:erase': { method: 'DELETE', path: '/user/v1/account', from: 'body' },
  'session:list': { method: 'GET', path: '/user/v1/sessions', from: 'query' },
  'session:revoke': { method: 'DELETE', path: '/user/v1/sessions/{id}', from: 'query' },
  'user:search': { method: 'GET', path: '/user/v1/search', from: 'query' },
  'conversation:member': {
    method: 'PATCH',
    path: '/conversation/v1/{conversation_id}/members/{user_id}',
    from: 'body',
  },
  'message:search': { method: 'GET', path: '/message/v1/search', from: 'query' },
  'notification:list': { method: 'GET', path: '/notification/v1', from: 'query' },
  'notification:read': { method: 'PUT', path: '/notification/v1/read', from: 'body' },
} as const satisfies { [N in OperationName]?: RestRoute };

export type RestName = keyof typeof routes;
