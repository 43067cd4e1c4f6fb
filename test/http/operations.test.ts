import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DashboardData } from '../../src/http/dashboard/router.ts';
import { eventNames, operationNames, operations, signals } from '../../src/protocol/index.ts';
import { api, clientId, command, connect, next, type Person, signUp } from '../support/clients.ts';
import { raw, request } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let ada: Person;
let root: Person;
beforeAll(async () => {
  server = await startServer();
  [ada, root] = [await signUp(server), await signUp(server)];
});
afterAll(() => server.close());

const get = (path: string, headers: Record<string, string> = {}) => fetch(server.url + path, { headers });
const metric = async (name: string): Promise<number> => {
  const text = await (await get('/metrics')).text();
  const line = text.split('\n').find(candidate => candidate.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? 0);
};

describe('health', () => {
  test('live and ready, for anybody, without detail', async () => {
    expect(await (await get('/health/live')).json()).toEqual({ status: 'ok' });
    expect(await (await get('/health/ready')).json()).toEqual({ status: 'ok', checks: { log: 'ok', storage: 'ok' } });
  });

  test('not ready where a store does not answer or never will; still live', async () => {
    for (const ping of [
      () => Promise.reject(new Error('disk of secret-host')),
      () => new Promise<void>(() => undefined),
    ]) {
      const broken = await startServer(
        {},
        { stores: stores => ({ ...stores, log: { ...stores.log, epoch: stores.log.epoch, ping } }) },
      );
      const answer = await fetch(`${broken.url}/health/ready`);
      expect([answer.status, await answer.json()]).toEqual([
        503,
        { status: 'unavailable', checks: { log: 'unavailable', storage: 'ok' } },
      ]);
      expect((await fetch(`${broken.url}/health/live`)).status).toBe(200);
      await broken.close();
    }
  });
});

describe('/metrics: what is counted moves', () => {
  test('commands, appends, batches, delivery, connections, events', async () => {
    const names = {
      sends: 'parley_commands_total{name="message:send",outcome="ok"}',
      refusals: 'parley_commands_total{name="message:send",outcome="invalid_input"}',
      seconds: 'parley_command_seconds_total{name="message:send",outcome="ok"}',
      appends: 'parley_append_seconds_count',
      batches: 'parley_append_batch_events_count',
      deliveries: 'parley_delivery_lag_seconds_count',
      connections: 'parley_connections{namespace="/"}',
      disconnects: 'parley_disconnects_total{namespace="/",reason="client namespace disconnect"}',
      requests: 'parley_http_seconds_count{status="201"}',
      registrations: 'parley_events_total{event="account_registered"}',
    };
    const look = async () =>
      Object.fromEntries(
        await Promise.all(Object.entries(names).map(async ([key, name]) => [key, await metric(name)])),
      );
    const before = await look();
    const socket = await connect(server, ada.token);
    const got = next(socket, 'message:created');
    await command(socket, 'message:send', { conversation_id: 'lobby', message: 'x', client_id: clientId() });
    await got;
    const during = await look();
    await signUp(server);
    await api(server, ada.token)('POST', '/message/v1/send', {});
    socket.disconnect();
    await expect.poll(() => metric(names.connections)).toBe(before['connections'] ?? 0);
    const after = await look();
    expect(during['connections']).toBe((before['connections'] ?? 0) + 1);
    for (const key of Object.keys(names).filter(name => name !== 'connections'))
      expect([key, Number(after[key]) > Number(before[key])]).toEqual([key, true]);
    expect(after['sends']).toBe(Number(before['sends']) + 1);
    expect(await (await get('/metrics')).text()).toMatch(/^parley_event_loop_lag_p99_seconds \d/m);
  });

  test('each server counts for itself', async () => {
    const other = await startServer();
    const text = await (await fetch(`${other.url}/metrics`)).text();
    expect(text).not.toContain('parley_commands_total{');
    await other.close();
  });
});

