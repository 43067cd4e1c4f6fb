import type { Socket } from 'socket.io-client';
import { startNginx, type Upstream } from '../../scripts/servers/nginx.ts';
import { type ClientOptions, type Person, signUp, socketOf } from '../support/clients.ts';
import { spawnServer } from '../support/process.ts';
import { startServer, temporaryFolder } from '../support/server.ts';

/** An embedded server behind nginx. It knows its own accounts only: `person` is one of them. */
export interface Instance extends Upstream {
  url: string;
  person: Person;
  close(): Promise<void>;
}

const portOf = (url: string) => Number(new URL(url).port);

/** In this process. */
export const startInstance = async (name: string, { drainMs = 0 } = {}): Promise<Instance> => {
  const server = await startServer({ instanceId: name, trustProxy: ['127.0.0.1'], drainMs });
  const { url, close } = server;
  return { name, port: portOf(url), url, person: await signUp(server), close };
};

/** In a process of its own, which can be killed. */
export const spawnInstance = async (name: string) => {
  const server = spawnServer({
    INSTANCE_ID: name,
    TRUST_PROXY: '127.0.0.1',
    RATE_LIMIT: 'off',
    LOG_LEVEL: 'silent',
    SOCKETS_PER_USER: '100',
  });
  const url = await server.ready;
  const kill = async () => {
    server.child.kill('SIGKILL');
    await server.exit;
  };
  const person = await signUp({ url });
  return { name, port: portOf(url), url, person, close: kill, child: server.child };
};

export const startProxy = (instances: Upstream[]) => startNginx({ folder: temporaryFolder(), instances });

/** The instance that a connected client is on. */
export const instanceOf = (socket: Socket) => (socket.io.engine.id ?? '').split('.')[0] as string;

/** A stock client that comes back by itself, and shows each instance a token of that instance's own. */
export const roamer = (at: { url: string }, instances: Instance[], options: ClientOptions = {}): Socket => {
  const socket = socketOf(at, '', { reconnection: true, transports: ['polling', 'websocket'], ...options });
  socket.auth = send => send({ token: instances.find(({ name }) => name === instanceOf(socket))?.person.token });
  return socket.connect();
};

export const connected = (socket: Socket) =>
  socket.connected
    ? Promise.resolve()
    : new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('connect_error', reject);
      });
