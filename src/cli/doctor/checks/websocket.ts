import type { Check } from '../check.ts';
import { NotConnected } from '../clients.ts';
import { duration, fail, ok } from '../finding.ts';

const headers =
  'nginx, location /socket.io/: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade (map $http_upgrade $connection_upgrade { default upgrade; "" close; })';

/** By what the proxy answered instead of 101. */
const remedies: [RegExp, string][] = [
  [/\b400\b/, `The request reached the server as a plain one: the proxy drops the Upgrade header. ${headers}.`],
  [/\b426\b/, `The proxy speaks HTTP/1.0, or a version without upgrades, to the server. ${headers}.`],
  [
    /\b200\b/,
    'Something other than Parley answered: route /socket.io/ to the instances, uncached, before any other rule.',
  ],
  [/\b403\b/, 'A firewall or proxy in front refuses WebSockets: allow them for /socket.io/.'],
  [/\b404\b/, 'Route /socket.io/ to the instances, with its path unchanged.'],
  [
    /\b50\d\b/,
    'The proxy found no instance that answers: look at its error log, and at /health/ready of each instance.',
  ],
  [/no answer|timeout/i, `A proxy or firewall in front swallows WebSockets: allow them. ${headers}.`],
];

/** A stock client that knows WebSocket only; that it is refused for having no token shows that it got through. */
export const websocket: Check = {
  name: 'websocket',
  async run({ clients, survey }) {
    const started = performance.now();
    try {
      await clients.connect({ token: 'none', transports: ['websocket'] });
    } catch (error) {
      if (!(error instanceof NotConnected)) throw error;
      if (error.code === undefined) {
        const remedy =
          remedies.find(([reason]) => reason.test(error.message))?.[1] ?? `Look at the proxy's log. ${headers}.`;
        return fail(`a WebSocket-only client is not let through: ${error.message}`, remedy);
      }
      if (error.instance !== undefined) survey.met(`${error.instance}.`);
    }
    return ok(`a WebSocket-only client was answered in ${duration(performance.now() - started)}`);
  },
};
