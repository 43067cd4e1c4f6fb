import type { SignalName, SignalPayload } from '../protocol/index.ts';

/** One or more Socket.IO events, encoded once for all who get them. */
export interface Packet {
  readonly events: number;
  /** As Socket.IO packets, without the packet type of Engine.IO. */
  readonly texts: readonly string[];
  /** As WebSocket frames in a row. Made when first asked for. */
  frames(): Buffer;
}

export const createPacket = (texts: readonly string[]): Packet => {
  let frames: Buffer | undefined;
  return {
    events: texts.length,
    texts,
    frames() {
      frames ??= texts.length === 1 ? frameOf(texts[0] ?? '') : Buffer.concat(texts.map(frameOf));
      return frames;
    },
  };
};

/** The Socket.IO packet of an event without acknowledgement, its one argument already in JSON. `2` is the type EVENT. */
export const eventText = (name: string, json: string, namespace = '/'): string =>
  namespace === '/' ? `2["${name}",${json}]` : `2${namespace},["${name}",${json}]`;

export const signalPacket = <S extends SignalName>(name: S, payload: SignalPayload<S>, namespace?: string): Packet =>
  createPacket([eventText(name, JSON.stringify(payload), namespace)]);

const finalText = 0x81;

/** An unmasked final text frame (RFC 6455, 5.2) of Engine.IO's packet type 4, `message`. */
const frameOf = (text: string): Buffer => {
  const length = Buffer.byteLength(text) + 1;
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(header + length);
  frame[0] = finalText;
  if (header === 2) frame[1] = length;
  else if (header === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write('4', header, 'latin1');
  frame.write(text, header + 1, 'utf8');
  return frame;
};
