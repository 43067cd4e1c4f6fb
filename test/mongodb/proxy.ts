import { connect, createServer, type Socket } from 'node:net';
import mongoose from 'mongoose';

const { BSON } = mongoose.mongo;

/** A message of MongoDB's protocol: length, number, answered number, kind (each four bytes), then flags and the command. */
const header = 16;
const commandAt = header + 5;
const messageKind = 2_013;

export type Command = Record<string, unknown>;

/** `refuse`: it is answered as by a server with a full disk. `swallow`: it is never answered, nor carried out. */
export type Verdict = 'pass' | 'refuse' | 'swallow';

/** A wire between a log and its server that can be cut, and that can keep commands from the server. */
export interface Wire {
  readonly port: number;
  /** Cuts every connection; new ones are accepted. */
  cut(): void;
  /** Resolves when the next bytes for the server have passed. */
  passing(): Promise<void>;
  /** Decides on each command from now on; without one all pass. */
  judge(verdict?: (command: Command) => Verdict): void;
  close(): Promise<void>;
}

const refusal = { ok: 0, code: 14_031, codeName: 'OutOfDiskSpace', errmsg: 'No space is left.' };

const answer = (request: Buffer, document: object): Buffer => {
  const body = BSON.serialize(document);
  const reply = Buffer.alloc(commandAt + body.length);
  reply.writeInt32LE(reply.length, 0);
  reply.writeInt32LE(request.readInt32LE(4), 8);
  reply.writeInt32LE(messageKind, 12);
  reply.set(body, commandAt);
  return reply;
};

/** The command that a message carries; undefined for what the driver asks before it knows the server. */
const commandOf = (message: Buffer): Command | undefined =>
  message.readInt32LE(12) === messageKind ? BSON.deserialize(message.subarray(commandAt)) : undefined;

export const startProxy = async (target: number): Promise<Wire> => {
  const sockets = new Set<Socket>();
  let waiting: (() => void)[] = [];
  let judge: ((command: Command) => Verdict) | undefined;

  const server = createServer(client => {
    const upstream = connect(target, '127.0.0.1');
    let pending = Buffer.alloc(0);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.on('data', data => client.write(data));
    client.on('data', data => {
      pending = Buffer.concat([pending, data]);
      while (pending.length >= header && pending.length >= pending.readInt32LE(0)) {
        const message = pending.subarray(0, pending.readInt32LE(0));
        pending = pending.subarray(message.length);
        const command = judge && commandOf(message);
        const verdict = command && judge ? judge(command) : 'pass';
        if (verdict === 'refuse') client.write(answer(message, refusal));
        else if (verdict === 'pass') upstream.write(message);
      }
      for (const resolve of waiting.splice(0)) resolve();
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');

  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    cut,
    passing: () => new Promise(resolve => waiting.push(resolve)),
    judge(verdict) {
      judge = verdict;
    },
    async close() {
      cut();
      waiting = [];
      await new Promise(resolve => server.close(resolve));
    },
  };
};
