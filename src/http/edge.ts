import express, { type Express, type NextFunction, type Request } from 'express';
import type { ClientAddress } from '../client-address.ts';
import { ParleyError } from '../errors.ts';
import type { Invoke } from '../invoke.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { contractHeader, contractVersion } from '../protocol/contract-version.ts';
import { type Authenticate, createIdentify } from './authenticate.ts';
import { createBegin } from './begin.ts';
import type { Reply } from './context.ts';
import { createDashboard } from './dashboard/router.ts';
import { createDemo, type PageFacts } from './demo.ts';
import { createDocs } from './docs/router.ts';
import type { AnswerEcho } from './echo.ts';
import { createErrorHandler } from './errors.ts';
import { createHealth, type Health } from './health.ts';

import { privileged } from './privileged.ts';
import { byAddress, byCaller, createRateLimit } from './rate-limit.ts';
import { createRoutes } from './routes.ts';
import { createCors, createSecurityHeaders } from './security.ts';

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export interface HttpEdgeParts {
  invoke: Invoke;
  authenticate: Authenticate;
  address: ClientAddress;
  health: Health;
  echo: AnswerEcho;
  logger: Logger;
  metrics: Metrics;
  lagMs: () => number;
  settings: PageFacts & {
    instanceId: string;
    corsOrigins: string[];
    maxPacketBytes: number;
    rateLimit: boolean;
    httpPerMinute: number;
    loginPerMinute: number;
  };
}

/** Everything that is spoken over plain HTTP. `stop` ends its timers. */
export const createHttpEdge = (parts: HttpEdgeParts): { app: Express; stop(): void } => {
  const { invoke, authenticate, address, health, echo, logger, metrics, lagMs, settings } = parts;
  const perMinute = (figure: number) => (settings.rateLimit ? figure : Number.MAX_SAFE_INTEGER);
  const general = createRateLimit({
    identifier: 'requests',
    perMinute: perMinute(settings.httpPerMinute),
    key: byCaller,
  });
  const login = createRateLimit({
    identifier: 'sign-in',
    perMinute: perMinute(settings.loginPerMinute),
    key: byAddress,
  });
  const identify = createIdentify(authenticate);
  const limits = settings.rateLimit ? [general.handler] : [];

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.use(createBegin({ address, logger, metrics, stopping: health.stopping }));
  app.use(createSecurityHeaders());
  app.use(onlyKnownMethods);
  app.use('/health', noStore, createHealth(health), (request, reply, next) => {
    if (!echo(request, reply)) next();
  });
  app.use('/api', noStore, tellContract, createCors(settings.corsOrigins), identify, ...limits);
  app.use(
    '/api',
    createRoutes({
      invoke,
      maxBodyBytes: settings.maxPacketBytes,
      limitLogin: settings.rateLimit ? login.handler : pass,
    }),
  );
  app.use(['/metrics', '/dashboard', '/docs'], noStore, identify, ...limits, privileged);
  app.get('/metrics', async (_request, reply: Reply) => {
    reply.type(metrics.contentType).send(await metrics.text());
  });
  app.use('/dashboard', createDashboard({ instance: settings.instanceId, snapshot: metrics.snapshot, lagMs }));
  app.use('/docs', createDocs());
  app.use(createDemo(settings));
  app.use(() => {
    throw new ParleyError('unknown_command');
  });
  app.use(createErrorHandler({ logger }));
  return {
    app,
    stop() {
      general.stop();
      login.stop();
    },
  };
};

const pass = (_request: Request, _reply: Reply, next: NextFunction) => next();

const noStore = (_request: Request, reply: Reply, next: NextFunction) => {
  reply.set('Cache-Control', 'no-store');
  next();
};

const tellContract = (_request: Request, reply: Reply, next: NextFunction) => {
  reply.set(contractHeader, contractVersion);
  next();
};

/** TRACE would echo headers, secrets among them; the others mean nothing here. */
const onlyKnownMethods = (request: Request, _reply: Reply, next: NextFunction) => {
  if (!methods.has(request.method)) throw new ParleyError('method_not_allowed');
  next();
};
