import { afterAll, beforeAll, expect, test } from 'vitest';
import { operationNames, operations } from '../../src/protocol/index.ts';
import { api, clientId, type Person, signUp } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** Set FUZZ_SEED to see a failure again. */
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
const rounds = 40;

let server: TestServer;
let ada: Person;
beforeAll(async () => {
  server = await startServer();
  ada = await signUp(server);
});
afterAll(() => server.close());

/** Mulberry32: small, and the same everywhere. */
const randomFrom = (start: number) => {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const nasty: unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  -0,
  9_007_199_254_740_992,
  '',
  ' ',
  'lobby',
  'x'.repeat(9_000),
  '\u0000',
  '\ud800',
  '\u202eevil',
  'e\u0301'.repeat(1_000),
  "'; DROP TABLE users; --",
  '%',
  '_',
  '{"$ne":1}',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  '~1',
  'lobby.1.x',
  'lobby.zzzzzzzzzz.x',
  [],
  [[]],
  ['a'],
  [null],
  {},
  { $ne: 1 },
  { toString: 1 },
  { length: 1e9 },
  '2026-01-01T00:00:00.000Z',
  '🙂',
  '1e9',
  'NaN',
  Array(600).fill('a'),
  { a: { b: { c: { d: {} } } } },
];

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value)).toWellFormed();

test(`[S27] [S28] [S30] [S32] whatever is sent to whichever route: an answer of the contract, nothing half-written (seed ${seed})`, async () => {
  const random = randomFrom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const at = api(server, ada.token);
  // Whatever ends the session or gives work to bcrypt has tests of its own.
  const names = operationNames.filter(
    name =>
      operations[name].rest &&
      operations[name].limit !== 'auth' &&
      operations[name].auth === 'access' &&
      !['account:logout', 'session:revoke'].includes(name),
  );
  const total = async () => (await at('GET', '/message/v1/history?limit=1')).body['total'];
  const before = await total();

  for (let round = 0; round < rounds; round++) {
    await Promise.all(
      names.map(async name => {
        const { rest, input, output, errors } = operations[name];
        if (!rest) return;
        const fields = Object.keys('shape' in input ? (input.shape as object) : {});
        const body = Object.fromEntries(
          [...fields, 'from', 'extra'].filter(() => random() < 0.7).map(field => [field, pick(nasty)]),
        );
        if (name === 'message:send') body['message'] = pick(nasty.filter(value => typeof value !== 'string'));
        const path = rest.path.replaceAll(
          /\{\w+\}/g,
          () => encodeURIComponent(textOf(pick(nasty)).slice(0, 500)) || 'x',
        );
        const query = new URLSearchParams(
          Object.entries(body).map(([field, value]): [string, string] => [field, textOf(value).slice(0, 300)]),
        );
        const answer = await at(
          rest.method.toUpperCase(),
          rest.from === 'query' ? `${path}?${query}` : path,
          rest.from === 'body' ? body : undefined,
        );
        const what = JSON.stringify({ name, path, body, status: answer.status, answer: answer.body }).slice(0, 2_000);
        if (answer.error) {
          expect([...errors, 'invalid_input', 'unknown_command', 'method_not_allowed'], what).toContain(
            answer.error.code,
          );
          if (answer.error.code === 'invalid_input')
            expect(Object.keys(answer.error.details ?? {}).length, what).toBeGreaterThan(0);
        } else expect(output.safeParse(answer.body).error, what).toBeUndefined();
      }),
    );
  }

  expect(await total()).toBe(before);
  const sent = await at('POST', '/message/v1/send', {
    conversation_id: 'lobby',
    message: 'alive',
    client_id: clientId(),
  });
  expect(sent.status).toBe(201);
});
