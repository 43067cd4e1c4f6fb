import type { NextFunction, Request } from 'express';
import type { ClientAddress } from '../client-address.ts';
import { newRequestId } from '../invoke.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Reply } from './context.ts';

/** An id that a proxy or client gave is kept only in this form, so that it can neither break a log nor a header. */
const wellFormedId = /^[A-Za-z0-9_-]{8,64}$/;

interface BeginParts {
  address: ClientAddress;
  logger: Logger;
  metrics: Metrics;
  /** Whether the server stops: then each connection ends with its answer. */
  stopping: () => boolean;
}

/** First of all: names the request, and writes one line and one observation when it has ended. */
export const createBegin =
  ({ address, logger, metrics, stopping }: BeginParts) =>
  (request: Request, reply: Reply, next: NextFunction) => {
    const given = request.get('x-request-id') ?? '';
    const { locals } = reply;
    locals.request_id = wellFormedId.test(given) ? given : newRequestId();
    locals.address = address(request);
    locals.started = performance.now();
    reply.set('X-Request-Id', locals.request_id);
    if (stopping()) reply.set('Connection', 'close');
    // Decided now, as mounting below a path changes what the request says of its own.
    const write = request.path.startsWith('/api/') ? logger.info : logger.debug;
    reply.once('close', () => {
      const ms = performance.now() - locals.started;
      metrics.http(reply.statusCode, ms);
      // The path is not logged: it may hold anything, the operation's name says enough.
      write('request', {
        method: request.method,
        operation: locals.operation ?? 'none',
        status: reply.statusCode,
        ms: Math.round(ms * 10) / 10,
        request_id: locals.request_id,
        user_id: locals.actor?.user_id,
        address: locals.address,
        ...(!reply.writableFinished && { aborted: true }),
      });
    });
    next();
  };
