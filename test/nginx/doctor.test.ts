import { type AddressInfo, createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { NginxServer, Upstream } from '../../scripts/servers/nginx.ts';
import { createWire, type Instances, startLinked } from '../realtime/linked.ts';
import { api, signUp } from '../support/clients.ts';
import { ask, diagnose, startWrongNginx, upstreamsOf } from './doctor-support.ts';

/** Each test looks at everything, and the machine may be busy with others. */
vi.setConfig({ testTimeout: 90_000 });

/** Everything that the doctor looks at. */
const allChecks =
  'reachable tls websocket sticky host address buffering limits settings clocks duplicates secrets events timeouts'.split(
    ' ',
  );

const wire = createWire();
let linked: Instances;
let instances: Upstream[];
let nginx: NginxServer | undefined;

beforeAll(async () => {
  linked = await startLinked(
    2,
    {
      trustProxy: ['127.0.0.1'],
      pingIntervalMs: 2_000,
      headsIntervalMs: 30_000,
      rateLimit: true,
      handshakesPerSecond: 20,
    },
    wire,
  );
  instances = upstreamsOf(linked.servers);
});
afterAll(() => linked?.close());
afterEach(async () => {
  wire.heal();
  Object.assign(wire.faults, { drop: 0, duplicate: 0, delayMs: 0 });
  await nginx?.stop();
  nginx = undefined;
});

const behind = async (...changes: [RegExp, string][]) => {
  nginx = await startWrongNginx(instances, ...changes);
  return nginx.url;
};

/** Throw-away accounts that are still there. */
const leftBehind = () => linked.stores.storage.users.search('doctor', undefined, 100);
afterEach(async () => expect(await leftBehind()).toEqual([]));

describe('a right deployment', () => {
  test('is all right, with the limits of rate on, and nobody is left behind', async () => {
    const { code, out, err } = await ask([await behind()]);
    expect(out.filter(line => !line.startsWith('ok'))).toEqual([`${allChecks.length} ok`]);
    expect(out.slice(0, -1).map(line => line.split(/\s+/)[1])).toEqual(allChecks);
    expect(code).toBe(0);
    expect(err).toEqual([expect.stringContaining('--quick')]);
  });

  test('by an account of one’s own: its session is ended, and its group gone', async () => {
    const url = await behind();
    const { username, password, token } = await signUp(linked.servers[0]!);
    const { wrong, found, code } = await diagnose(url, ['--quick', '--user', username, '--password-stdin'], {
      input: `${password}\n`,
    });
    expect([wrong, code], JSON.stringify(found)).toEqual([{}, 0]);
    const at = api(linked.servers[1]!, token);
    expect((await at<{ items: unknown[] }>('GET', '/user/v1/sessions')).body.items).toHaveLength(1);
    const mine = await at<{ items: { kind: string }[] }>('GET', '/conversation/v1');
    expect(mine.body.items.map(({ kind }) => kind)).toEqual(['lobby']);

    const byToken = await diagnose(url, ['--quick', '--token', token]);
    expect([byToken.wrong, byToken.code], JSON.stringify(byToken.found)).toEqual([{}, 0]);
    expect((await at('GET', '/user/v1/profile')).status).toBe(200);
  });

  test('a wrong password fails nothing that does not need an account', async () => {
    const url = await behind();
    const { username } = await signUp(linked.servers[0]!);
    const options = { input: 'not the password' };
    const { wrong, found, code } = await diagnose(url, ['--user', username, '--password-stdin'], options);
    expect([wrong, code], JSON.stringify(found)).toEqual([{ events: 'skip', timeouts: 'skip' }, 0]);
    expect(found['events']?.seen).toBe('signing in answered HTTP 401 invalid_credentials');
  });

  test('one instance: nothing to cross', async () => {
    nginx = await startWrongNginx(instances.slice(0, 1));
    const { wrong, found, instances: met, code } = await diagnose(nginx.url, ['--quick']);
    expect([wrong, code, met]).toEqual([{ events: 'skip' }, 0, ['i1']]);
    expect(found['events']?.seen).toBe('one instance only: i1');
  });

  test('without a proxy, a server on loopback is right too', async () => {
    const { wrong } = await diagnose(linked.servers[0]!.url, ['--quick']);
    expect(wrong).toEqual({ events: 'skip' });
  });

  test('ended in the middle, it takes back what it made, and tells nothing', async () => {
    const url = await behind();
    const stop = new AbortController();
    const running = ask([url], { signal: stop.signal });
    await expect.poll(leftBehind, { timeout: 20_000, interval: 10 }).not.toEqual([]);
    stop.abort();
    const { code, err } = await running;
    expect(code).toBe(2);
    expect(err.at(-1)).toBe('parley doctor: interrupted.');
  });
});

describe('a wrong nginx', () => {
  test.each<[string, [RegExp, string][], Record<string, string>, string, RegExp, RegExp]>([
    [
      'round robin',
      [
        [/~\^parley-1\\\. only-parley-1;/g, ''],
        [/least_conn;/g, ''],
      ],
      { sticky: 'FAIL' },
      'sticky',
      /^\d+ of 40 polling clients were lost: HTTP 400 "Session ID unknown"$/,
      /map \$arg_sid/,
    ],
    [
      'ids of instances that it does not name',
      [[/~\^parley-1\\\. only-parley-1;/g, '~^app-1\\. only-parley-1;']],
      { sticky: 'FAIL' },
      'sticky',
      /polling clients were lost/,
      /INSTANCE_ID/,
    ],
    [
      'a read timeout below the ping interval',
      [[/proxy_read_timeout 60s/g, 'proxy_read_timeout 1s']],
      { timeouts: 'FAIL' },
      'timeouts',
      /^a WebSocket was cut after [\d.]+ m?s \(transport close\); heartbeats come each 2.0 s; a long poll was cut after [\d.]+ m?s \(HTTP 50[34]\)/,
      /proxy_read_timeout/,
    ],
    [
      'buffering',
      [[/proxy_buffering off;/g, '']],
      { buffering: 'FAIL' },
      'buffering',
      /^3 lines of 600 ms came together: \/health\/stream and \/socket\.io\/stream and \/socket\.io\/stream\?sid=none$/,
      /proxy_buffering off/,
    ],
    [
      'buffering of open sockets alone',
      [[/(proxy_pass http:\/\/\$parley_owner;\n\s*)proxy_buffering off;/g, '$1']],
      { buffering: 'FAIL' },
      'buffering',
      /together: \/socket\.io\/stream\?sid=none$/,
      /location \/socket\.io\//,
    ],
    [
      'no Upgrade header',
      [[/proxy_set_header Upgrade .*;/g, '']],
      { websocket: 'FAIL' },
      'websocket',
      /not let through: .*400/,
      /proxy_set_header Upgrade \$http_upgrade/,
    ],
    [
      'a limit of bodies below that of packets',
      [[/client_max_body_size 65536;/g, 'client_max_body_size 8k;']],
      { limits: 'FAIL' },
      'limits',
      /^a body of 65535 bytes: HTTP 413 payload_too_large; a polling packet of 65536 bytes: HTTP 413/,
      /client_max_body_size 128k/,
    ],
    [
      'X-Forwarded-For as the client wrote it',
      [[/proxy_set_header X-Forwarded-For \$remote_addr;/g, '']],
      { address: 'FAIL' },
      'address',
      /believes an X-Forwarded-For that the client wrote itself/,
      /\$proxy_add_x_forwarded_for/,
    ],
    [
      'no X-Forwarded-For',
      [[/proxy_set_header X-Forwarded-For \$remote_addr;/g, "proxy_set_header X-Forwarded-For '';"]],
      { address: 'FAIL' },
      'address',
      /takes 127\.0\.0\.1 for the client, which is 127\.0\.0\.2/,
      /location \/health\/ and location \/socket\.io\/: proxy_set_header/,
    ],
    [
      'headers of a location that replace those of all',
      [
        [
          /(proxy_pass http:\/\/\$parley_owner;)/g,
          '$1 proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $parley_connection; proxy_set_header Host $http_host;',
        ],
      ],
      { address: 'FAIL' },
      'address',
      /believes/,
      /^(?!.*\/health\/).*location \/socket\.io\//,
    ],
    [
      'another Host',
      [[/proxy_set_header Host \$http_host;/g, 'proxy_set_header Host $proxy_host;']],
      { host: 'FAIL' },
      'host',
      /is refused as a stranger/,
      /proxy_set_header Host \$http_host/,
    ],
  ])('%s is told by its check alone', async (_, changes, expected, name, seen, remedy) => {
    const { wrong, found, code } = await diagnose(await behind(...changes));
    expect(wrong, JSON.stringify(found)).toEqual(expected);
    expect(found[name]?.seen).toMatch(seen);
    expect(found[name]?.remedy).toMatch(remedy);
    expect(code).toBe(1);
  });
});

describe('what stands before WebSockets', () => {
  test.each([
    [403, /firewall/],
    [404, /Route \/socket\.io\//],
    [426, /HTTP\/1\.0/],
    [200, /Something other than Parley/],
  ])('an answer of %d has a remedy of its own', async (status, remedy) => {
    const url = await behind([/location \/socket\.io\/ \{/g, `$& if ($http_upgrade) { return ${status}; }`]);
    const { found, code } = await diagnose(url, ['--quick']);
    expect([found['websocket']?.status, code]).toEqual(['FAIL', 1]);
    expect(found['websocket']?.seen).toMatch(new RegExp(`${status}$`));
    expect(found['websocket']?.remedy).toMatch(remedy);
  });

  test('whoever swallows them is told as such', async () => {
    // Connections are taken, and nothing is ever answered.
    const silent = createServer(() => undefined);
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const url = await behind([
      /location \/socket\.io\/ \{/g,
      `$& if ($http_upgrade) { proxy_pass http://127.0.0.1:${port}; }`,
    ]);
    const { found } = await diagnose(url, ['--quick', '--timeout', '1']);
    silent.close();
    expect(found['websocket']?.seen).toMatch(/no answer within 1 s|timeout/);
    expect(found['websocket']?.remedy).toMatch(/swallows/);
  });
});

describe('a link that fails', () => {
  test('instances that hear of each other from the databases alone: a warning', async () => {
    const url = await behind();
    wire.cut('i1', 'i2');
    const { wrong, found, code } = await diagnose(url, ['--quick']);
    expect([wrong, code], JSON.stringify(found)).toEqual([{ events: 'WARN' }, 0]);
    expect(found['events']?.seen).toMatch(/^a message crosses between i1, i2, each way, but takes up to \d/);
    expect(found['events']?.remedy).toMatch(/REDIS_URL/);
  });
});
