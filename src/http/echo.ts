import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientAddress } from '../client-address.ts';
import type { Clock } from '../ports/clock.ts';
import { contractVersion } from '../protocol/contract-version.ts';
import { type Echo, streamed } from '../protocol/echo.ts';

/** Streams that may be open at once; each lasts less than a second. */
const maxStreams = 20;

export interface EchoParts {
  address: ClientAddress;
  clock: Clock;
  /** Of the secret that signs the tokens. */
  fingerprint: string;
  settings: { instanceId: string; maxPacketBytes: number; pingIntervalMs: number; pingTimeoutMs: number };
}

/** Answers a request where it asks for one of these, and tells whether it did. */
export type AnswerEcho = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * What `parley doctor` asks: `.../echo` tells what this instance makes of the request, `.../stream` sends lines one by one, so that
 * whoever waits sees whether a proxy holds them back. Served below `/health` and below `/socket.io` alike, as a proxy has settings of its
 * own for each. Knows no Express, as the sockets' path does not either.
 */
export const createEcho = ({ address, clock, fingerprint, settings }: EchoParts): AnswerEcho => {
  const boot = randomBytes(6).toString('hex');
  let streams = 0;

  const told = (request: IncomingMessage): Echo => ({
    address: address(request),
    forwarded: listed(request.headers['x-forwarded-for']).length,
    proto: listed(request.headers['x-forwarded-proto']).at(-1) === 'https' ? 'https' : 'http',
    instance: settings.instanceId,
    boot,
    time: clock.now(),
    secret: fingerprint,
    version: contractVersion,
    max_packet_bytes: settings.maxPacketBytes,
    ping_interval_ms: settings.pingIntervalMs,
    ping_timeout_ms: settings.pingTimeoutMs,
  });

  const stream = (response: ServerResponse) => {
    if (streams >= maxStreams) {
      response.writeHead(503, { ...headers, 'Retry-After': '1' }).end('{"status":"busy"}');
      return;
    }
    streams += 1;
    // With a length: a proxy that buffers waits for all of it, while it may pass chunks on.
    const length = { 'Content-Length': Buffer.byteLength('1\n') * streamed.lines };
    response.writeHead(200, { ...headers, ...length, 'Content-Type': 'text/plain; charset=utf-8' });
    let line = 0;
    const next = () => {
      line += 1;
      response.write(`${line}\n`);
      if (line < streamed.lines) return;
      clearInterval(timer);
      response.end();
    };
    const timer = setInterval(next, streamed.everyMs);
    response.once('close', () => {
      clearInterval(timer);
      streams -= 1;
    });
    next();
  };

  return (request, response) => {
    const [, what] = /^(?:\/socket\.io)?\/(echo|stream)(?:\?|$)/.exec(request.url ?? '') ?? [];
    if (what === undefined || request.method !== 'GET') return false;
    if (what === 'stream') stream(response);
    else response.writeHead(200, headers).end(JSON.stringify(told(request)));
    return true;
  };
};

const headers = { 'Cache-Control': 'no-store', 'Content-Type': 'application/json; charset=utf-8' };

const listed = (header: string | string[] | undefined) =>
  [header ?? []]
    .flat()
    .join(',')
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '');
