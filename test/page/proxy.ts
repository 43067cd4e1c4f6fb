import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A link between a browser and the server that a test can cut. */
export interface Link {
  url: string;
  /** Everything that is open breaks, and nothing gets through until `heal`. */
  cut(): void;
  heal(): void;
  /** From now on the server is not heard any more, while what is sent to it still arrives. */
  deafen(): void;
  close(): Promise<void>;
}

export const createLink = async (target: string): Promise<Link> => {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let whole = true;
  let heard = true;

  const server = createServer(near => {
    if (!whole) return near.destroy();
    const far = connect(Number(port), hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        open.delete(socket);
        other.destroy();
      });
    }
    near.on('data', bytes => far.write(bytes));
    far.on('data', bytes => {
      if (heard) near.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const breakAll = () => {
    for (const socket of open) socket.destroy();
  };

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      whole = false;
      breakAll();
    },
    heal() {
      whole = true;
      heard = true;
    },
    deafen() {
      heard = false;
    },
    async close() {
      breakAll();
      server.close();
      await once(server, 'close');
    },
  };
};
