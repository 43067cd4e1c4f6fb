import { mkdirSync, openSync, readdirSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { createApp } from '../../src/app.ts';
import { BootError } from '../../src/boot-error.ts';
import { api, clientId, signUp } from '../support/clients.ts';
import { type ServerProcess, spawnServer } from '../support/process.ts';
import { startServer, temporaryFolder, testConfig } from '../support/server.ts';

/** Eight processes begin one after another, each with the TypeScript loader; on a busy machine that is slow. */
vi.setConfig({ testTimeout: 120_000 });

const refused = async (server: ServerProcess) => {
  const { code, stdout, stderr } = await server.exit;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  const told = stderr.split('\n').filter(line => line !== '' && !line.startsWith('Parley: warning:'));
  expect(told, 'one clear line').toHaveLength(1);
  return told[0] ?? '';
};

/** The same without a process of its own: what `main` would print. */
const refusedHere = async (dataDir: string): Promise<string> => {
  const error: unknown = await createApp(testConfig({ dataDir })).then(
    () => undefined,
    cause => cause,
  );
  expect(error).toBeInstanceOf(BootError);
  return (error as BootError).message;
};

const stop = async ({ child, exit }: ServerProcess) => {
  child.kill('SIGTERM');
  return exit;
};

/** A folder that a server has used and left. */
const usedFolder = async () => {
  const DATA_DIR = join(temporaryFolder(), 'new', 'data');
  const server = spawnServer({ DATA_DIR, LOG_LEVEL: 'silent' });
  const at = { url: await server.ready };
  const person = await signUp(at);
  const { status } = await api(at, person.token)('POST', '/message/v1/send', {
    conversation_id: 'lobby',
    message: 'kept',
    client_id: clientId(),
  });
  expect(status).toBe(201);
  const { code, stdout } = await stop(server);
  expect(code).toBe(0);
  expect(stdout).toBe(`Parley is ready: ${at.url}\n`);
  return { DATA_DIR, person };
};

test('it creates its folder, says one line where it is, ends with 0 on SIGTERM, and knows everybody again', async () => {
  const { DATA_DIR, person } = await usedFolder();
  expect(statSync(DATA_DIR).mode & 0o777).toBe(0o700);
  for (const file of readdirSync(DATA_DIR))
    expect([file, statSync(join(DATA_DIR, file)).mode & 0o077]).toEqual([file, 0]);
  expect(readFileSync(join(DATA_DIR, 'secret'), 'utf8').length).toBeGreaterThanOrEqual(32);
  const again = spawnServer({ DATA_DIR });
  const profile = await api({ url: await again.ready }, person.token)('GET', '/user/v1/profile');
  expect(profile).toMatchObject({ status: 200, body: { id: person.id } });
  expect((await stop(again)).code).toBe(0);
});

test('a wrong variable, also in .env: named, with what is allowed', async () => {
  expect(await refused(spawnServer({ PORT: 'http' }))).toMatch(/^Parley: PORT must be an integer from 0 to 65535/);
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, '.env'), 'LOG_LEVEL=loud\n');
  expect(await refused(spawnServer({}, { cwd }))).toMatch(/^Parley: LOG_LEVEL must be silent, error/);
});

test('[S04] a weak secret: refused, not shown', async () => {
  const line = await refused(spawnServer({ JWT_SECRET: 'hunter22' }));
  expect(line).toMatch(/^Parley: JWT_SECRET must be at least 32/);
  expect(line).not.toContain('hunter22');
});

test('a port in use: said, and the folder is free again', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise(resolve => other.once('listening', resolve));
  const address = other.address();
  const PORT = String(typeof address === 'object' ? address?.port : 0);
  expect(await refused(spawnServer({ PORT }))).toBe(
    `Parley: PORT ${PORT} of 127.0.0.1 is in use by another program: stop it, or choose another port.`,
  );
  other.close();
});

test('a folder in use by another process: said; kill -9 of that one leaves no stale lock', async () => {
  const DATA_DIR = temporaryFolder();
  const first = spawnServer({ DATA_DIR });
  const at = { url: await first.ready };
  expect(await refused(spawnServer({ DATA_DIR }))).toContain(
    `DATA_DIR ${DATA_DIR} is in use by another running server`,
  );
  const person = await signUp(at);
  first.child.kill('SIGKILL');
  await first.exit;
  const second = spawnServer({ DATA_DIR });
  const profile = await api({ url: await second.ready }, person.token)('GET', '/user/v1/profile');
  expect(profile.status).toBe(200);
  expect((await stop(second)).code).toBe(0);
});

test('a path that is no folder, or cannot be one: said', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, 'mine');
  expect(await refusedHere(file)).toMatch(/^DATA_DIR .* file, not a folder\.$/);
  expect(await refusedHere(join(file, 'below'))).toMatch(/^DATA_DIR .*cannot be used/);
  expect(readFileSync(file, 'utf8')).toBe('mine');
});

test.each(['log.db', 'parley.db', 'search.db'])('%s is no database: said by name, and left as it is', async name => {
  const DATA_DIR = temporaryFolder();
  writeFileSync(join(DATA_DIR, name), 'this is no database, but something that somebody may still want'.repeat(100));
  const before = readFileSync(join(DATA_DIR, name));
  const line = await refusedHere(DATA_DIR);
  expect(line).toContain(join(DATA_DIR, name));
  expect(line).toContain('not a database');
  expect(readFileSync(join(DATA_DIR, name)).equals(before)).toBe(true);
});

test('a damaged page inside a database: said, and left as it is', async () => {
  const DATA_DIR = temporaryFolder();
  const server = await startServer({ dataDir: DATA_DIR });
  await signUp(server);
  await server.close();
  const file = join(DATA_DIR, 'log.db');
  const descriptor = openSync(file, 'r+');
  for (let page = 1; page < 8; page++) writeSync(descriptor, Buffer.alloc(2_000, 0xa5), 0, 2_000, page * 4_096);
  const before = readFileSync(file);
  expect(await refusedHere(DATA_DIR)).toContain(file);
  expect(readFileSync(file).equals(before)).toBe(true);
});

test('a cut secret: said, and not replaced', async () => {
  const DATA_DIR = temporaryFolder();
  mkdirSync(DATA_DIR, { recursive: true });
  writeFileSync(join(DATA_DIR, 'secret'), 'cut');
  expect(await refusedHere(DATA_DIR)).toContain(join(DATA_DIR, 'secret'));
  expect(readFileSync(join(DATA_DIR, 'secret'), 'utf8')).toBe('cut');
});

test('no limits of rate: said loudly', async () => {
  const server = spawnServer({ RATE_LIMIT: 'off' });
  await server.ready;
  expect((await stop(server)).stderr).toContain('NO LIMIT OF RATE');
});

test('a server that never listened can be closed, twice, and leaves the folder to the next', async () => {
  const config = testConfig({ dataDir: temporaryFolder() });
  const app = await createApp(config);
  expect(await refusedHere(config.dataDir)).toContain('in use by another running server');
  await Promise.all([app.close(), app.close()]);
  await app.close();
  const next = await createApp(config);
  await next.close();
});

test('two servers in one process share nothing', async () => {
  const [one, two] = [await startServer(), await startServer()];
  const person = await signUp(one);
  expect((await api(two, person.token)('GET', '/user/v1/profile')).error?.code).toBe('unauthenticated');
  await one.close();
  expect((await fetch(`${two.url}/health/ready`)).status).toBe(200);
  await two.close();
});
