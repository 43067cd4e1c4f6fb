import type { RequestListener } from 'node:http';
import { errorBody, ParleyError } from '../errors.ts';
import { newRequestId } from '../invoke.ts';
import { createHttpServer } from './server.ts';

/** Seconds after which whoever came too early may try again. */
const retryAfter = 1;

/**
 * The HTTP server, which answers from the moment on that it listens: as long as the databases are waited for, that this instance
 * lives and is not ready; then what it is given.
 */
export const createFront = () => {
  let listener: RequestListener = notReady;
  return {
    server: createHttpServer((request, response) => listener(request, response)),
    serve(next: RequestListener) {
      listener = next;
    },
  };
};

const notReady: RequestListener = (request, response) => {
  const path = request.url?.split('?')[0];
  const request_id = newRequestId();
  const [status, body] =
    path === '/health/live'
      ? [200, { status: 'ok' }]
      : path === '/health/ready'
        ? [503, { status: 'starting', checks: {} }]
        : [
            503,
            { error: errorBody(new ParleyError('unavailable', { retry_after_ms: retryAfter * 1_000 }), request_id) },
          ];
  response
    .writeHead(status, {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'X-Request-Id': request_id,
      // What comes next on this connection is for the server that is then there.
      Connection: 'close',
      ...(status === 503 && { 'Retry-After': retryAfter }),
    })
    .end(JSON.stringify(body));
};
