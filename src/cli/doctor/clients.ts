import { setTimeout as wait } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import { instanceOf } from './polling.ts';
import { fieldOf, type Probe } from './probe.ts';

export interface Connected {
  socket: Socket;
  instance: string | undefined;
}

/** Why a stock client did not get in. */
export class NotConnected extends Error {
  override readonly name = 'NotConnected';
  /** Of Parley's catalogue, where the server itself refused: the connection as such works then. */
  readonly code: string | undefined;
  readonly instance: string | undefined;
  constructor(message: string, facts: { code?: string; instance?: string } = {}) {
    super(message);
    this.code = facts.code;
    this.instance = facts.instance;
  }
}

export interface Connect {
  token: string;
  transports: ('websocket' | 'polling')[];
  namespace?: string;
}

/** Stock Socket.IO clients. */
export interface Clients {
  /** Rejects with `NotConnected`. */
  connect(options: Connect): Promise<Connected>;
  close(): void;
}

const patience = { tries: 6, waitMs: 1_000 };

export const createClients = ({ probe, timeoutMs }: { probe: Probe; timeoutMs: number }): Clients => {
  const open = new Set<Socket>();

  const attempt = async ({ token, transports, namespace = '/' }: Connect): Promise<Connected> => {
    const socket = io(`${probe.url.origin}${namespace}`, {
      forceNew: true,
      reconnection: false,
      tryAllTransports: true,
      timeout: timeoutMs,
      transports,
      auth: { token },
      // The client's types are those of browsers, where it is left to them.
      agent: probe.agent as never,
    });
    open.add(socket);
    // Of the first connection: the client has forgotten it by the time it tells of a refusal.
    let instance: string | undefined;
    socket.io.once('open', () => {
      instance = instanceOf((socket.io.engine as unknown as { id?: string }).id);
    });
    socket.once('disconnect', () => open.delete(socket));
    let late: NodeJS.Timeout | undefined;
    let abort: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        late = setTimeout(() => reject(new NotConnected(`no answer within ${timeoutMs / 1_000} s`)), timeoutMs);
        abort = () => reject(probe.signal.reason);
        probe.signal.addEventListener('abort', abort);
        socket.once('connect', resolve);
        socket.once('connect_error', error => reject(refusal(error, instance)));
        // What tells more comes with the same turn.
        socket.io.once('close', reason =>
          setImmediate(() => reject(new NotConnected(`closed by the server: ${reason}`))),
        );
      });
    } catch (error) {
      open.delete(socket);
      socket.disconnect();
      throw error;
    } finally {
      clearTimeout(late);
      if (abort) probe.signal.removeEventListener('abort', abort);
    }
    return { socket, instance };
  };

  return {
    async connect(options) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await attempt(options);
        } catch (error) {
          const busy = error instanceof NotConnected && /\b(429|503)\b/.test(error.message);
          if (!busy || tries === patience.tries) throw error;
          await wait(patience.waitMs * (0.5 + Math.random()), undefined, { signal: probe.signal });
        }
      }
    },
    close() {
      for (const socket of open) socket.disconnect();
    },
  };
};

const refusal = (error: Error, instance: string | undefined) => {
  const code = fieldOf(fieldOf(error, 'data'), 'code');
  if (typeof code === 'string') return new NotConnected(code, { code, instance });
  // The transport's own error has the reason: `description` is the event that it was told.
  const cause = fieldOf(error, 'description');
  const reason = fieldOf(cause, 'message');
  const detail =
    typeof reason === 'string' && reason !== '' ? reason : typeof cause === 'number' ? `HTTP ${cause}` : '';
  return new NotConnected(detail === '' ? error.message : detail);
};
