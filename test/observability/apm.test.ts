import { afterEach, describe, expect, test, vi } from 'vitest';
import { api, clientId, command, connect, emit, signIn, signUp, someName } from '../support/clients.ts';
import { type ServerProcess, spawnServer } from '../support/process.ts';
import { temporaryFolder } from '../support/server.ts';
import { type Intake, type Mood, startIntake } from './intake.ts';

vi.setConfig({ testTimeout: 120_000 });

type Line = Record<string, unknown> & { event: string };

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const intakeOf = async (mood?: Mood) => {
  const intake = await startIntake(mood);
  open.push(intake);
  return intake;
};

const serverOf = (env: Record<string, string>): ServerProcess => {
  const server = spawnServer({ DATA_DIR: temporaryFolder(), RATE_LIMIT: 'off', ...env });
  open.push({ close: () => server.child.kill('SIGKILL') });
  return server;
};

/** Stops it, whereupon it sends what it has; resolves with the lines that it wrote, and the milliseconds that it took. */
const stop = async (server: ServerProcess) => {
  const since = performance.now();
  server.child.kill('SIGTERM');
  const { code, stdout, stderr } = await server.exit;
  expect(code, stderr).toBe(0);
  const lines = stdout
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as Line);
  return { lines, ms: performance.now() - since, stderr };
};

const tagsOf = (intake: Intake, request_id: unknown) =>
  intake.transactions.filter(({ context }) => context?.tags?.['request_id'] === request_id);

const spansOf = (intake: Intake, { id }: { id: string }) => intake.spans.filter(span => span.transaction_id === id);

