import { connect as connectTcp } from 'node:net';
import { io, type Socket } from 'socket.io-client';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ParleyError } from '../../src/errors.ts';
import type { ErrorBody } from '../../src/protocol/index.ts';
import { next, socketOf, until } from '../support/clients.ts';
import { type Edge, type Overrides, startEdge } from './support.ts';

let edge: Edge;
const start = async (overrides: Overrides = {}) => {
  edge = await startEdge(overrides);
  return edge;
};
afterEach(() => edge.close());

const refusal = (socket: Socket): Promise<ErrorBody> =>
  new Promise((resolve, reject) => {
    socket.once('connect', () => reject(new Error('connected')));
    socket.once('connect_error', (error: Error & { data?: ErrorBody }) => {
      if (error.data) resolve(error.data);
      else reject(error);
    });
    socket.connect();
  });

const engine = (path = '') => `${edge.url}/socket.io/?EIO=4&transport=polling${path}`;
const rawSocket = (headers: Record<string, string> = {}, query = '') =>
  new WebSocket(`${edge.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket${query}`, { headers });
/** The status with which an upgrade is answered. */
const upgrade = (headers: Record<string, string> = {}) =>
  new Promise<{ status: number; retryAfter?: string; body?: string }>((resolve, reject) => {
    const socket = rawSocket(headers);
    socket.once('open', () => {
      socket.terminate();
      resolve({ status: 101 });
    });
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', chunk => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], body }),
      );
    });
  });
/** Text messages of a raw socket, and when it closed. */
const transcript = (socket: WebSocket) => {
  const texts: string[] = [];
  socket.on('message', data => texts.push(String(data)));
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()));
  return { texts, closed };
};

describe.each(['websocket', 'polling'])('over %s', transport => {
  test.each([
    ['none', {}],
    ['empty', { token: '' }],
    ['not a text', { token: { $ne: 1 } }],
    ['garbage', { token: 'garbage' }],
    ['too long', { token: 'x'.repeat(5_000) }],
  ])('[S13] a token that is %s is refused for good, with the error of the catalogue', async (_what, auth) => {
    await start();
    const socket = io(edge.url, { auth, transports: [transport], forceNew: true, autoConnect: false });
    expect(await refusal(socket)).toMatchObject({
      code: 'unauthenticated',
      retryable: false,
      request_id: expect.any(String),
    });
    expect(socket.active).toBe(false);
    socket.disconnect();
  });

  test('[S13] a token in the URL is refused, also beside a good one', async () => {
    await start();
    const socket = socketOf(edge, 'bob/s1', { query: { token: 'bob/s1' }, transports: [transport] });
    expect((await refusal(socket)).code).toBe('unauthenticated');
    socket.disconnect();
  });

  test('an expired token and an ended session are told apart', async () => {
    const { revoked } = await start();
    revoked.add('s9');
    const options = { transports: [transport] };
    expect((await refusal(socketOf(edge, 'bob/s1/1', options))).code).toBe('token_expired');
    expect((await refusal(socketOf(edge, 'bob/s9', options))).code).toBe('signed_out');
  });

  test('[S45] a foreign origin is refused, the own one and listed ones are not, and none at all is a program', async () => {
    await start({ settings: { corsOrigins: ['https://chat.example.org'] } });
    const attempt = async (origin?: string) => {
      const headers: Record<string, string> = origin === undefined ? {} : { origin };
      if (transport === 'websocket') return (await upgrade(headers)).status === 101;
      const response = await fetch(engine(), { headers });
      if (response.ok && origin) expect(response.headers.get('access-control-allow-origin')).toBe(origin);
      return response.ok;
    };
    expect(await attempt()).toBe(true);
    expect(await attempt(edge.url)).toBe(true);
    expect(await attempt('https://chat.example.org')).toBe(true);
    expect(await attempt('https://evil.example.org')).toBe(false);
    expect(await attempt('https://chat.example.org.evil.org')).toBe(false);
    expect(await attempt('null')).toBe(false);
  });

  test('trouble that may pass closes the connection instead of refusing, and a stock client comes back by itself', async () => {
    let failures = 2;
    await start({
      authenticate: async () => {
        failures -= 1;
        if (failures >= 0) throw new ParleyError('unavailable');
        return {
          actor: { user_id: 'bob', session_id: 's1', role: 'user', username: 'bob', full_name: 'Bob' },
          expires_at: Date.now() + 60_000,
        };
      },
    });
    const socket = socketOf(edge, 't', { transports: [transport], reconnection: true, reconnectionDelay: 20 });
    const connected = next(socket, 'connect');
    socket.connect();
    await connected;
    expect(failures).toBeLessThan(0);
    socket.disconnect();
  });
});

