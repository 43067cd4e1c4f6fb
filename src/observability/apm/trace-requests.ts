import type { EventEmitter } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type Apm, noApm, type Transaction } from './apm.ts';

/** What the edge keeps of a request (`http/context.ts`). */
type Reply = ServerResponse & { locals?: { operation?: string } };

/**
 * Every request to the API is a transaction, from its head to its last byte, under the name of its operation once a route is
 * found; it continues a trace that the caller names. Pages, scripts and health checks are none.
 */
export const traceRequests = (listener: RequestListener, apm: Apm): RequestListener =>
  apm === noApm
    ? listener
    : (request: IncomingMessage, reply: Reply) => {
        if (!request.url?.startsWith('/api/')) return listener(request, reply);
        const { traceparent } = request.headers;
        const transaction = apm.begin('none', 'request', typeof traceparent === 'string' ? traceparent : undefined);
        emitWithin(transaction, request, () => undefined);
        emitWithin(transaction, reply, event => {
          if (event === 'close') end(transaction, reply);
        });
        return transaction.run(() => listener(request, reply));
      };

/** What the connection causes, a piece of the body or the end of the answer, happens within the transaction too; the last of all is `then`. */
const emitWithin = (transaction: Transaction, emitter: EventEmitter, then: (event: string | symbol) => void) => {
  const emit = emitter.emit.bind(emitter);
  emitter.emit = (event: string | symbol, ...args: unknown[]) => {
    const heard = transaction.run(() => emit(event, ...args));
    then(event);
    return heard;
  };
};

const end = (transaction: Transaction, reply: Reply) => {
  const request_id = reply.getHeader('x-request-id');
  transaction.describe({
    name: reply.locals?.operation,
    labels: { status: reply.statusCode, ...(typeof request_id === 'string' && { request_id }) },
  });
  transaction.end({ result: `HTTP ${Math.floor(reply.statusCode / 100)}xx`, failed: reply.statusCode >= 500 });
};
