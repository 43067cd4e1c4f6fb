import type { IncomingMessage } from 'node:http';
import { Socket as TcpSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ServerOptions, WebSocket, WebSocketServer } from 'ws';

type Data = Parameters<WebSocket['send']>[0];
type SendOptions = Parameters<WebSocket['send']>[1];
type Sent = (error?: Error) => void;

/** Sockets whose TCP connection is corked until the current turn of the event loop ends. */
interface Turn {
  hold(socket: CorkedWebSocket): void;
}

/** Milliseconds for the closing handshake; a peer that does not read is cut off then, with whatever waits for it. */
const closeTimeoutMs = 2_000;

/**
 * A server-side WebSocket that hands everything of one turn of the event loop to the kernel in one system call, and that
 * takes frames which were encoded once for many receivers. Socket.IO is unaware of both.
 */
export class CorkedWebSocket extends WebSocket {
  #tcp: TcpSocket | undefined;
  #turn: Turn | undefined;
  #held = false;
  #unsent = 0;

  /** To be called before anything is sent. */
  attach(tcp: TcpSocket, turn: Turn): void {
    this.#tcp = tcp;
    this.#turn = turn;
  }

  /** Bytes that the kernel has not taken yet. */
  get pendingBytes(): number {
    return this.#tcp?.writableLength ?? 0;
  }

  /** Events written by `writeFrames` since the kernel last had taken everything. */
  get unsentEvents(): number {
    if (this.#tcp?.writableLength === 0) this.#unsent = 0;
    return this.#unsent;
  }

  /** Writes whole frames, in order with `send`. Ignored once the socket is closing. */
  writeFrames(frames: Buffer, events: number): void {
    if (this.readyState !== WebSocket.OPEN || !this.#tcp) return;
    if (this.#tcp.writableLength === 0) this.#unsent = 0;
    this.#cork();
    this.#unsent += events;
    this.#tcp.write(frames);
  }

  override send(data: Data, sent?: Sent): void;
  override send(data: Data, options: SendOptions, sent?: Sent): void;
  override send(data: Data, options?: SendOptions | Sent, sent?: Sent): void {
    this.#cork();
    if (options === undefined || typeof options === 'function') super.send(data, options);
    else super.send(data, options, sent);
  }

  /** Gives the kernel what it takes now instead of at the end of the turn. */
  flush(): void {
    if (!this.#held) return;
    this.#tcp?.uncork();
    this.#tcp?.cork();
  }

  /** Ends the hold of this turn. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#tcp?.uncork();
  }

  #cork(): void {
    if (this.#held || !this.#tcp || !this.#turn) return;
    this.#held = true;
    this.#tcp.cork();
    this.#turn.hold(this);
  }
}

/** A `wsEngine` for Socket.IO whose connections are `CorkedWebSocket`s. */
export const createCorkedEngine = (): (new (options: ServerOptions) => WebSocketServer) => {
  const turn = createTurn();

  return class CorkedWebSocketServer extends WebSocketServer {
    constructor(options: ServerOptions) {
      // `closeTimeout` is an option of ws that its types do not know yet; few small pieces per message keep a dripping peer cheap (S41).
      const own = {
        WebSocket: CorkedWebSocket,
        closeTimeout: closeTimeoutMs,
        maxFragments: 64,
        maxBufferedChunks: 1_024,
      };
      super({ ...options, ...own });
    }

    override handleUpgrade(
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      done: (client: WebSocket, request: IncomingMessage) => void,
    ): void {
      super.handleUpgrade(request, socket, head, (client, upgraded) => {
        if (client instanceof CorkedWebSocket && socket instanceof TcpSocket) client.attach(socket, turn);
        done(client, upgraded);
      });
    }
  };
};

const createTurn = (): Turn => {
  let held: CorkedWebSocket[] = [];
  const release = () => {
    const sockets = held;
    held = [];
    for (const socket of sockets) socket.release();
  };
  return {
    hold(socket) {
      if (held.push(socket) === 1) setImmediate(release);
    },
  };
};
