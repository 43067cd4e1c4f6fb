import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type NginxServer, startNginx } from '../../scripts/servers/nginx.ts';
import { command, until } from '../support/clients.ts';
import { temporaryFolder } from '../support/server.ts';
import { connected, type Instance, instanceOf, roamer, spawnInstance, startInstance, startProxy } from './support.ts';

const polling = { transports: ['polling'] };
const websocket = { transports: ['websocket'] };

const lobbyMessage = (text: string) => ({ room: 'lobby', message: text, client_id: `c${Math.random()}` });

const open: { disconnect(): unknown }[] = [];
const roam = (...args: Parameters<typeof roamer>) => {
  const socket = roamer(...args);
  open.push(socket);
  return socket;
};
afterEach(() => {
  for (const socket of open.splice(0)) socket.disconnect();
});

describe('three instances behind nginx', () => {
  let instances: Instance[];
  let nginx: NginxServer;

  beforeAll(async () => {
    instances = await Promise.all(['east', 'west', 'north-2'].map(name => startInstance(name)));
    nginx = await startProxy(instances);
  });
  afterAll(async () => {
    await nginx?.stop();
    await Promise.all(instances.map(instance => instance.close()));
  });

  test('its configuration is that of production, and nginx finds nothing wrong with it', () => {
    expect(nginx.check()).toMatch(/test is successful/);
    expect(nginx.check()).not.toMatch(/warn/);
  });

  test('40 clients that only poll, from one address, all connect, spread evenly, and stay where they are', async () => {
    const sockets = Array.from({ length: 40 }, () => roam(nginx, instances, polling));
    await Promise.all(sockets.map(connected));
    const first = sockets.map(instanceOf);
    for (const { name } of instances) expect(first.filter(at => at === name).length).toBeGreaterThanOrEqual(8);

    const lost: string[] = [];
    for (const socket of sockets) socket.on('disconnect', reason => lost.push(reason));
    for (let round = 0; round < 3; round++)
      await Promise.all(sockets.map(socket => command(socket, 'message:send', lobbyMessage(`round ${round}`))));
    expect(lost).toEqual([]);
    expect(sockets.map(instanceOf)).toEqual(first);
  });

  test.each([
    ['a WebSocket from the start', websocket],
    ['polling that becomes a WebSocket', { transports: ['polling', 'websocket'] }],
  ])('%s passes, spread over all', async (_, options) => {
    const sockets = Array.from({ length: 15 }, () => roam(nginx, instances, options));
    await Promise.all(sockets.map(connected));
    await until(() => sockets.every(({ io }) => io.engine.transport.name === 'websocket'));
    expect(new Set(sockets.map(instanceOf)).size).toBe(3);
    await Promise.all(sockets.map(socket => command(socket, 'message:send', lobbyMessage('by WebSocket'))));
  });

  test('the id of a connection that no instance here gave is refused at once', async () => {
    for (const sid of ['elsewhere.AAAAAAAAAAAAAAAAAAAA', 'east.AAAAAAAAAAAAAAAAAAAA', 'eastern.A', '127.0.0.1:1']) {
      const started = performance.now();
      const answer = await fetch(`${nginx.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`);
      expect([sid, answer.status]).toEqual([sid, 400]);
      expect(await answer.json()).toMatchObject({ code: 1 });
      expect(performance.now() - started).toBeLessThan(2_000);
    }
  });

  test('the server learns the address of the client, and believes nothing that the client says about it', async () => {
    const forged = {
      'x-forwarded-for': '203.0.113.9',
      forwarded: 'for=203.0.113.9',
      'x-real-ip': '203.0.113.9',
    };
    for (const path of ['/health/echo', '/socket.io/echo'])
      for (const headers of [{}, forged]) {
        const { body } = await from('127.0.0.2', nginx.port, path, headers);
        expect(JSON.parse(body)).toMatchObject({ address: '127.0.0.2', forwarded: 1, proto: 'http' });
      }
  });

  test('a body of 65,536 bytes passes, one byte more is payload_too_large, as it is without nginx', async () => {
    const login = (url: string, bytes: number) => {
      const rest = JSON.stringify({ username: 'nobody-here', password: '' }).length;
      const body = JSON.stringify({ username: 'nobody-here', password: 'x'.repeat(bytes - rest) });
      return fetch(`${url}/api/user/v1/login`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });
    };
    for (const url of [nginx.url, instances[0]?.url as string]) {
      expect((await login(url, 65_536)).status).not.toBe(413);
      const refused = await login(url, 65_537);
      const { error } = (await refused.json()) as { error: Record<string, unknown> };
      expect(refused.status).toBe(413);
      expect(error).toMatchObject({ code: 'payload_too_large', retryable: false });
      expect(error['request_id']).toBe(refused.headers.get('x-request-id'));
    }
  });

  test('what is for administrators stays closed to strangers, though nginx calls from this machine', async () => {
    for (const path of ['/metrics', '/dashboard', '/docs', '//metrics', '/%6detrics', '/health/../metrics'])
      for (const host of ['chat.example.org', 'localhost']) {
        const { status } = await from('127.0.0.1', nginx.port, path, { host });
        expect([path, [401, 403, 404].includes(status)]).toEqual([path, true]);
      }
  });

  test('a request id that the client gave reaches the instance; a malformed one is replaced', async () => {
    const answerTo = async (id: string) =>
      (await fetch(`${nginx.url}/api/user/v1/profile`, { headers: { 'x-request-id': id } })).headers.get(
        'x-request-id',
      );
    expect(await answerTo('given-by-me_1')).toBe('given-by-me_1');
    expect(await answerTo('too bad')).toMatch(/^[0-9a-f]{32}$/);
  });

  test('the page comes compressed, answers of the API do not', async () => {
    const encoding = async (path: string) => (await fetch(`${nginx.url}${path}`)).headers.get('content-encoding');
    const [script] = /assets\/main-[\w-]+\.js/.exec(await (await fetch(nginx.url)).text()) ?? [];
    expect(await encoding(`/${script}`)).toBe('gzip');
    expect(await encoding('/api/user/v1/profile')).toBeNull();
  });

  test('the access log is JSON, and holds no id of a connection', async () => {
    await fetch(`${nginx.url}/socket.io/?EIO=4&transport=polling&sid=east.SECRET`);
    await until(() => nginx.accessLog().some(({ path, status }) => path === '/socket.io/' && status === 400));
    const last = nginx.accessLog().at(-1);
    expect(last).toMatchObject({ method: 'GET', upstream: `127.0.0.1:${instances[0]?.port}`, upstream_status: '400' });
    expect(JSON.stringify(nginx.accessLog())).not.toMatch('SECRET');
  });

  test('a reload keeps sockets, and takes up another list of instances', async () => {
    const sockets = [websocket, polling].flatMap(options => [1, 2, 3].map(() => roam(nginx, instances, options)));
    await Promise.all(sockets.map(connected));
    const before = sockets.map(instanceOf);
    const lost: string[] = [];
    for (const socket of sockets) socket.on('disconnect', reason => lost.push(reason));

    await nginx.reload();
    await Promise.all(sockets.map(socket => command(socket, 'message:send', lobbyMessage('after a reload'))));
    expect([lost, sockets.map(instanceOf)]).toEqual([[], before]);

    const [east, ...others] = instances as [Instance, ...Instance[]];
    await nginx.reload(others);
    const late = Array.from({ length: 6 }, () => roam(nginx, instances, websocket));
    await Promise.all(late.map(connected));
    expect(late.map(instanceOf)).not.toContain(east.name);
    await nginx.reload(instances);
  });
});

