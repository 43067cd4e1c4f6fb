import { Manager } from 'socket.io-client';
import type { Input, OperationName, Output, SignalPayload } from '../protocol/index.ts';
import type { Address } from './address.ts';
import { otherContract } from './contract.ts';
import { ChatError, errorOf, invalidInput, noAnswer, oddAnswer, offline } from './errors.ts';
import type { createReceive } from './incoming.ts';
import { isRecord, parsed, refusal } from './rest.ts';

export type Closing = SignalPayload<'closing'>;

/** One connection, from its first byte to its end; it never comes back. */
export interface Link {
  /** The access token that it lives by. */
  readonly token: string;
  /** `session:renew`: from now on it lives by this one. */
  renew(token: string): Promise<void>;
  /** Over the acknowledgement. Rejects with `ChatError` only: `offline` where the link does not stand, `no_answer` when it is late or cut meanwhile, `payload_too_large` where the server would cut the connection for it. */
  call<N extends OperationName>(name: N, input: Input<N>, timeoutMs: number): Promise<Output<N>>;
  /** What waits for an answer is told `no_answer`; `onLost` is not told. */
  close(): void;
}

/** Milliseconds within which a connection must stand, from the first request to the answered handshake. */
const openWithinMs = 15_000;
const renewWithinMs = 8_000;
/** Milliseconds for which a server may still answer that the connection is closed. */
const graceMs = 1_000;
/** The types of a Socket.IO packet by which a handshake is answered, and refused. */
const connectAnswer = 0;
const connectError = 4;
/** The inbox alone may be refused or cut: milliseconds until it is tried again, and how often. A server ends connections that try too often. */
const inboxAgainMs = 10_000;
const inboxTries = 8;

/**
 * Opens a connection: namespace `/`, and once that stands `/notifications` beside it, whose loss alone is no outage.
 * `token`: asked for a fresh one at each handshake. `onLost`: once, with why it could not be opened or was cut.
 */
