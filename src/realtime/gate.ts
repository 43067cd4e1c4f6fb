import { type IncomingMessage, ServerResponse } from 'node:http';
import { addressKey, type ClientAddress } from '../client-address.ts';
import { errorBody, ParleyError } from '../errors.ts';
import { newRequestId } from '../invoke.ts';
import type { Cluster } from '../ports/cluster.ts';
import { errorCatalogue } from '../protocol/index.ts';

type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

export interface GateParts {
  clientAddress: ClientAddress;
  cluster: Pick<Cluster, 'take'>;
  settings: {
    /** Other origins whose pages may connect; `*` is any. */
    corsOrigins: string[];
    handshakesPerSecond: number;
    rateLimit: boolean;
  };
  /** Milliseconds to wait where handshakes are refused for overload, else 0. */
  shed: () => number;
  /** Whether newcomers are taken. */
  admitting: () => boolean;
  refused: (reason: string) => void;
  /** Answers what is no part of Engine.IO, and tells whether it did. */
  echo: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** At most this many handshakes of an address at once, in seconds of its rate. */
const burstSeconds = 2;

/**
 * What stands before Engine.IO: refuses with a plain HTTP answer, after which every stock client tries again by itself. Origins are
 * checked on every request, WebSocket upgrades included, as browsers let any page open those (S45); the rest where a connection begins.
 */
export const createGate = ({
  clientAddress,
  cluster,
  settings,
  shed,
  admitting,
  refused,
  echo,
}: GateParts): Middleware => {
  const anyOrigin = settings.corsOrigins.includes('*');
  const origins = new Set(settings.corsOrigins);
  const handshakes = { rate: settings.handshakesPerSecond, burst: settings.handshakesPerSecond * burstSeconds };

  const refuse = (request: IncomingMessage, response: ServerResponse, error: ParleyError) => {
    refused(error.code);
    answer(request, response, error);
  };

  const admit = (request: IncomingMessage) => {
    if (!admitting()) throw new ParleyError('unavailable', { retry_after_ms: 1_000 + Math.random() * 2_000 });
    const wait = shed();
    if (wait > 0) throw new ParleyError('overloaded', { retry_after_ms: wait });
    if (!settings.rateLimit) return 0;
    return cluster.take(`handshake:${addressKey(clientAddress(request))}`, handshakes);
  };

  return (request, response, next) => {
    const isUpgrade = !(response instanceof ServerResponse);
    // Until ws takes over, nobody else listens for an error of the connection.
    if (isUpgrade) request.socket.on('error', () => request.socket.destroy());
    const origin = request.headers.origin;
    if (origin !== undefined) {
      if (!anyOrigin && !origins.has(origin) && !isOwn(origin, request.headers.host))
        return refuse(request, response, new ParleyError('forbidden', { message: 'This origin may not connect.' }));
      if (!isUpgrade) allow(response, anyOrigin ? '*' : origin);
    }
    if (!isUpgrade) {
      response.setHeader('X-Content-Type-Options', 'nosniff');
      if (request.method === 'OPTIONS') return void response.writeHead(204).end();
      if (request.method !== 'GET' && request.method !== 'POST')
        return refuse(request, response, new ParleyError('method_not_allowed'));
      if (echo(request, response)) return;
    }
    if (hasSid(request)) return next();

    const decide = (wait: number) =>
      wait > 0 ? refuse(request, response, new ParleyError('rate_limited', { retry_after_ms: wait })) : next();
    const fail = (error: unknown) =>
      refuse(request, response, error instanceof ParleyError ? error : new ParleyError('internal', { cause: error }));
    try {
      const wait = admit(request);
      if (typeof wait === 'number') decide(wait);
      else wait.then(decide).catch(fail);
    } catch (error) {
      fail(error);
    }
  };
};

/** Whether the page came from this very server. */
const isOwn = (origin: string, host: string | undefined) =>
  host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();

const allow = (response: ServerResponse, origin: string) => {
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Allow-Methods', 'GET, POST');
  response.setHeader('Access-Control-Allow-Headers', 'Content-Type');
  response.setHeader('Access-Control-Max-Age', '600');
  response.setHeader('Vary', 'Origin');
};

/** Whether the request belongs to a connection that is open already. */
const hasSid = (request: IncomingMessage) => new URLSearchParams(request.url?.split('?')[1]).has('sid');

const answer = (request: IncomingMessage, response: ServerResponse, error: ParleyError) => {
  const { status } = errorCatalogue[error.code];
  const body = JSON.stringify({ error: errorBody(error, newRequestId()) });
  const headers: Record<string, string | number> = {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    Connection: 'close',
    ...(error.retry_after_ms !== undefined && { 'Retry-After': Math.ceil(error.retry_after_ms / 1_000) }),
  };
  if (response instanceof ServerResponse) {
    response.writeHead(status, headers).end(body);
    return;
  }
  // Engine.IO's stand-in for the response of an upgrade can only cut the connection.
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  request.socket.end(`HTTP/1.1 ${status} ${error.code}\r\n${lines.join('')}\r\n${body}`, () =>
    request.socket.destroy(),
  );
};
