import type { Server } from 'socket.io';
import { contractVersion } from '../protocol/contract-version.ts';

/** The Socket.IO packet by which a handshake is answered. */
const connect = 0;

/** Every CONNECT is answered by `{sid, contract}`. Stock clients read `sid` and nothing else. */
export const tellContract = ({ encoder }: Server): void => {
  const encode = encoder.encode.bind(encoder);
  encoder.encode = packet =>
    encode(packet.type === connect ? { ...packet, data: { ...packet.data, contract: contractVersion } } : packet);
};
