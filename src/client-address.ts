import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

const loopback = ['127.0.0.0/8', '::1/128'];
const privateSubnets = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fe80::/10'];

/** Who really calls: the address of the connection, or where that is a trusted proxy the one that it names. */
export type ClientAddress = (request: IncomingMessage) => string;

/**
 * `trusted` is `TRUST_PROXY`. X-Forwarded-For is read from its end, one hop at a time, and only as far as the hops are trusted:
 * whatever a client itself wrote there stands in front and is never reached (S46).
 */
export const createClientAddress = (trusted: string[]): ClientAddress => {
  const proxies = blockList(
    trusted.flatMap(item => (item === 'loopback' ? loopback : item === 'private' ? privateSubnets : [item])),
  );
  return request => {
    let address = plainAddress(request.socket.remoteAddress);
    if (trusted.length === 0) return address;
    const hops = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
    while (contains(proxies, address)) {
      const hop = plainAddress(hops.pop()?.trim());
      if (isIP(hop) === 0) break;
      address = hop;
    }
    return address;
  };
};

/** Under what an address is counted: of IPv6 its /64, as one household has all of that. */
export const addressKey = (address: string): string => {
  if (isIP(address) !== 6) return address;
  const [left = '', right] = address.split('::');
  const groups = left === '' ? [] : left.split(':');
  const tail = right ? right.split(':').length : 0;
  const full = right === undefined ? groups : [...groups, ...Array(Math.max(0, 8 - groups.length - tail)).fill('0')];
  return full.slice(0, 4).join(':');
};

const loopbackList = (() => blockList(loopback))();

export const isLoopback = (request: IncomingMessage) =>
  contains(loopbackList, plainAddress(request.socket.remoteAddress));

function blockList(subnets: string[]) {
  const addresses = new BlockList();
  for (const subnet of subnets) {
    const [address = '', bits] = subnet.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    addresses.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return addresses;
}

const contains = (addresses: BlockList, address: string) =>
  isIP(address) !== 0 && addresses.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** IPv4 as such where the socket shows it mapped into IPv6. */
const plainAddress = (address = '') => address.replace(/^::ffff:(?=\d+\.)/i, '');
