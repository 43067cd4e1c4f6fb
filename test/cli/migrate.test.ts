import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { signUp } from '../support/clients.ts';
import { type ServerProcess, spawnServer } from '../support/process.ts';
import { startServer, temporaryFolder } from '../support/server.ts';
import { answerOf, refusalOf } from './program.ts';

/** Each call is a process that begins with the TypeScript loader; on a busy machine that is slow. */
vi.setConfig({ testTimeout: 300_000 });

/** Every file of a folder, by what is in it. Without those that only say who reads. */
const contentsOf = (folder: string) =>
  readdirSync(folder)
    .filter(name => !name.endsWith('-shm'))
    .sort()
    .map(name => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]);

/** A server in a process of its own: reading its files from within it would take its locks away. */
const running = async (): Promise<{ DATA_DIR: string; server: ServerProcess }> => {
  // A path as people have them.
  const DATA_DIR = join(temporaryFolder(), 'my chats? 100% #1');
  const server = spawnServer({ DATA_DIR, LOG_LEVEL: 'silent' });
  await signUp({ url: await server.ready });
  return { DATA_DIR, server };
};

test('a folder that is not there: status and a dry run tell what is to do, and make nothing', async () => {
  const DATA_DIR = join(temporaryFolder(), 'new');
  const status = await answerOf(['migrate'], { DATA_DIR });
  expect(status).toMatch(/^SQLite \(parley\.db\) +pending +0001-initial$/m);
  expect(status).toContain('Not up to date: parley migrate up');
  expect(await answerOf(['migrate', 'up', '--dry-run'], { DATA_DIR })).toBe(
    'SQLite (parley.db): would apply 0001-initial\nNothing was written.\n',
  );
  expect(await answerOf(['migrate', '--dry-run'], { DATA_DIR })).toContain('would apply 0001-initial');
  expect(existsSync(DATA_DIR)).toBe(false);
});

test('up applies what is pending, once; a server then starts on it', async () => {
  const DATA_DIR = join(temporaryFolder(), 'new');
  expect(await answerOf(['migrate', 'up'], { DATA_DIR })).toBe(
    'SQLite (parley.db): applied 0001-initial\nEverything is up to date now.\n',
  );
  expect(await answerOf(['migrate', 'up'], { DATA_DIR })).toBe('Everything was up to date.\n');
  expect(JSON.parse(await answerOf(['migrate', 'up', '--dry-run', '--json'], { DATA_DIR }))).toEqual({
    dry_run: true,
    sql: [],
    log: null,
  });
  expect(JSON.parse(await answerOf(['migrate', 'status', '--json'], { DATA_DIR }))).toEqual({
    up_to_date: true,
    sql: { applied: ['0001-initial'], pending: [] },
    log: null,
  });
  const server = await startServer({ dataDir: DATA_DIR });
  await signUp(server);
  await server.close();
});

test('status works beside a running server and writes nothing; up says what to do', async () => {
  const { DATA_DIR, server } = await running();
  // It holds its files and stands still meanwhile, so that nothing changes but by us.
  server.child.kill('SIGSTOP');
  const before = contentsOf(DATA_DIR);
  expect(await answerOf(['migrate', 'status'], { DATA_DIR })).toContain('Everything is up to date.');
  const { code, line } = await refusalOf(['migrate', 'up'], { DATA_DIR });
  expect({ code, line }).toEqual({ code: 1, line: expect.stringContaining('in use by another running server') });
  expect(line).toContain('stop the server, repeat it');
  expect(contentsOf(DATA_DIR)).toEqual(before);
  server.child.kill('SIGCONT');
  server.child.kill('SIGTERM');
  expect((await server.exit).code).toBe(0);

  const stopped = contentsOf(DATA_DIR);
  expect(await answerOf(['migrate', 'status'], { DATA_DIR })).toContain('Everything is up to date.');
  expect(contentsOf(DATA_DIR)).toEqual(stopped);
});

test('what a server left behind that was killed is read, and stays for the server to bring in', async () => {
  const { DATA_DIR, server } = await running();
  server.child.kill('SIGKILL');
  await server.exit;
  const before = contentsOf(DATA_DIR);
  expect(before.map(([name]) => name)).toContain('parley.db-wal');
  expect(await answerOf(['migrate', 'status'], { DATA_DIR })).toContain('Everything is up to date.');
  expect(contentsOf(DATA_DIR)).toEqual(before);
});

test('what is no database is left as it is', async () => {
  const DATA_DIR = temporaryFolder();
  const file = join(DATA_DIR, 'parley.db');
  writeFileSync(file, 'something that somebody may still want '.repeat(50));
  const before = contentsOf(DATA_DIR);
  const { line } = await refusalOf(['migrate', 'status'], { DATA_DIR });
  expect(line).toContain('SQLite (parley.db)');
  expect(line).toContain('not a database');
  expect(contentsOf(DATA_DIR)).toEqual(before);
});