test('requests and commands are transactions, what they ask of the stores are spans, and log lines name both', async () => {
  const intake = await intakeOf();
  const server = serverOf({
    ELASTIC_APM_SERVER_URL: intake.url,
    ELASTIC_APM_SECRET_TOKEN: 'an intake token',
    ELASTIC_APM_SERVICE_NAME: 'chat',
    ELASTIC_APM_ENVIRONMENT: 'staging',
    INSTANCE_ID: 'one',
    LOG_LEVEL: 'debug',
  });
  const at = { url: await server.ready };
  const ada = await signUp(at);
  const socket = await connect(at, ada.token);
  const fields = () => ({ conversation_id: 'lobby', message: 'hello', client_id: clientId() });

  const trace_id = `${'a'.repeat(31)}b`;
  const parent_id = 'c'.repeat(16);
  const ofRest = await api(at, ada.token)('POST', '/message/v1/send', fields(), {
    traceparent: `00-${trace_id}-${parent_id}-01`,
  });
  expect(ofRest.status).toBe(201);
  const malformed = await api(at, ada.token)('GET', '/message/v1/history', undefined, {
    traceparent: `00-${'0'.repeat(32)}-${parent_id}-01`,
  });
  expect(malformed.status).toBe(200);
  const refused = await emit(socket, 'message:send', { ...fields(), conversation_id: 'nowhere' });
  const nobody = await api(at)('GET', '/message/v1/history');
  const noRoute = await api(at)('GET', '/nothing/v1');
  await Promise.all([1, 2, 3].map(() => command(socket, 'message:send', fields())));
  const { lines } = await stop(server);

  expect(intake.authorizations).toEqual(new Set(['Bearer an intake token']));
  const [metadata] = intake.metadata;
  expect(metadata?.service).toMatchObject({ name: 'chat', environment: 'staging', node: { configured_name: 'one' } });
  expect(metadata?.labels).toEqual({ instance: 'one' });
  expect(metadata?.process).toEqual(expect.not.objectContaining({ argv: expect.anything() }));

  // REST: the whole request, under its operation's name, in the caller's trace.
  const [sent] = tagsOf(intake, ofRest.headers.get('x-request-id'));
  expect(sent).toMatchObject({
    ...{ name: 'message:send', type: 'request', result: 'HTTP 2xx', outcome: 'success' },
    ...{ trace_id, parent_id },
    context: { user: { id: ada.id }, tags: { outcome: 'ok', status: 201 } },
  });
  const [looked] = tagsOf(intake, malformed.headers.get('x-request-id'));
  expect(looked).toMatchObject({ name: 'message:history', outcome: 'success' });
  expect(looked?.trace_id).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  expect(looked?.parent_id).toBeUndefined();

  // Its spans: the wait in the writer's queue, and within it the append.
  const spans = spansOf(intake, sent!);
  const wait = spans.find(({ name }) => name === 'writer.append');
  const append = spans.find(({ name }) => name === 'log.append');
  expect(wait).toMatchObject({ parent_id: sent?.id, type: 'app', outcome: 'success', trace_id });
  expect(append).toMatchObject({ parent_id: wait?.id, type: 'db', subtype: 'sqlite', outcome: 'success', trace_id });
  expect(append?.context?.destination?.service?.resource).toBe('sqlite');
  expect(append!.duration).toBeLessThanOrEqual(wait!.duration);

  // Refusals are no failures of the server, wherever they are spoken.
  const refusal = refused.ok ? undefined : refused.error;
  expect(tagsOf(intake, refusal?.request_id)).toMatchObject([
    {
      name: 'message:send',
      type: 'socket',
      result: 'not_found',
      outcome: 'success',
      context: { user: { id: ada.id } },
    },
  ]);
  expect(tagsOf(intake, nobody.headers.get('x-request-id'))).toMatchObject([
    { name: 'message:history', result: 'HTTP 4xx', outcome: 'success' },
  ]);
  expect(tagsOf(intake, noRoute.headers.get('x-request-id'))).toMatchObject([{ name: 'none', result: 'HTTP 4xx' }]);

  // Sockets: each command has its own trace and shows its own wait, though they shared a commit.
  const commands = intake.transactions.filter(({ type, result }) => type === 'socket' && result === 'ok');
  expect(commands.map(({ name }) => name)).toEqual(['message:send', 'message:send', 'message:send']);
  expect(new Set(commands.map(each => each.trace_id)).size).toBe(3);
  for (const each of commands) {
    expect(each.parent_id).toBeUndefined();
    expect(spansOf(intake, each).filter(({ name }) => name === 'writer.append')).toHaveLength(1);
  }
  expect(commands.flatMap(each => spansOf(intake, each)).some(({ name }) => name === 'log.append')).toBe(true);
  // Every span stands below one that arrived, or below its transaction.
  const ids = new Set([...intake.transactions, ...intake.spans].map(({ id }) => id));
  expect(intake.spans.filter(span => !ids.has(span.parent_id))).toEqual([]);
  expect(intake.spans.some(({ name }) => name.startsWith('storage.'))).toBe(true);

  // Nothing is told twice: the agent's own instrumentation is off.
  const told = intake.transactions.map(({ context }) => context?.tags?.['request_id']);
  expect(new Set(told).size).toBe(told.length);

  // The log: each line of a request or command names its transaction; those of nobody name none.
  const lineOf = (request_id: unknown) => lines.find(line => line['request_id'] === request_id);
  expect(lineOf(ofRest.headers.get('x-request-id'))).toMatchObject({
    'trace.id': trace_id,
    'transaction.id': sent?.id,
  });
  const named = lines.filter(line => line.event === 'command' || (line.event === 'request' && line['operation']));
  expect(named.length).toBeGreaterThan(8);
  for (const line of named) {
    const [transaction] = tagsOf(intake, line['request_id']);
    expect(line, line.event).toMatchObject({
      'trace.id': transaction?.trace_id,
      'transaction.id': transaction?.id,
    });
  }
});

test('nothing that people wrote, and no secret, reaches the APM server', async () => {
  const intake = await intakeOf();
  // The agent's own variables go over what it is started with: they must not open the door.
  const server = serverOf({
    ELASTIC_APM_SERVER_URL: intake.url,
    ELASTIC_APM_INSTRUMENT: 'true',
    ELASTIC_APM_CAPTURE_BODY: 'all',
    ELASTIC_APM_CAPTURE_HEADERS: 'true',
    ELASTIC_APM_CAPTURE_EXCEPTIONS: 'true',
    JWT_SECRET: 'canary-0123456789-secret-of-the-server',
  });
  const at = { url: await server.ready };
  const username = `canary${someName()}`.slice(0, 30);
  const account = {
    username,
    password: 'canary password 1',
    full_name: 'Canary Fullname',
    email: 'canary@example.org',
  };
  const registered = await api(at)('POST', '/user/v1/register', account);
  expect(registered.status).toBe(201);
  await api(at)('POST', '/user/v1/login', { username, password: 'canary wrong' });
  const { body: ada } = await api(at)<{ token: string; refresh_token: string }>('POST', '/user/v1/login', {
    username,
    password: account.password,
  });
  const rest = api(at, ada.token);
  const message = { conversation_id: 'lobby', message: 'canary of REST', client_id: `canary${clientId()}` };
  const sent = await rest<{ id: string; seq: number }>('POST', '/message/v1/send', message, {
    'user-agent': 'canary agent',
    cookie: 'canary=cookie',
    tracestate: 'canary=state',
  });
  expect(sent.status).toBe(201);
  await rest('POST', '/message/v1/send', '{"message": "canary that is no JSON');
  await rest('GET', '/message/v1/search?q=canary');
  await rest('GET', '/message/v1/history?before=canary');
  await rest('GET', '/canary/v1/canary?canary=canary');
  await rest('PUT', '/user/v1/profile', { full_name: 'Canary Renamed' });
  const socket = await connect(at, ada.token);
  await emit(socket, 'message:send', {
    conversation_id: 'lobby',
    message: 'canary of a socket',
    client_id: clientId(),
  });
  await emit(socket, 'message:send', { conversation_id: 'canary', message: 'canary', client_id: 'canary' });
  await emit(socket, 'conversation:create', {
    kind: 'room',
    name: 'canary-room',
    topic: 'canary',
    client_id: clientId(),
  });
  await emit(socket, 'message:react', { id: sent.body.id, emoji: '🐤' });
  const refreshed = await api(at, ada.refresh_token)('PUT', '/user/v1/refresh-token');
  expect(refreshed.status).toBe(200);
  await stop(server);

  expect(intake.transactions.length).toBeGreaterThan(12);
  expect(intake.spans.length).toBeGreaterThan(12);
  const all = intake.everything();
  expect(all).not.toMatch(/canary/i);
  expect(all).not.toContain('🐤');
  for (const token of [ada.token, ada.refresh_token]) expect(all).not.toContain(token.slice(-20));
});