export const openLink = ({
  address,
  token,
  receive,
  onOpen,
  onInbox,
  onLost,
}: {
  address: Address;
  token: () => Promise<string>;
  receive: ReturnType<typeof createReceive>;
  onOpen: () => void;
  onInbox: () => void;
  onLost: (error: ChatError) => void;
}): Link => {
  const pending = new Set<(error: ChatError) => void>();
  let used = '';
  let over = false;
  let open = false;
  /** Bytes that the server takes at once: it cuts the connection for more. */
  let maxPayload = Number.POSITIVE_INFINITY;
  let inboxTimer: ReturnType<typeof setTimeout> | undefined;
  let inboxFailures = 0;
  /** What the connection is about to go on over. */
  let probe: Transport | undefined;

  const manager = new Manager(address.origin, {
    ...{ path: address.socketPath, reconnection: false, autoConnect: false, timeout: false as never },
    // In Node: what a server leaves open holds up no process. While the connection stands its heartbeat does.
    transportOptions: { polling: { autoUnref: true } },
  });
  const auth = (give: (data: object) => void) => {
    token().then(
      fresh => {
        used = fresh;
        if (!over) give({ token: fresh, batch: true });
      },
      error => lose(error instanceof ChatError ? error : offline(error)),
    );
  };
  const root = manager.socket('/', { auth });
  const inbox = manager.socket('/notifications', { auth });

  /** A server that is silent would hold up a process of Node's for as long as its transports wait. */
  const hangUp = () => {
    const { engine } = manager;
    // They forget them when they close.
    const transport = engine.transport as unknown as Transport;
    const sockets = [transport.ws, probe?.ws];
    inbox.disconnect();
    root.disconnect();
    const timer: unknown = setTimeout(() => {
      transport.emit('close', 'silence');
      for (const socket of sockets) socket?.terminate?.();
    }, graceMs);
    (timer as { unref?(): void }).unref?.();
  };

  const close = () => {
    over = true;
    open = false;
    clearTimeout(deadline);
    clearTimeout(inboxTimer);
    hangUp();
    for (const cut of [...pending]) cut(noAnswer());
  };

  const lose = (error: ChatError) => {
    if (over) return;
    close();
    onLost(error);
  };

  const inboxAgain = () => {
    if (over || !open || ++inboxFailures > inboxTries) return;
    clearTimeout(inboxTimer);
    inboxTimer = setTimeout(() => {
      // Connecting while the connection itself has just gone would open another.
      if (!over && root.connected) inbox.connect();
    }, inboxAgainMs);
  };

  root.on('connect', () => {
    if (over) return;
    clearTimeout(deadline);
    open = true;
    onOpen();
    if (!over) inbox.connect();
  });
  root.on('connect_error', error => lose(refusalOf(error)));
  root.on('disconnect', () => lose(offline()));
  root.onAny((name: string, payload: unknown) => {
    if (!over) receive(name, payload);
  });
  inbox.on('connect', () => {
    if (!over) onInbox();
  });
  inbox.on('connect_error', inboxAgain);
  inbox.on('disconnect', inboxAgain);
  inbox.onAny((name: string, payload: unknown) => {
    if (!over) receive(name, payload);
  });

  const deadline = setTimeout(() => lose(noAnswer()), openWithinMs);
  // Before the sockets hear of it: stock clients stumble over a refusal without a body, and would throw where nobody can catch it.
  manager.on('packet', packet => {
    if (packet.type === connectError && !isRecord(packet.data)) packet.data = {};
    const other = packet.type === connectAnswer && otherContract(isRecord(packet.data) && packet.data['contract']);
    if (other) lose(other);
  });
  root.connect();
  manager.engine.on('upgrading', transport => {
    probe = transport as Transport;
  });
  manager.engine.on('packet', packet => {
    if (packet.type !== 'open') return;
    const told = parsed(String(packet.data));
    if (isHandshake(told)) {
      maxPayload = Number(told['maxPayload']) || maxPayload;
      return;
    }
    packet.type = 'noop';
    lose(oddAnswer(packet.data, true));
  });

  const call: Link['call'] = (name, input, timeoutMs) =>
    new Promise((resolve, reject) => {
      if (!open) return reject(offline());
      try {
        if (bytesOf([name, input]) + framing > maxPayload) return reject(new ChatError('payload_too_large'));
      } catch (error) {
        return reject(invalidInput(error));
      }
      pending.add(reject);
      root.timeout(timeoutMs).emit(name, input, (late: Error | null, result: unknown) => {
        pending.delete(reject);
        if (late) return reject(noAnswer(late));
        const answer = isRecord(result) ? result : {};
        if (answer['ok'] === true && isRecord(answer['data'])) resolve(answer['data'] as never);
        else reject(errorOf(answer['ok'] === false ? answer['error'] : undefined));
      });
    });

  return {
    get token() {
      return used;
    },
    close,
    call,
    async renew(next) {
      await call('session:renew', { token: next }, renewWithinMs);
      used = next;
    },
  };
};

/** The most that Engine.IO and Socket.IO put in front of a command: two digits and the number of its acknowledgement. */
const framing = 18;

/** As JSON in UTF-8. React Native may have no TextEncoder; lone surrogates are escaped in JSON. */
const bytesOf = (value: unknown) => encodeURIComponent(JSON.stringify(value)).replace(/%../g, '-').length;

/** What Engine.IO's client reads without looking. */
const isHandshake = (data: unknown): data is Record<string, unknown> =>
  isRecord(data) &&
  typeof data['sid'] === 'string' &&
  Array.isArray(data['upgrades']) &&
  typeof data['pingInterval'] === 'number' &&
  typeof data['pingTimeout'] === 'number';

/** A transport of Engine.IO's; only the WebSocket of Node can be cut off. */
interface Transport {
  ws?: { terminate?(): void };
  emit(event: 'close', reason: string): void;
}

/** An error of Engine.IO's transports; with polling, `description` is the HTTP status and `context` the request. */
interface TransportTrouble {
  type?: unknown;
  code?: unknown;
  data?: unknown;
  description?: unknown;
  context?: { responseText?: unknown; getResponseHeader?(name: string): string | null };
}

/** Why a connection could not be opened. Must be asked at once: the request forgets its answer when it is put away. */
const refusalOf = (error: Error & TransportTrouble): ChatError => {
  const { type, data, description, context } = error;
  if (data !== undefined) return errorOf(data);
  // Neither the handshake's nor the transport's: something that does not speak Engine.IO, or another version of it.
  if (type !== 'TransportError') return oddAnswer(error, true);
  if (typeof description !== 'number' || description < 100) return offline(error);
  const text = context?.responseText;
  return refusal(
    description,
    typeof text === 'string' ? parsed(text) : undefined,
    header => context?.getResponseHeader?.(header) ?? null,
  );
};
