import { rmSync } from 'node:fs';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startMariadb } from '../../scripts/servers/mariadb.ts';
import { startMongodb } from '../../scripts/servers/mongodb.ts';
import { freePort, type TestServer } from '../../scripts/servers/program.ts';
import { api, clientId, connect, signUp, until } from '../support/clients.ts';
import { type ServerProcess, spawnServer } from '../support/process.ts';
import { temporaryFolder } from '../support/server.ts';

/* An instance whose databases come later than itself, or never. */

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const folder = temporaryFolder();
let mariadb: TestServer;
let mongodb: TestServer;

beforeAll(async () => {
  [mariadb, mongodb] = await Promise.all([startMariadb({ folder }), startMongodb({ folder })]);
  const connection = await createConnection(mariadb.url);
  await connection.query('CREATE DATABASE parley CHARACTER SET utf8mb4');
  await connection.end();
});
afterAll(async () => {
  await Promise.all([mariadb?.stop(), mongodb?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Its port is known before it is ready. */
const spawnInstance = async (env: Record<string, string> = {}): Promise<ServerProcess & { url: string }> => {
  const port = await freePort();
  const server = spawnServer({
    PORT: String(port),
    HOST: '127.0.0.1',
    DATA_DIR: temporaryFolder(),
    MYSQL_URL: `${mariadb.url}/parley`,
    MONGODB_URI: `${mongodb.url}/parley`,
    JWT_SECRET: 'a secret that is long enough to sign with it',
    ...env,
  });
  return { ...server, url: `http://127.0.0.1:${port}` };
};

const lives = ({ url }: { url: string }) =>
  until(async () => (await fetch(`${url}/health/live`).catch(() => undefined))?.status === 200, 60_000);

const stores = ['MySQL (MYSQL_URL)', 'MongoDB (MONGODB_URI)'];

/** What the log says of the stores that are waited for, in its order. */
const awaited = (server: ServerProcess) =>
  server
    .stdout()
    .split('\n')
    .filter(line => line.includes('store_awaited'))
    .map(line => JSON.parse(line) as { store: string; reason: string; again_ms: number });

test('it waits with one line a cycle, less and less often, lives but is not ready, takes nobody in, and then serves', async () => {
  await Promise.all([mariadb.kill(), mongodb.kill()]);
  const server = await spawnInstance();
  await lives(server);
  const waitsFor = (store: string) => awaited(server).filter(line => line.store === store);
  await until(() => stores.every(store => waitsFor(store).length >= 3), 60_000);

  const ready = await fetch(`${server.url}/health/ready`);
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'starting', checks: {} }]);
  const refused = await api(server)('POST', '/user/v1/login', { username: 'ann', password: 'password-123' });
  expect([refused.status, refused.error?.code, refused.error?.retryable]).toEqual([503, 'unavailable', true]);
  const handshake = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
  expect([handshake.status, handshake.headers.get('retry-after')]).toEqual([503, '1']);

  for (const store of stores) {
    for (const { again_ms, reason } of waitsFor(store)) {
      expect(again_ms).toBeLessThanOrEqual(5_000);
      expect(reason).not.toBe('');
    }
  }

  await Promise.all([mariadb.start(), mongodb.start()]);
  expect(await server.ready).toBe(server.url);
  const person = await signUp(server);
  const socket = await connect(server, person.token);
  const fields = { conversation_id: 'lobby', message: 'at last', client_id: clientId() };
  expect(await socket.timeout(6_000).emitWithAck('message:send', fields)).toMatchObject({ ok: true });
  socket.disconnect();
  server.child.kill('SIGTERM');
  expect(await server.exit).toMatchObject({ code: 0 });
});

test('after STORES_TIMEOUT it ends with 1 and names what it waited for', async () => {
  await mongodb.kill();
  const server = await spawnInstance({ STORES_TIMEOUT: '3s' });
  const { code, stderr } = await server.exit;
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^Parley: MongoDB \(MONGODB_URI\) cannot be opened \(.+\), for as long as STORES_TIMEOUT allows\.$/m,
  );
  await mongodb.start();
});

test('told to stop while it waits, it stops at once', async () => {
  await mariadb.kill();
  const server = await spawnInstance();
  await until(() => awaited(server).length > 0, 60_000);
  server.child.kill('SIGTERM');
  expect(await server.exit).toMatchObject({ code: 0, signal: null });
  await mariadb.start();
});
