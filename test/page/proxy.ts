import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

type Way = 'up' | 'down';

/** A link between a browser and the server that a test can cut. */
export interface Link {
  url: string;
  /** Everything that is open breaks, and nothing gets through until `heal`. */
  cut(): void;
  heal(): void;
  /** From now on the server is not heard any more, while what is sent to it still arrives. */
  deafen(): void;
  /** It breaks by itself after so many more bytes on the way up to the server, or down from it; in the midst of a packet, if need be. */
  cutAfter(bytes: number, way: Way): void;
  isWhole(): boolean;
  /** Something else answers here from now on, whatever it is asked: with a page, as networks of hotels do. */
  babble(): void;
  close(): Promise<void>;
}

export const createLink = async (target: string): Promise<Link> => {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let whole = true;
  let heard = true;
  let isBabbling = false;
  let left: Record<Way, number> = { up: Infinity, down: Infinity };

  const breakAll = () => {
    for (const socket of open) socket.destroy();
  };

  const pass = (way: Way, bytes: Buffer, to: Socket) => {
    if (!whole) return;
    const room = left[way];
    left[way] -= bytes.length;
    if (bytes.length <= room) return void to.write(bytes);
    whole = false;
    to.write(bytes.subarray(0, room), breakAll);
  };

  const server = createServer(near => {
    if (!whole) return near.destroy();
    if (isBabbling) {
      open.add(near);
      near.on('error', () => near.destroy());
      near.on('close', () => open.delete(near));
      return near.on('data', () => near.end(babble));
    }
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
    near.on('data', bytes => pass('up', bytes, far));
    far.on('data', bytes => {
      if (heard) pass('down', bytes, near);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      whole = false;
      breakAll();
    },
    heal() {
      whole = true;
      heard = true;
      isBabbling = false;
      left = { up: Infinity, down: Infinity };
    },
    deafen() {
      heard = false;
    },
    cutAfter(bytes, way) {
      left[way] = bytes;
    },
    isWhole: () => whole,
    babble() {
      isBabbling = true;
      breakAll();
    },
    async close() {
      breakAll();
      server.close();
      await once(server, 'close');
    },
  };
};

const page = '<!doctype html><title>Welcome</title><p>Please accept our terms.';
const babble = `HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: ${page.length}\r\nconnection: close\r\n\r\n${page}`;
