import type { ExtendedError, Socket } from 'socket.io';
import type { Actor } from '../actor.ts';
import { errorBody, ParleyError } from '../errors.ts';
import { newRequestId } from '../invoke.ts';
import { disconnectCatalogue, type ErrorBody } from '../protocol/index.ts';
import { createTurnstile } from '../turnstile.ts';
import type { Connections } from './connections.ts';
import type { Logger } from './logger.ts';
import { signalPacket } from './packet.ts';

export type Authenticate = (token: string) => Promise<{ actor: Actor; expires_at: number }>;

export interface HandshakeParts {
  authenticate: Authenticate;
  connections: Connections;
  logger: Logger;
  refused: (reason: string) => void;
}

/** Lets a socket in: it is not answered before this resolved. */
export type Enter = (socket: Socket, actor: Actor, expires_at: number) => Promise<void>;

/** Handshakes that are worked on at once, and how many may wait: beyond it they are refused as `overloaded`. */
const turnstile = { atOnce: 32, waiting: 1_000 };
const maxTokenLength = 4_096;

/**
 * The middleware of a namespace. A final verdict (bad, expired or revoked token) is a `connect_error` whose `data` is the error
 * body, after which stock clients stay away until told to connect. What may pass by itself closes the connection instead: they come back.
 */
export const createHandshake = ({ authenticate, connections, logger, refused }: HandshakeParts) => {
  const inTurn = createTurnstile(turnstile);

  return (enter: Enter) => async (socket: Socket, next: (error?: ExtendedError) => void) => {
    try {
      if (connections.of(socket.conn).token_in_query)
        throw new ParleyError('unauthenticated', {
          message: 'A token belongs in the handshake’s auth, not in the URL.',
        });
      const token = tokenOf(socket.handshake.auth);
      await inTurn(async () => {
        // Whoever gave up while waiting needs no answer.
        if (socket.conn.readyState !== 'open') return;
        const { actor, expires_at } = await authenticate(token);
        await enter(socket, actor, expires_at);
      });
      next();
    } catch (error) {
      const body = errorBody(error, newRequestId());
      refused(body.code);
      if (body.code === 'internal') logger.error('handshake_failed', { request_id: body.request_id, cause: error });
      if (body.retryable) sendAway(socket, body);
      else next(Object.assign(new Error(body.message), { data: body }));
    }
  };
};

const tokenOf = (auth: unknown): string => {
  const token = auth !== null && typeof auth === 'object' && 'token' in auth ? auth.token : undefined;
  if (typeof token !== 'string' || token.length === 0 || token.length > maxTokenLength)
    throw new ParleyError('unauthenticated');
  return token;
};

const sendAway = (socket: Socket, { retry_after_ms = 1_000 }: ErrorBody) => {
  const { reconnect } = disconnectCatalogue.overloaded;
  const closing = signalPacket('closing', { code: 'overloaded', reconnect, after_ms: retry_after_ms }, socket.nsp.name);
  for (const text of closing.texts) socket.conn.write(text);
  socket.conn.close();
};
