import { createServer, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorBody, ParleyError } from '../errors.ts';
import { newRequestId } from '../invoke.ts';

/** Milliseconds for the headers, and for the whole request: who sends slower than that holds a connection for nothing (S42: at most 10 s). */
const requestMs = 8_000;

/** An HTTP server with time limits, which answers what is not even HTTP with an error of the catalogue. */
export const createHttpServer = (listener: RequestListener): Server => {
  const server = createServer(
    {
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: 1_000,
      // Longer than a proxy keeps its idle connections (60 s), so that it never writes into one that just closed.
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16_384,
    },
    listener,
  );
  server.on('clientError', refuse);
  return server;
};

const refuse = (error: Error & { code?: string }, socket: Duplex) => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const request_id = newRequestId();
  const [status, reason] = statusOf(error.code);
  const body = JSON.stringify({ error: errorBody(new ParleyError('invalid_input', { message: reason }), request_id) });
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `X-Request-Id: ${request_id}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
};

const statusOf = (code: string | undefined): [string, string] => {
  if (code === 'HPE_HEADER_OVERFLOW') return ['431 Request Header Fields Too Large', 'The headers are too large.'];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['408 Request Timeout', 'The request did not arrive in time.'];
  return ['400 Bad Request', 'This is no HTTP request.'];
};