describe('the APM server is of no concern to users', () => {
  test.each<Mood | 'down'>(['down', 'refusing', 'hanging', 'mute'])(
    'where it is %s, work goes on and the stop is in time',
    async mood => {
      const intake = await startIntake(mood === 'down' ? 'well' : mood);
      if (mood === 'down') await intake.close();
      else open.push(intake);
      const server = serverOf({ ELASTIC_APM_SERVER_URL: intake.url, LOG_LEVEL: 'warn' });
      const at = { url: await server.ready };
      const ada = await signUp(at);
      const socket = await connect(at, ada.token);
      for (let count = 0; count < 20; count++)
        await command(socket, 'message:send', { conversation_id: 'lobby', message: 'on', client_id: clientId() });
      const { lines, ms } = await stop(server);
      expect(ms).toBeLessThan(10_000);
      const told = lines.filter(line => line.event === 'apm_trouble');
      if (mood === 'down' || mood === 'refusing') {
        expect(told.length).toBeGreaterThan(0);
        expect(told[0]).toMatchObject({ level: 'warn', reason: expect.stringMatching(/ECONNREFUSED|503/) });
      }
    },
  );
});

test('of what is not sampled, log lines have ids and nothing is sent', async () => {
  const intake = await intakeOf();
  const server = serverOf({
    ELASTIC_APM_SERVER_URL: intake.url,
    ELASTIC_APM_TRANSACTION_SAMPLE_RATE: '0',
    LOG_LEVEL: 'debug',
  });
  const at = { url: await server.ready };
  const ada = await signUp(at);
  const socket = await connect(at, ada.token);
  await command(socket, 'message:send', { conversation_id: 'lobby', message: 'hello', client_id: clientId() });
  const { lines } = await stop(server);
  expect(intake.transactions).toEqual([]);
  expect(intake.spans).toEqual([]);
  const sent = lines.find(line => line['command'] === 'message:send');
  expect(sent).toMatchObject({ 'trace.id': expect.stringMatching(/^[0-9a-f]{32}$/) });
});

test.each([
  ['unset', false],
  ['set', true],
] as const)('where the URL is %s, the agent loaded: %s', async (state, loaded) => {
  const intake = await intakeOf();
  const server = serverOf({
    NODE_OPTIONS: `--import ${new URL('print-modules.mjs', import.meta.url).href}`,
    ELASTIC_APM_SECRET_TOKEN: 'unused',
    LOG_LEVEL: 'debug',
    ...(state === 'set' && { ELASTIC_APM_SERVER_URL: intake.url }),
  });
  const at = { url: await server.ready };
  await signIn(at, (await signUp(at)).username);
  const { stderr, lines } = await stop(server);
  const [, packages = ''] = /^packages: (.*)$/m.exec(stderr) ?? [];
  expect(packages.split(' ')).toContain('socket.io');
  expect(packages.split(' ').includes('elastic-apm-node')).toBe(loaded);
  expect(lines.some(line => 'trace.id' in line)).toBe(loaded);
  expect(intake.everything() === '').toBe(!loaded);
});
