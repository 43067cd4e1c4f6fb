import { request as ask, createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { addressOf } from '../../src/client/address.ts';
import { createClient } from '../../src/client/index.ts';
import { password, someName, until } from '../support/clients.ts';
import { startServer } from '../support/server.ts';

/** A proxy that has the server below `/chat` and nothing elsewhere. */
const startProxy = async (target: string) => {
  const { port, hostname } = new URL(target);
  const seen: string[] = [];
  const below = ({ url = '' }: IncomingMessage) => {
    seen.push(url);
    return url.startsWith('/chat/') ? url.slice('/chat'.length) : undefined;
  };
  const proxy = createServer((request, response) => {
    const path = below(request);
    if (!path) return response.writeHead(404).end('Nothing here.');
    const { method, headers } = request;
    const onward = ask({ host: hostname, port, path, method, headers }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  proxy.on('upgrade', (request, near, head) => {
    const path = below(request);
    if (!path) return near.destroy();
    const far = connect(Number(port), hostname);
    const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}\r\n`);
    far.write(`GET ${path} HTTP/1.1\r\n${headers.join('')}\r\n`);
    far.write(head);
    far.pipe(near).pipe(far);
    far.on('error', () => near.destroy());
    near.on('error', () => far.destroy());
  });
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/chat`, seen };
};

test.each(['', '/'])('a server below a path is reached by REST and by both transports of the socket%s', async end => {
  const server = await startServer();
  onTestFinished(() => server.close());
  const { url, seen } = await startProxy(server.url);
  const client = createClient({ url: `${url}${end}` });
  onTestFinished(() => client.close());
  await client.signUp({ username: someName(), password, full_name: 'Somebody' });
  await client.synced();
  const lobby = client.conversation('lobby');
  await lobby.open();
  lobby.send('from below a path');
  await until(() => lobby.messages.get()?.messages.at(-1)?.message === 'from below a path');
  await until(() => seen.some(path => path.includes('transport=websocket')));
  expect(client.connection.get().status).toBe('online');
  expect(seen.filter(path => !/^\/chat\/(api|socket\.io)\//.test(path))).toEqual([]);
});

test.each([
  ['', { origin: '', socketPath: '/socket.io', api: '/api' }],
  ['/chat/', { origin: '', socketPath: '/chat/socket.io', api: '/chat/api' }],
  [
    'https://a.example:8443',
    { origin: 'https://a.example:8443', socketPath: '/socket.io', api: 'https://a.example:8443/api' },
  ],
])('url %j', (url, address) => expect(addressOf(url, true)).toEqual(address));

test.each([
  'chat.example.org',
  'ws://a.example',
  'https://a.example?x=1',
  'https://a.example/#x',
  'https://a b',
  '//a.example',
  'https://ada:secret@a.example',
  'https://ada@a.example/chat',
  'https://a.example:99999',
  'https://a.example:port',
  'https://999.1.1.1',
  'https://a.example\\x',
  // Without a page there is no origin for these.
  '',
  '/chat',
])('url %j is refused at once', url => expect(() => createClient({ url })).toThrow(/url must be as https/));