test('[S45] a refused origin is told on the upgrade itself, with the error body', async () => {
  await start();
  const { status, body } = await upgrade({ origin: 'https://evil.example.org' });
  expect(status).toBe(403);
  expect(JSON.parse(body ?? '')).toMatchObject({ error: { code: 'forbidden', retryable: false } });
});

test('[S45] the origin is checked on an upgrade of an open connection, too', async () => {
  await start();
  const text = await (await fetch(engine())).text();
  const { sid } = JSON.parse(text.slice(1));
  const socket = rawSocket({ origin: 'https://evil.example.org' }, `&sid=${sid}`);
  const refused = await new Promise(resolve => {
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode));
    socket.once('open', () => resolve('open'));
  });
  expect(refused).toBe(403);
});

test('a connection id begins with the instance, so that a proxy can route by it', async () => {
  await start();
  const text = await (await fetch(engine())).text();
  expect(JSON.parse(text.slice(1)).sid).toMatch(/^a1\.[\w-]{20}$/);
});

test('handshakes of one address are limited before Engine.IO opens, with Retry-After', async () => {
  await start({ settings: { rateLimit: true, handshakesPerSecond: 2 } });
  const statuses: number[] = [];
  for (let at = 0; at < 6; at += 1) statuses.push((await fetch(engine())).status);
  expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
  const refused = await fetch(engine());
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toMatchObject({ error: { code: 'rate_limited', retry_after_ms: expect.any(Number) } });
  expect(await upgrade()).toMatchObject({ status: 429, retryAfter: '1' });
});

test('[S46] a forged X-Forwarded-For is not another address', async () => {
  await start({ settings: { rateLimit: true, handshakesPerSecond: 1 } });
  const statuses: number[] = [];
  for (let at = 0; at < 4; at += 1)
    statuses.push((await fetch(engine(), { headers: { 'x-forwarded-for': `10.0.0.${at}` } })).status);
  expect(statuses.slice(2)).toEqual([429, 429]);
});

test('under overload handshakes are refused with the time to wait, and open sockets stay', async () => {
  let wait = 0;
  await start({ shed: () => wait });
  const bob = await edge.connect('bob/s1');
  wait = 1_500;
  const refused = await fetch(engine());
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('2');
  expect(bob.connected).toBe(true);
  bob.disconnect();
});

test('[S14] a connection that never joins a namespace is closed in time', async () => {
  await start({ settings: { connectTimeoutMs: 300 } });
  const socket = rawSocket();
  const { closed } = transcript(socket);
  const polling = JSON.parse((await (await fetch(engine())).text()).slice(1)).sid;
  const begun = performance.now();
  await closed;
  expect(performance.now() - begun).toBeLessThan(5_000);
  await until(() => edge.realtime.io.engine.clientsCount === 0);
  expect((await fetch(engine(`&sid=${polling}`))).status).toBe(400);
});

test('[S14] neither may one stay open that left its namespace', async () => {
  await start({ settings: { connectTimeoutMs: 300 } });
  const socket = rawSocket();
  const { texts, closed } = transcript(socket);
  await until(() => texts.length > 0);
  socket.send('40{"token":"bob/s1"}');
  await until(() => texts.some(text => text.startsWith('40')));
  socket.send('41');
  await closed;
});