describe('/docs', () => {
  test('a page without scripts, and both descriptions', async () => {
    const page = await (await get('/docs')).text();
    expect(page).toContain('/api/message/v1/send');
    expect(page).not.toContain('<script');
    expect((await get('/docs/style.css')).headers.get('content-type')).toMatch(/^text\/css/);
  });

  test('OpenAPI has every route, with its input, its answer and its errors', async () => {
    const document = (await (await get('/docs/openapi.json')).json()) as {
      openapi: string;
      paths: Record<
        string,
        Record<
          string,
          {
            operationId: string;
            responses: Record<string, unknown>;
            parameters: { name: string; in: string }[];
            requestBody?: { content: Record<string, { schema: { properties: object } }> };
          }
        >
      >;
    };
    expect(document.openapi).toBe('3.1.0');
    const described = Object.values(document.paths).flatMap(methods => Object.values(methods));
    expect(described.map(({ operationId }) => operationId).sort()).toEqual(
      operationNames.filter(name => operations[name].rest).sort(),
    );
    const history = document.paths['/api/message/v1/history']?.['get'];
    expect(history?.parameters.map(({ name, in: place }) => `${place} ${name}`)).toContain('query page');
    const edit = document.paths['/api/message/v1/{id}']?.['patch'];
    expect(edit?.parameters).toMatchObject([{ name: 'id', in: 'path', required: true }]);
    expect(Object.keys(edit?.requestBody?.content['application/json']?.schema.properties ?? {})).toEqual([
      'message',
      'client_id',
    ]);
    expect(Object.keys(edit?.responses ?? {})).toEqual(
      expect.arrayContaining(['200', '400', '401', '403', '404', '409', '429', '500', '503', '504']),
    );
  });

  test('AsyncAPI has every command and event', async () => {
    const { operations: described } = (await (await get('/docs/asyncapi.json')).json()) as {
      operations: Record<string, unknown>;
    };
    const commands = operationNames.filter(name => operations[name].socket).map(name => `receive ${name}`);
    const events = [...new Set<string>(Object.values(eventNames)), ...Object.keys(signals)].map(name => `send ${name}`);
    expect(Object.keys(described).sort()).toEqual([...commands, ...events].sort());
  });
});

test('/dashboard: a page whose script is a file, and its figures', async () => {
  const page = await (await get('/dashboard')).text();
  expect(page).toContain('<script type="module" src="/dashboard/page.js">');
  expect(page).not.toMatch(/<script(?![^>]*src=)/);
  expect((await get('/dashboard/page.js')).headers.get('content-type')).toMatch(/^text\/javascript/);
  const data = (await (await get('/dashboard/data.json')).json()) as DashboardData;
  expect(data).toMatchObject({
    instance: 'local',
    rss_bytes: expect.any(Number),
    events: { account_registered: expect.any(Number) },
  });
  expect(data.commands.find(({ name }) => name === 'account:register')).toMatchObject({ outcome: 'ok' });
});

describe('[S53] /metrics, /dashboard and /docs', () => {
  const paths = ['/metrics', '/dashboard', '/dashboard/data.json', '/docs', '/docs/openapi.json'];
  const through = { 'x-forwarded-for': '203.0.113.9' };
  const bearer = ({ token }: Person) => ({ authorization: `Bearer ${token}` });
  const statuses = (headers: Record<string, string>) =>
    Promise.all(paths.map(async path => (await get(path, headers)).status));

  test('are for callers on the machine itself: not for what a proxy on it forwards', async () => {
    expect(await statuses({})).toEqual(paths.map(() => 200));
    for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via', 'x-forwarded-host'])
      expect(await statuses({ [header]: 'for=127.0.0.1' })).toEqual(paths.map(() => 401));
    expect(await statuses({ ...through, ...bearer(ada) })).toEqual(paths.map(() => 403));
    expect(await statuses({ ...through, authorization: 'Bearer nonsense' })).toEqual(paths.map(() => 401));
  });

  test('not for a page elsewhere whose name points here', async () => {
    for (const path of paths)
      expect(await raw(server, request(`GET ${path}`, { Host: 'rebound.example:4000' }))).toMatch(/^HTTP\/1\.1 401 /);
  });

  test('are for administrators, whom ADMINS makes at boot', async () => {
    expect(await statuses({ ...through, ...bearer(root) })).toEqual(paths.map(() => 403));
    server.config = { ...server.config, admins: [root.username.toUpperCase(), 'nobody_of_this_name'] };
    await server.restart();
    expect(await statuses({ ...through, ...bearer(root) })).toEqual(paths.map(() => 200));
    expect(await statuses({ ...through, ...bearer(ada) })).toEqual(paths.map(() => 403));
    expect((await api(server, root.token)('GET', '/user/v1/profile')).body).toMatchObject({ role: 'admin' });
  });
});