describe('an instance that ends', () => {
  test('by SIGKILL: its clients are back through the others within 5 s', async () => {
    const [stays, dies] = await Promise.all([startInstance('stays'), spawnInstance('dies')]);
    const nginx = await startProxy([stays, dies]);
    try {
      const all = [stays, dies];
      const kinds = [polling, websocket, { transports: ['polling', 'websocket'] }];
      const sockets = Array.from({ length: 24 }, (_, index) => roam(nginx, all, kinds[index % 3]));
      await Promise.all(sockets.map(connected));
      const hit = sockets.filter(socket => instanceOf(socket) === 'dies');
      const spared = sockets.filter(socket => instanceOf(socket) === 'stays');
      expect(hit.length).toBeGreaterThan(5);
      const lost: string[] = [];
      for (const socket of spared) socket.on('disconnect', reason => lost.push(reason));

      const killed = performance.now();
      const back = hit.map(
        socket =>
          new Promise<number>(resolve => {
            socket.on('connect', () => instanceOf(socket) === 'stays' && resolve(performance.now() - killed));
          }),
      );
      await dies.close();
      const waited = await Promise.all(back);
      expect(Math.max(...waited)).toBeLessThan(5_000);
      expect(lost).toEqual([]);
      await Promise.all(sockets.map(socket => command(socket, 'message:send', lobbyMessage('back'))));

      const started = performance.now();
      const answer = await fetch(`${nginx.url}/socket.io/?EIO=4&transport=polling&sid=dies.AAAAAAAAAAAAAAAAAAAA`);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ error: { code: 'unavailable', retryable: true } });
      expect(performance.now() - started).toBeLessThan(2_000);
    } finally {
      await nginx.stop();
      await Promise.all([stays.close(), dies.close()]);
    }
  });

  test('in order: nobody gets an error that is not gone when asked again, and its clients come back elsewhere', async () => {
    const [stays, drains] = await Promise.all([startInstance('stays'), startInstance('drains', { drainMs: 1_000 })]);
    const nginx = await startProxy([stays, drains]);
    try {
      const all = [stays, drains];
      const kinds = [polling, websocket];
      const sockets = Array.from({ length: 20 }, (_, index) => roam(nginx, all, kinds[index % 2]));
      await Promise.all(sockets.map(connected));
      const errors: string[] = [];
      for (const socket of sockets) socket.on('connect_error', error => errors.push(error.message));

      let closed = false;
      const closing = drains.close().finally(() => {
        closed = true;
      });
      const asked: Promise<number>[] = [];
      const ask = async (method: string, path: string): Promise<number> => {
        const { status } = await fetch(nginx.url + path, { method });
        // Given to the instance just when it closed its port: nobody but the client may send that again (nginx does it for GET). How many
        // these are depends on how busy this machine is.
        if (status !== 504 || method === 'GET') return status;
        return (await fetch(nginx.url + path, { method })).status;
      };
      while (!closed) {
        asked.push(ask('GET', '/health/live'));
        for (const method of ['GET', 'PUT', 'POST', 'DELETE']) asked.push(ask(method, '/api/user/v1/profile'));
        await new Promise(resolve => setTimeout(resolve, 10));
      }
      await closing;
      await until(() => sockets.every(socket => socket.connected && instanceOf(socket) === 'stays'), 10_000);
      expect(asked.length).toBeGreaterThan(100);
      // What needs a token is refused by an instance; nothing is refused for want of one.
      expect(new Set(await Promise.all(asked))).toEqual(new Set([200, 401, 405]));
      expect(errors).toEqual([]);
    } finally {
      await nginx.stop();
      await stays.close();
    }
  });

  test('by standing still: who polls anew is with another one within 5 s', async () => {
    const [stays, freezes] = await Promise.all([startInstance('stays'), spawnInstance('freezes')]);
    const nginx = await startProxy([stays, freezes]);
    try {
      freezes.child.kill('SIGSTOP');
      const started = performance.now();
      const sockets = Array.from({ length: 6 }, () => roam(nginx, [stays, freezes]));
      await Promise.all(sockets.map(connected));
      expect(performance.now() - started).toBeLessThan(5_000);
    } finally {
      await nginx.stop();
      await Promise.all([stays.close(), freezes.close()]);
    }
  });
});

