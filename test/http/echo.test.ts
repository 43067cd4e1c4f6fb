import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Echo, streamed } from '../../src/protocol/echo.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let others: TestServer[];
const jwtSecret = 'a canary of a secret, 32 bytes long';
beforeAll(async () => {
  server = await startServer({ instanceId: 'one', jwtSecret, trustProxy: ['127.0.0.1'], pingIntervalMs: 2_000 });
  others = [await startServer({ jwtSecret }), await startServer({ jwtSecret: `${jwtSecret}.` })];
});
afterAll(() => Promise.all([server, ...others].map(one => one.close())));

const get = (path: string, headers: Record<string, string> = {}, at = server) => fetch(at.url + path, { headers });
const echoOf = async (path: string, headers: Record<string, string> = {}, at = server) =>
  (await (await get(path, headers, at)).json()) as Echo;

describe.each(['/health', '/socket.io'])('%s', base => {
  test('echo tells what the instance makes of the request, and of itself', async () => {
    const headers = { 'X-Forwarded-For': '198.51.100.7, 203.0.113.9', 'X-Forwarded-Proto': 'https' };
    expect(await echoOf(`${base}/echo`, headers)).toEqual({
      address: '203.0.113.9',
      forwarded: 2,
      proto: 'https',
      instance: 'one',
      boot: expect.stringMatching(/^[0-9a-f]{12}$/),
      time: expect.closeTo(Date.now(), -4),
      secret: expect.stringMatching(/^[0-9a-f]{8}$/),
      version: '1',
      max_packet_bytes: 65_536,
      ping_interval_ms: 2_000,
      ping_timeout_ms: 20_000,
    });
    expect(await echoOf(`${base}/echo?sid=none`)).toMatchObject({ address: '127.0.0.1', forwarded: 0, proto: 'http' });
    const answer = await get(`${base}/echo`);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('stream sends its lines one by one', async () => {
    const answer = await get(`${base}/stream`);
    const arrivals: number[] = [];
    let text = '';
    for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {
      arrivals.push(performance.now());
      text += piece;
    }
    expect(text).toBe('1\n2\n3\n');
    expect(arrivals.at(-1)! - arrivals[0]!).toBeGreaterThan(streamed.everyMs);
  });

  test('nothing else is answered there: another method, another path', async () => {
    for (const [method, path] of [
      ['POST', '/echo'],
      ['GET', '/echo/'],
      ['GET', '/echoes'],
      ['GET', '/x/echo'],
    ] as const) {
      const answer = await fetch(server.url + base + path, { method });
      expect([path, answer.status, await answer.text()]).toEqual([
        path,
        answer.status,
        expect.not.stringContaining('boot'),
      ]);
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
  });
});

test('[S11] the fingerprint is the secret’s, and nothing of it', async () => {
  const [own, same, different] = await Promise.all(
    [server, ...others].map(async at => (await echoOf('/health/echo', {}, at)).secret),
  );
  expect(same).toBe(own);
  expect(different).not.toBe(own);
});

test('a process keeps its boot, another has another', async () => {
  const [first, second, other] = await Promise.all(
    [server, server, others[0]!].map(at => echoOf('/health/echo', {}, at)),
  );
  expect(first?.boot).toBe(second?.boot);
  expect(other?.boot).not.toBe(first?.boot);
});

test('20 streams at once, and no more; each gives its place back, also when the reader goes away', async () => {
  const stop = new AbortController();
  const open = await Promise.all(
    Array.from({ length: 25 }, () => fetch(`${server.url}/health/stream`, { signal: stop.signal })),
  );
  const statuses = open.map(({ status }) => status);
  expect(statuses.filter(status => status === 200)).toHaveLength(20);
  const refused = open.find(({ status }) => status === 503);
  expect(refused?.headers.get('retry-after')).toBe('1');
  stop.abort();
  await expect.poll(async () => (await get('/socket.io/stream')).status).toBe(200);
});
