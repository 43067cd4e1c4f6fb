import { WebSocket } from 'ws';

export interface RawClient {
  /** Sends an event with an acknowledgement; `packet` is the JSON of `[event, input]`. Resolves with the raw JSON of the answer. */
  ask(packet: string): Promise<string>;
  /** Called with the raw frame of each event, `42[...]`. */
  onEvent: (frame: Buffer) => void;
  onLost: (why: string) => void;
  close(): void;
}

const openTimeoutMs = 15_000;
const [ping, event, ack] = ['2', '42', '43'];

/**
 * A Socket.IO client at the level of frames (Engine.IO protocol 4 over WebSocket), so that the generator costs little.
 * Resolves when the namespace was joined.
 */
export const openClient = (url: string, auth: Record<string, unknown>): Promise<RawClient> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, {
      perMessageDeflate: false,
    });
    const waiting = new Map<number, (answer: string) => void>();
    let next = 0;
    const timer = setTimeout(() => fail('no CONNECT in time'), openTimeoutMs);
    const client: RawClient = {
      ask: packet =>
        new Promise(answered => {
          const id = next++;
          waiting.set(id, answered);
          socket.send(`42${id}${packet}`);
        }),
      onEvent: () => undefined,
      onLost: why => reject(new Error(why)),
      close: () => {
        client.onLost = () => undefined;
        socket.close();
      },
    };
    const fail = (why: string) => {
      clearTimeout(timer);
      socket.terminate();
      client.onLost(why);
    };
    socket.on('unexpected-response', (_, response) => fail(`refused with status ${response.statusCode}`));
    socket.on('error', error => fail(error.message));
    socket.on('close', code => fail(`closed with ${code}`));
    socket.on('message', (frame: Buffer) => {
      const kind = frame.toString('latin1', 0, 2);
      if (kind === event) return client.onEvent(frame);
      if (kind === ack) {
        const bracket = frame.indexOf('[');
        const id = Number(frame.toString('latin1', 2, bracket));
        waiting.get(id)?.(frame.toString('utf8', bracket));
        waiting.delete(id);
      } else if (kind === ping) socket.send('3');
      else if (kind.startsWith('0')) socket.send(`40${JSON.stringify(auth)}`);
      else if (kind === '40') {
        clearTimeout(timer);
        resolve(client);
      } else fail(`unexpected frame ${frame.toString().slice(0, 200)}`);
    });
  });
