import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';

/** Another address of loopback than servers there have. */
const other = '127.0.0.2';
const patienceMs = 2_000;

/**
 * From which address of this machine to connect, where that is to be chosen: a server on loopback sees client and proxy under one
 * address, unless the client takes another. Some systems have only the one. Rejects where the name is not known.
 */
export const connectFrom = async ({ hostname, protocol, port }: URL): Promise<string | undefined> => {
  const host = hostname.replace(/^\[|\]$/g, '');
  const addresses = await lookup(host, { all: true });
  const v4 = addresses.find(({ family }) => family === 4);
  if (!v4?.address.startsWith('127.')) return undefined;
  const connects = await new Promise<boolean>(resolve => {
    const to = { host: v4.address, port: Number(port || (protocol === 'https:' ? 443 : 80)), localAddress: other };
    const socket = connect({ ...to, timeout: patienceMs });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
  return connects ? other : undefined;
};
