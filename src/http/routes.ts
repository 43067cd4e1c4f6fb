import { type NextFunction, type Request, type RequestHandler, Router } from 'express';
import { ParleyError } from '../errors.ts';
import type { Invoke } from '../invoke.ts';
import { type OperationName, operationNames, operations, type Route } from '../protocol/index.ts';
import { callerOf } from './authenticate.ts';
import type { Reply } from './context.ts';
import { replyError } from './errors.ts';
import { createReadBody, createReadQuery, fieldsOfBody } from './read-input.ts';

interface RouteParts {
  invoke: Invoke;
  maxBodyBytes: number;
  /** Runs before the routes that anybody may call. */
  limitLogin: RequestHandler;
}

/** Every route that the contract has, below `/api`. Nothing is said here of a single one. */
export const createRoutes = ({ invoke, maxBodyBytes, limitLogin }: RouteParts): Router => {
  const router = Router({ caseSensitive: true });
  const readBody = createReadBody(maxBodyBytes);

  for (const [path, routes] of routesByPath()) {
    const at = router.route(path);
    for (const { name, route } of routes) {
      const steps = operations[name].auth === 'none' ? [limitLogin] : [];
      at[route.method](begin(name), ...steps, ...(route.from === 'body' ? [readBody] : []), call(name, route));
    }
    const allowed = [...routes.map(({ route }) => route.method), 'options'].join(', ').toUpperCase();
    at.all((request: Request, reply: Reply) => {
      reply.set('Allow', allowed);
      if (request.method !== 'OPTIONS') throw new ParleyError('method_not_allowed');
      reply.status(204).end();
    });
  }
  return router;

  /** Before the body is read: of whoever may not call, nothing is parsed. */
  function begin(name: OperationName) {
    return (_request: Request, reply: Reply, next: NextFunction) => {
      reply.locals.operation = name;
      if (operations[name].auth === 'access') callerOf(reply);
      next();
    };
  }

  function call(name: OperationName, route: Route) {
    const { auth, input } = operations[name];
    const readQuery = createReadQuery(input);
    return async (request: Request, reply: Reply) => {
      const { request_id, address, actor, bearer } = reply.locals;
      const fields = route.from === 'body' ? fieldsOfBody(request.body) : readQuery(request.query);
      // The path wins: a body cannot name another target than the one that was called.
      const result = await invoke(
        name,
        auth === 'access' ? (actor ?? null) : null,
        { ...fields, ...request.params },
        {
          request_id,
          address,
          user_agent: request.get('user-agent')?.slice(0, 200),
          ...(auth === 'refresh' && { refresh_token: bearer }),
        },
      );
      if (result.ok) reply.status(route.status ?? 200).json(result.data);
      else replyError(reply, result.error);
    };
  }
};

type Named = { name: OperationName; route: Route };

/** In Express's notation. Paths without parameters come first: `/message/v1/history` is not the message of id `history`. */
const routesByPath = (): [string, Named[]][] => {
  const paths = new Map<string, Named[]>();
  for (const name of operationNames) {
    const { rest: route } = operations[name];
    if (!route) continue;
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    paths.set(path, [...(paths.get(path) ?? []), { name, route }]);
  }
  const parameters = (path: string) => path.split(':').length - 1;
  return [...paths].sort(([a], [b]) => parameters(a) - parameters(b));
};
