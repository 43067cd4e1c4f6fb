import { request } from 'node:https';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NginxServer, startNginx } from '../../scripts/servers/nginx.ts';
import { freePort } from '../../scripts/servers/program.ts';
import { temporaryFolder } from '../support/server.ts';
import { selfSigned } from './self-signed.ts';
import { connected, type Instance, roamer, startInstance } from './support.ts';

/* nginx/tls.conf, as deploy/compose.tls.yml adds it. */

const hour = 3_600_000;
let instance: Instance;
let nginx: NginxServer;
let port: number;

beforeAll(async () => {
  instance = await startInstance('only');
  port = await freePort();
  const tls = { port, ...selfSigned(Date.now() - hour, Date.now() + hour) };
  nginx = await startNginx({ folder: temporaryFolder(), instances: [instance], tls });
});
afterAll(async () => {
  await nginx?.stop();
  await instance?.close();
});

const get = (path: string) =>
  new Promise<string>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false }, response => {
      let body = '';
      response.setEncoding('utf8').on('data', text => {
        body += text;
      });
      response.once('end', () => resolve(body));
    });
    asked.once('error', reject).end();
  });

test('nginx finds nothing wrong with it', () => {
  expect(nginx.check()).toMatch(/test is successful/);
  expect(nginx.check()).not.toMatch(/warn/);
});

test('HTTP leads to HTTPS, with the method kept', async () => {
  for (const method of ['GET', 'POST']) {
    const answer = await fetch(`${nginx.url}/api/user/v1/login?a=b`, { method, redirect: 'manual' });
    expect(answer.status).toBe(308);
    expect(answer.headers.get('location')).toBe('https://127.0.0.1/api/user/v1/login?a=b');
  }
});

test('the instance is told that the client spoke HTTPS', async () => {
  expect(JSON.parse(await get('/health/echo'))).toMatchObject({ proto: 'https', address: '127.0.0.1' });
});

test.each([['polling'], ['websocket']])('sockets pass by %s', async transport => {
  const at = { url: `https://127.0.0.1:${port}` };
  const socket = roamer(at, [instance], { transports: [transport], rejectUnauthorized: false });
  try {
    await connected(socket);
  } finally {
    socket.disconnect();
  }
});
