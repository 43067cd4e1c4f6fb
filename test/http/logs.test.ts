import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { ParleyError } from '../../src/errors.ts';
import { createLogger, type Logger } from '../../src/observability/logger.ts';
import { api, clientId, command, connect, emit, next, signIn, signUp, someName } from '../support/clients.ts';
import { raw, request } from '../support/raw.ts';
import { startServer } from '../support/server.ts';

/** A logger whose lines are kept. */
const collect = (level: 'debug' | 'info' = 'debug') => {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(
        ...String(chunk)
          .split('\n')
          .filter(line => line !== ''),
      );
      done();
    },
  });
  return { lines, logger: createLogger({ level, instance: 'test', stream }) };
};
const parsed = (lines: string[]) => lines.map(line => JSON.parse(line) as Record<string, unknown>);

test('[S50] no token, password or text of a message in any log, at any level, also when things fail', async () => {
  const canary = `canary${someName()}`;
  const { lines, logger } = collect();
  const boom = new Error(`cannot store "${canary} text"`);
  let failing = false;
  const server = await startServer(
    {},
    {
      logger,
      stores: stores => ({
        ...stores,
        log: Object.assign(Object.create(stores.log), {
          messages: (...args: Parameters<typeof stores.log.messages>) =>
            failing ? Promise.reject(boom) : stores.log.messages(...args),
        }),
      }),
    },
  );
  const ada = await signUp(server);
  const at = api(server, ada.token);
  const secrets = { password: `${canary} password` };
  const username = someName();
  await api(server)('POST', '/user/v1/register', {
    username,
    full_name: `${canary} name`,
    email: `${canary}@example.org`,
    ...secrets,
  });
  const ben = await api(server)<{ token: string; refresh_token: string }>('POST', '/user/v1/login', {
    username,
    ...secrets,
  });
  await api(server)('POST', '/user/v1/login', { username, password: `${canary} wrong` });
  await api(server, ben.body.refresh_token)('PUT', '/user/v1/refresh-token');
  await at('GET', `/user/v1/profile?token=${ada.token}&q=${canary}`);
  await at('GET', `/message/v1/search?q=${canary}`);
  await at('GET', `/nothing/${canary}?password=${canary}`);
  await at('POST', '/message/v1/send', { conversation_id: 'lobby', message: `${canary} text`, client_id: clientId() });
  await at('POST', '/message/v1/send', `{"message": "${canary} broken`);
  await at('POST', '/message/v1/send', { conversation_id: canary, message: 7, client_id: canary });
  await at('POST', '/conversation/v1', { kind: 'group', name: `${canary} group`, topic: canary });
  await raw(
    server,
    request(`GET /${canary}`, {
      Authorization: `Bearer ${canary}`,
      Cookie: canary,
      'User-Agent': canary,
      'X-Request-Id': `"${canary}"`,
    }),
  );
  await raw(server, `${canary}\r\n\r\n`);
  const socket = await connect(server, ada.token);
  const echo = next(socket, 'message:created');
  const sent = await command(socket, 'message:send', {
    conversation_id: 'lobby',
    message: `${canary} live`,
    client_id: clientId(),
  });
  await echo;
  await command(socket, 'message:edit', { id: sent.id, message: `${canary} edited` });
  await emit(socket, 'message:get', { id: canary });
  socket.emit(canary, canary);
  await connect(server, `${canary}.${canary}.${canary}`).catch(() => undefined);
  failing = true;
  expect((await at('GET', '/message/v1/history')).error?.code).toBe('internal');
  await at('DELETE', '/user/v1/logout');
  await server.close();

  const all = lines.join('\n');
  expect(lines.length).toBeGreaterThan(20);
  expect(all).toContain('message:send');
  expect(all).not.toContain(canary);
  for (const token of [ada.token, ada.refresh_token, ben.body.token, ben.body.refresh_token])
    for (const part of [token, token.split('.').at(-1) ?? '']) expect(all).not.toContain(part);
});

test('one request id joins the answer, the access line and the cause of a fault; the answer tells nothing of it [S52]', async () => {
  const { lines, logger } = collect();
  const fault = Object.assign(new TypeError('reading /etc/secret of host db-7'), { code: 'EFAULT' });
  const server = await startServer(
    {},
    {
      logger,
      stores: stores => ({
        ...stores,
        log: Object.assign(Object.create(stores.log), { heads: () => Promise.reject(fault) }),
      }),
    },
  );
  const ada = await signUp(server);
  const { status, body, headers } = await api(server, ada.token)('GET', '/conversation/v1');
  const request_id = headers.get('x-request-id');
  expect([status, body]).toEqual([
    500,
    {
      error: {
        code: 'internal',
        message: 'A fault of the server; its log has the cause under the request id.',
        retryable: true,
        request_id,
      },
    },
  ]);
  const joined = parsed(lines).filter(line => line['request_id'] === request_id);
  expect(joined.find(({ event }) => event === 'request')).toMatchObject({
    level: 'info',
    operation: 'conversation:list',
    status: 500,
    user_id: ada.id,
  });
  expect(joined.find(({ event }) => event === 'command_failed')).toMatchObject({
    level: 'error',
    user_id: ada.id,
    cause: { error: 'TypeError', code: 'EFAULT', at: expect.arrayContaining([expect.stringMatching(/^at /)]) },
  });
  await server.close();
});

test('info is one line a request and one a business event; commands over sockets are debug', async () => {
  const { lines, logger } = collect('info');
  const server = await startServer({}, { logger });
  const { username } = await signUp(server);
  const { token } = await signIn(server, username);
  const socket = await connect(server, token);
  await command(socket, 'conversation:list', {});
  socket.disconnect();
  await fetch(`${server.url}/health/live`);
  await server.close();
  const events = parsed(lines).map(({ event }) => event);
  expect(events.filter(event => event === 'request')).toHaveLength(3);
  expect(events).toContain('account_registered');
  expect(events).not.toContain('command');
});

describe('a line of the log', () => {
  const written = (write: (logger: Logger) => void) => {
    const { lines, logger } = collect();
    write(logger);
    return lines;
  };

  test('[S51] stays one line, whatever the facts hold', () => {
    const [line = '', ...more] = written(logger =>
      logger.info('seen', { address: '1.2.3.4\n{"level":"error","event":"forged"}\u2028\u001b[31m' }),
    );
    expect(more).toEqual([]);
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toMatchObject({ event: 'seen', level: 'info' });
  });

  test('holds no secret field at any depth, no token in any text, nothing endless', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const [line = ''] = written(logger =>
      logger.error('seen', {
        token: 's3cret',
        nested: { list: [{ Refresh_Token: 's3cret', current_password: 's3cret', authorization: 's3cret' }] },
        note: 'Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzM2NyZXQifQ.c2lnbmF0dXJlLW9mLXMzY3JldA end',
        long: 'x'.repeat(100_000),
        many: Array(1_000).fill('y'),
        circular,
        big: 10n,
        cause: new ParleyError('unavailable', { cause: new Error('near "s3cret text": syntax error') }),
      }),
    );
    expect(line).not.toMatch(/s3cret|eyJ/);
    expect(line.length).toBeLessThan(6_000);
    expect(JSON.parse(line)).toMatchObject({ token: '[redacted]', note: 'Bearer [redacted] end', big: '10' });
  });
});