describe('what nginx sends again', () => {
  let seen: string[] = [];
  const fakes: Server[] = [];
  let nginx: NginxServer | undefined;
  afterEach(async () => {
    await nginx?.stop();
    for (const fake of fakes.splice(0)) fake.close().closeAllConnections();
    seen = [];
  });

  const fakeInstance = async (name: string, behaviour: 'dies' | 'refuses' | 'answers') => {
    const server = createServer((request, response) => {
      seen.push(`${name} ${request.method}`);
      if (behaviour === 'dies') request.socket.destroy();
      else response.writeHead(behaviour === 'refuses' ? 503 : 200).end('{}');
    });
    fakes.push(server);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return { name, port: (server.address() as AddressInfo).port };
  };
  const nobody = (name: string) => ({ name, port: 1 });
  const codeOf = async (method: string, path = '/api/x') => {
    const answer = await fetch(`${nginx?.url}${path}`, { method });
    const body = (await answer.json()) as { error?: { code: string } };
    return [answer.status, body.error?.code];
  };

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    '[G10] a %s over which the instance died is asked once, and its outcome is unknown',
    async method => {
      nginx = await startProxy([await fakeInstance('answers', 'answers'), await fakeInstance('dies', 'dies')]);
      let answer: unknown;
      do answer = await codeOf(method);
      while (seen.length < 10 && seen.at(-1) !== `dies ${method}`);
      expect(seen.at(-1)).toBe(`dies ${method}`);
      expect(answer).toEqual([504, 'unknown_outcome']);
    },
  );

  test('a GET over which the instance died is answered by another', async () => {
    nginx = await startProxy([await fakeInstance('answers', 'answers'), await fakeInstance('dies', 'dies')]);
    do expect(await codeOf('GET')).toEqual([200, undefined]);
    while (seen.length < 10 && !seen.includes('dies GET'));
    expect(seen.slice(-2)).toEqual(['dies GET', 'answers GET']);
  });

  test('[G10] a PUT over which the only instance died tells that it may have happened, a GET that it can be asked again', async () => {
    nginx = await startProxy([await fakeInstance('dies', 'dies')]);
    expect(await codeOf('PUT')).toEqual([504, 'unknown_outcome']);
    expect(await codeOf('POST')).toEqual([504, 'unknown_outcome']);
    expect(await codeOf('GET')).toEqual([503, 'unavailable']);
  });

  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])(
    'a %s that an instance could not be given goes to the next',
    async method => {
      const answers = await fakeInstance('a', 'answers');
      for (const upstreams of [
        [answers, nobody('b'), nobody('c')],
        [nobody('c'), nobody('b'), answers],
      ]) {
        nginx = await startProxy(upstreams);
        for (let asked = 0; asked < 5; asked++) expect(await codeOf(method)).toEqual([200, undefined]);
        await nginx.stop();
      }
      expect(seen).toEqual(Array(10).fill(`a ${method}`));
    },
  );

  test('[G10] what reached nobody is told to be so', async () => {
    nginx = await startProxy([nobody('a'), nobody('b'), nobody('c'), nobody('d')]);
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PUT', 'PUT'])
      expect(await codeOf(method)).toEqual([503, 'unavailable']);
  });

  test('who opens a socket where it is refused is sent on; a refused command is not', async () => {
    const instance = await startInstance('real');
    try {
      const refuses = await fakeInstance('refuses', 'refuses');
      nginx = await startProxy([refuses, instance]);
      const sockets = Array.from({ length: 8 }, (_, index) =>
        roam({ url: nginx?.url as string }, [instance], index % 2 ? websocket : polling),
      );
      await Promise.all(sockets.map(connected));
      expect(sockets.map(instanceOf)).toEqual(Array(8).fill('real'));

      const answers = await Promise.all(Array.from({ length: 6 }, () => codeOf('POST', '/api/user/v1/login')));
      expect(answers.map(([status]) => status)).toContain(503);
      expect(answers.map(([status]) => status)).toContain(400);
    } finally {
      await instance.close();
    }
  });
});

