import { BlockList, isIP } from 'node:net';
import type { Echo } from '../../../protocol/echo.ts';
import type { Check, Context } from '../check.ts';
import { type Finding, fail, ok, skip, warn, worst } from '../finding.ts';
import { atEachPlace } from '../places.ts';
import { readEcho } from '../survey.ts';

/** Of a network that is for documentation only: nobody calls from there. */
const forgedAddress = '198.51.100.77';

/** Who the server believes the caller to be; limits of rate hang on it, and what is logged. */
export const address: Check = {
  name: 'address',
  async run(context) {
    return worst([await atEachPlace('echo', path => look(context, path)), agree(context)]);
  },
};

const look = async ({ probe }: Context, path: string): Promise<Finding> => {
  const plain = await probe.patiently(path);
  const forged = await probe.patiently(path, { headers: { 'X-Forwarded-For': forgedAddress } });
  const [seen, tricked] = [readEcho(plain), readEcho(forged)];
  if (!seen || !tricked) return skip('{path} is not answered by Parley', 'Let the proxy pass it on to the instances.');
  const { localAddress: own, remoteAddress: remote } = plain;
  return judge({ seen, tricked, own, remote });
};

export interface Seen {
  /** What the server said to a plain request, and to one with a forged X-Forwarded-For. */
  seen: Pick<Echo, 'address' | 'forwarded'>;
  tricked: Pick<Echo, 'address' | 'forwarded'>;
  /** The doctor's own end of the connection, and the other one. */
  own: string;
  remote: string;
}

/** Which instance answers is chance, hence what each of them said before. */
const agree = ({ survey }: Context): Finding => {
  const seen = [...survey.samples].map(([instance, [sample]]) => [instance, sample?.echo.address] as const);
  if (new Set(seen.map(([, address]) => address)).size < 2) return skip('nothing to compare', 'Nothing to do.');
  return fail(
    `instances see different callers: ${seen.map(pair => pair.join(' ')).join(', ')}`,
    'Give all instances the same TRUST_PROXY.',
  );
};

const sends = 'nginx, {location}: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for.';

export const judge = ({ seen, tricked, own, remote }: Seen): Finding => {
  if (tricked.address === forgedAddress) return believed(seen, own);
  if (seen.address === own) {
    if (own === remote)
      return skip(`${own} for client and proxy alike`, 'Ask from another machine, to tell the two apart.');
    return ok(`the server sees ${own}, which is this machine, and does not believe a forged one`);
  }
  const wrong = `the server takes ${seen.address} for the client, which is ${own} here`;
  if (seen.forwarded === 0 && (seen.address === remote || isNear(seen.address)))
    return fail(wrong, `The proxy does not say who calls. ${sends}`);
  const trust = `X-Forwarded-For arrives, but is not believed, or not far enough: TRUST_PROXY must name each proxy (such as ${seen.address}), and no more.`;
  if (isLoopback(seen.address) || seen.address === remote) return fail(wrong, trust);
  if (isLoopback(own))
    return warn(
      wrong,
      `Containers show their own host under another address: ask from another machine. Else: ${trust}`,
    );
  if (isNear(seen.address)) return fail(wrong, trust);
  if (isNear(own)) return ok(`the server sees ${seen.address}, and does not believe a forged one`);
  return warn(wrong, `If ${seen.address} is no address of this machine's network: ${trust}`);
};

const believed = (seen: Seen['seen'], own: string): Finding => {
  if (seen.forwarded === 0)
    return fail(
      'the server believes an X-Forwarded-For that the client wrote itself',
      `The proxy passes on what it was given, without adding who calls. ${sends} (Where there is no proxy: unset TRUST_PROXY.)`,
    );
  const covers = `TRUST_PROXY covers ${own}, where this was asked from: whoever is there may claim any address.`;
  const narrow = 'Name the addresses of the proxies alone in TRUST_PROXY.';
  if (isLoopback(own)) return ok(`the server sees ${seen.address}; ${covers}`);
  return isNear(own) ? warn(covers, narrow) : fail(covers, narrow);
};

const network = (...subnets: [string, number, 'ipv4' | 'ipv6'][]) => {
  const list = new BlockList();
  for (const subnet of subnets) list.addSubnet(...subnet);
  return (text: string) => isIP(text) !== 0 && list.check(text, isIP(text) === 6 ? 'ipv6' : 'ipv4');
};

const isLoopback = network(['127.0.0.0', 8, 'ipv4'], ['::1', 128, 'ipv6']);
/** Of this machine or a private network. */
const isNear = network(
  ['127.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
);