test('[S15] unknown namespaces are refused, by the thousand cost one connection, and leave nothing behind', async () => {
  await start();
  const bob = await edge.connect('bob/s1');
  const socket = rawSocket();
  const { texts, closed } = transcript(socket);
  await until(() => texts.length > 0);
  for (let at = 0; at < 1_000; at += 1) socket.send(`40/nowhere${at},{"token":"bob/s1"}`);
  await closed;
  expect(texts[1]).toMatch(/^44\/nowhere0,\{"message":"Invalid namespace"/);
  expect(edge.realtime.io._nsps.size).toBe(2);
  expect(bob.connected).toBe(true);
  bob.disconnect();
});

test('[S17] whoever emits before its authentication ended is cut off', async () => {
  await start({ authenticate: () => new Promise(() => undefined) });
  const socket = rawSocket();
  const { texts, closed } = transcript(socket);
  await until(() => texts.length > 0);
  socket.send('40{"token":"bob/s1"}');
  socket.send('421["message:send",{}]');
  await closed;
  expect(edge.calls).toEqual([]);
});

test('a client that goes away while it is admitted leaves nothing behind', async () => {
  let admit: (() => void) | undefined;
  await start({
    authenticate: () =>
      new Promise(resolve => {
        admit = () =>
          resolve({
            actor: { user_id: 'bob', session_id: 's1', role: 'user', username: 'bob', full_name: 'Bob' },
            expires_at: Date.now() + 60_000,
          });
      }),
  });
  const socket = rawSocket();
  const { texts, closed } = transcript(socket);
  await until(() => texts.length > 0);
  socket.send('40{"token":"bob/s1"}');
  await new Promise(resolve => setTimeout(resolve, 50));
  socket.terminate();
  await closed;
  await until(() => edge.realtime.io.engine.clientsCount === 0);
  admit?.();
  await new Promise(resolve => setTimeout(resolve, 50));
  expect([...edge.sockets.all()]).toEqual([]);
  expect(edge.sockets.rooms.size).toBe(0);
});

test('[S38] of too many sockets of one user the oldest goes for good, and is told', async () => {
  await start({ settings: { socketsPerUser: 3 } });
  const sockets: Socket[] = [];
  const closing: unknown[] = [];
  for (let at = 0; at < 4; at += 1) {
    const socket = await edge.connect(`bob/s${at}`, { reconnection: true });
    socket.on('closing', payload => closing.push([at, payload]));
    sockets.push(socket);
  }
  await until(() => !sockets[0]?.connected);
  expect(closing).toEqual([[0, { code: 'too_many_sockets', reconnect: false, after_ms: 0 }]]);
  expect(sockets[0]?.active).toBe(false);
  expect(sockets.slice(1).every(socket => socket.connected)).toBe(true);
  for (const socket of sockets) socket.disconnect();
});

describe('the protocols on the wire', () => {
  const open = async () => {
    await start();
    const socket = rawSocket();
    const { texts, closed } = transcript(socket);
    await until(() => texts.length > 0);
    return { socket, texts, closed };
  };

  test('Engine.IO opens with sid, upgrades, pings and the size of a packet', async () => {
    const { texts, socket } = await open();
    expect(JSON.parse(texts[0]?.slice(1) ?? '')).toEqual({
      sid: expect.any(String),
      upgrades: [],
      pingInterval: 25_000,
      pingTimeout: 20_000,
      maxPayload: 65_536,
    });
    socket.terminate();
  });

  test('CONNECT is answered with a sid that is not the connection’s', async () => {
    const { texts, socket } = await open();
    socket.send('40{"token":"bob/s1"}');
    await until(() => texts.length > 1);
    expect(texts[1]).toMatch(/^40\{"sid":"[^"]{20}","contract":"1"\}$/);
    expect(JSON.parse(texts[1]?.slice(2) ?? '').sid).not.toBe(JSON.parse(texts[0]?.slice(1) ?? '').sid);
    socket.terminate();
  });

  test('the older protocol version is refused', async () => {
    await start();
    const answer = await fetch(`${edge.url}/socket.io/?EIO=3&transport=polling`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ code: 5, message: 'Unsupported protocol version' });
  });

  test.each(['abc', '4', '49', '42{}', '42["a"', '421[]', '451-["x",{"_placeholder":true,"num":0}]', '45999999-[]'])(
    'a malformed packet (%s) costs the sender its connection and nobody else’s',
    async packet => {
      const { texts, socket, closed } = await open();
      const bob = await edge.connect('bob/s1');
      socket.send('40{"token":"eve/s2"}');
      await until(() => texts.length > 1);
      socket.send(packet);
      if (packet.startsWith('451')) socket.send('42["not binary"]');
      await closed;
      expect(bob.connected).toBe(true);
      bob.disconnect();
    },
  );

  test('packets without content are nothing, and cost nothing', async () => {
    const { texts, socket } = await open();
    socket.send('40{"token":"eve/s2"}');
    await until(() => texts.length > 1);
    for (const packet of ['42', '421', '43', '431[]', '43[1]']) socket.send(packet);
    socket.send('422["nothing"]');
    await until(() => texts.some(text => text.startsWith('432[')));
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.terminate();
  });

  test('[S36] a packet above the limit closes the connection, over both transports', async () => {
    const { texts, socket, closed } = await open();
    socket.send('40{"token":"eve/s2"}');
    await until(() => texts.length > 1);
    socket.send(`42["x","${'y'.repeat(65_536)}"]`);
    await closed;
    const { sid } = JSON.parse((await (await fetch(engine())).text()).slice(1));
    const posted = await fetch(engine(`&sid=${sid}`), { method: 'POST', body: 'y'.repeat(65_537) });
    expect(posted.status).toBe(413);
  });

  test('[S40] doubled polls, binary posts and foreign methods are refused', async () => {
    await start();
    const fresh = async () => JSON.parse((await (await fetch(engine())).text()).slice(1)).sid;
    const sid = await fresh();
    const first = fetch(engine(`&sid=${sid}`)).catch(() => undefined);
    await new Promise(resolve => setTimeout(resolve, 50));
    expect((await fetch(engine(`&sid=${sid}`))).status).toBe(400);
    await first;
    const other = await fresh();
    const headers = { 'content-type': 'application/octet-stream' };
    expect((await fetch(engine(`&sid=${other}`), { method: 'POST', body: 'x', headers })).status).toBe(400);
    expect((await fetch(engine(), { method: 'PUT' })).status).toBe(405);
    expect((await fetch(engine('&sid=__proto__'))).status).toBe(400);
    expect((await fetch(engine('&sid=a1.stolen'))).status).toBe(400);
  });

  test('the page gets the client library from the server', async () => {
    await start();
    const script = await fetch(`${edge.url}/socket.io/socket.io.esm.min.js`);
    expect(script.status).toBe(200);
    expect(script.headers.get('content-type')).toMatch(/javascript/);
  });

  test('requests elsewhere are left to the server’s own listener', async () => {
    await start();
    expect((await fetch(`${edge.url}/api/nothing`)).status).toBe(404);
  });

  test('a connection reset in the middle of an upgrade harms nobody', async () => {
    await start();
    for (let at = 0; at < 20; at += 1) {
      const tcp = connectTcp(edge.port, '127.0.0.1');
      tcp.on('error', () => undefined);
      tcp.write(
        'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
        () => tcp.resetAndDestroy(),
      );
    }
    const bob = await edge.connect('bob/s1');
    expect(bob.connected).toBe(true);
    bob.disconnect();
  });
});
