import type { Socket } from 'socket.io';
import { CorkedWebSocket } from './corked-websocket.ts';
import type { Packet } from './packet.ts';

/** An Engine.IO connection; several Socket.IO sockets, one per namespace, may share it. */
export type EngineConnection = Socket['conn'];

export interface QueueLimits {
  /** Events that may wait for the client. */
  queueEvents: number;
  /** Bytes that may wait for the client. */
  queueBytes: number;
}

/**
 * What waits for one client, whatever wrote it: events, acknowledgements, heartbeats (S39). Beyond the limits the client is slow.
 * Order is kept between `write` and what Socket.IO itself writes.
 */
export interface Outbox {
  /** Volatile packets are dropped where the queue is half full. Nothing is written to a connection that is closing. */
  write(packet: Packet, volatile?: boolean): void;
  /** Writes past the queue, where the transport lets it: for the last word to a client whose queue will be thrown away. */
  writeLast(packet: Packet): void;
}

/** A queue that is over its limits gets this long to drain before the client counts as slow; a single turn can fill it to a client that reads well. */
const graceMs = 100;
/** At this multiple of the limits nobody waits. */
const hardFactor = 4;
const plain = { compress: false };

export const createOutbox = ({
  connection,
  limits,
  onSlow,
}: {
  connection: EngineConnection;
  limits: QueueLimits;
  onSlow: () => void;
}): Outbox => {
  // Packets in Engine.IO's own buffer: it fills while the transport is busy, and empties by `flush`, all at once.
  let queued = 0;
  let queuedBytes = 0;
  let judging = false;
  let slow = false;
  let webSocket = webSocketOf(connection);

  const events = () => queued + (webSocket?.unsentEvents ?? 0);
  const bytes = () => queuedBytes + (webSocket?.pendingBytes ?? 0);
  const over = (factor: number) => events() > limits.queueEvents * factor || bytes() > limits.queueBytes * factor;

  const giveUp = () => {
    if (slow) return;
    slow = true;
    // Not from within a write of Engine.IO.
    queueMicrotask(onSlow);
  };

  const judge = () => {
    if (judging || slow || !over(1)) return;
    webSocket?.flush();
    if (!over(1)) return;
    if (over(hardFactor)) return giveUp();
    judging = true;
    setTimeout(() => {
      judging = false;
      if (connection.readyState === 'open' && over(1)) giveUp();
    }, graceMs).unref();
  };

  connection.on('packetCreate', (packet: { data?: string | Buffer }) => {
    queued += 1;
    queuedBytes += packet.data?.length ?? 0;
    if (queued > limits.queueEvents || queuedBytes > limits.queueBytes) judgeHard();
  });
  connection.on('flush', () => {
    queued = 0;
    queuedBytes = 0;
  });
  connection.on('upgrade', () => {
    webSocket = webSocketOf(connection);
  });

  /** While the grace runs the hard limit still holds. */
  const judgeHard = () => (judging && over(hardFactor) ? giveUp() : judge());

  return {
    write(packet, volatile = false) {
      if (connection.readyState !== 'open' || slow) return;
      if (volatile && over(0.5)) return;
      if (webSocket && queued === 0 && !connection.upgrading) {
        webSocket.writeFrames(packet.frames(), packet.events);
        if (webSocket.pendingBytes > limits.queueBytes || webSocket.unsentEvents > limits.queueEvents) judgeHard();
      } else for (const text of packet.texts) connection.write(text, plain);
    },
    writeLast(packet) {
      if (webSocket) webSocket.writeFrames(packet.frames(), packet.events);
      else if (connection.transport.writable) for (const text of packet.texts) connection.write(text, plain);
    },
  };
};

/** The socket below a WebSocket transport; Engine.IO keeps it private. Where it is not one of ours, frames are not shared. */
const webSocketOf = (connection: EngineConnection): CorkedWebSocket | undefined => {
  const socket: unknown = Reflect.get(connection.transport, 'socket');
  return socket instanceof CorkedWebSocket ? socket : undefined;
};