test('a flood of openings from one address is braked with rate_limited; who has a socket may poll on', async () => {
  const file = join(temporaryFolder(), 'nginx.conf');
  // This machine itself is spared otherwise.
  const text = readFileSync(new URL('../../nginx/nginx.conf', import.meta.url), 'utf8').replace('127.0.0.0/8 1;', '');
  writeFileSync(file, text);
  const instance = await startInstance('calm');
  const nginx = await startNginx({ folder: temporaryFolder(), instances: [instance], template: file });
  try {
    const statuses = (query: string) =>
      Promise.all(
        Array.from({ length: 800 }, async () => {
          const answer = await fetch(`${nginx.url}/socket.io/?EIO=4&transport=polling${query}`);
          if (answer.status !== 429) return answer.arrayBuffer().then(() => answer.status);
          expect(answer.headers.get('retry-after')).toBe('1');
          expect(await answer.json()).toMatchObject({ error: { code: 'rate_limited', retryable: true } });
          return answer.status;
        }),
      );
    const opened = await statuses('');
    expect(opened.filter(status => status !== 429).length).toBeGreaterThan(390);
    expect(opened).toContain(200);
    expect(opened).toContain(429);
    const polled = await statuses('&sid=calm.AAAAAAAAAAAAAAAAAAAA');
    expect(polled).toContain(400);
    expect(polled).not.toContain(429);
    // Where so many at once are too much for this machine, the instance itself sends some on: 503.
    expect([...opened, ...polled].filter(status => ![200, 400, 429, 503].includes(status))).toEqual([]);
  } finally {
    await nginx.stop();
    await instance.close();
  }
});

/** A request from another address of this machine. */
const from = (address: string, port: number, path: string, headers: Record<string, string>) =>
  new Promise<{ status: number; body: string }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, localAddress: address, headers, agent: false }, response => {
      let body = '';
      response.setEncoding('utf8').on('data', text => {
        body += text;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.once('error', reject).end();
  });
