import type { Server } from 'node:http';
import { isIPv6 } from 'node:net';
import { BootError } from './boot-error.ts';

/** Milliseconds after which requests that are still being answered are cut off when the server stops; a command takes at most 5 s. */
const requestsMs = 5_500;

/** Resolves with the URL. Rejects with a `BootError` where the address cannot be had. */
export const listenOn = (server: Server, { host, port }: { host: string; port: number }): Promise<string> =>
  new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(refusal(error, host, port));
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      const bound = server.address();
      const name = anywhere.has(host) ? 'localhost' : isIPv6(host) ? `[${host}]` : host;
      resolve(`http://${name}:${typeof bound === 'object' ? bound?.port : port}`);
    });
  });

const anywhere = new Set(['0.0.0.0', '::']);

const refusal = (error: NodeJS.ErrnoException, host: string, port: number) => {
  const reasons: Record<string, string> = {
    EADDRINUSE: `PORT ${port} of ${host} is in use by another program: stop it, or choose another port.`,
    EACCES: `PORT ${port} may not be used by this user: choose one above 1023.`,
    EADDRNOTAVAIL: `HOST ${host} is no address of this machine.`,
    ENOTFOUND: `HOST ${host} is not known.`,
  };
  return new BootError(reasons[error.code ?? ''] ?? `Cannot listen on ${host}:${port}: ${error.message}.`, {
    cause: error,
  });
};

/** Milliseconds that `stopServing` takes at most beside the sending away of sockets. */
export const stopServingMs = 2 * requestsMs;

/**
 * Sends the sockets away, then takes no new connection, and lets the requests that are there be answered. Requests are served to
 * the last: a proxy learns of the end by the port that is closed, and goes elsewhere with what it could not deliver.
 */
export const stopServing = async (server: Server, stopSockets: () => Promise<void>): Promise<void> => {
  await stopSockets();
  if (!server.listening) return;
  const closed = new Promise<void>(resolve => void server.close(() => resolve()));
  // A connection that was answered meanwhile is idle, and would otherwise be kept for the next request.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const late = setTimeout(() => server.closeAllConnections(), requestsMs);
  try {
    await closed;
  } finally {
    clearInterval(idle);
    clearTimeout(late);
  }
};
