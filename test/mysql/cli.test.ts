import { expect, test, vi } from 'vitest';
import { parley } from '../cli/program.ts';
import { useMariadb } from './servers.ts';

/** Each call is a process that begins with the TypeScript loader; on a busy machine that is slow. */
vi.setConfig({ testTimeout: 300_000 });

const { server, run, database } = useMariadb();

/** Here is no MongoDB: `parley` says so, does with MySQL what it can, and ends with 1. What it does with both is tried in test/many. */
const settings = (MYSQL_URL: string) => ({
  MYSQL_URL,
  MONGODB_URI: 'mongodb://127.0.0.1:1/parley',
  JWT_SECRET: 'a secret of the tests, 32 bytes or more',
});

const migrate = async (url: string, ...args: string[]) => {
  const { code, stdout, stderr } = await parley(['migrate', ...args], settings(url));
  expect(stderr).toMatch(/^parley: [^\n]*\n$/);
  return { code, stdout, stderr };
};

const tablesOf = async (url: string) => {
  const name = new URL(url).pathname.slice(1);
  const rows = await run<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = '${name}'`,
  );
  return rows.map(row => row.name);
};

test('an empty database: status and a dry run tell what is to do and write nothing; up does it, once', async () => {
  const url = await database();
  const before = await migrate(url, 'status');
  expect(before.stdout).toMatch(/^MySQL \(MYSQL_URL\) +pending +0001-initial$/m);
  expect(before).toMatchObject({ code: 1, stderr: expect.stringContaining('MongoDB (MONGODB_URI): ') });
  const dry = await migrate(url, 'up', '--dry-run');
  expect(dry.stdout).toBe('MySQL (MYSQL_URL): would apply 0001-initial\n');
  expect(JSON.parse((await migrate(url, 'status', '--json')).stdout)).toEqual({
    up_to_date: false,
    sql: { applied: [], pending: ['0001-initial'] },
    log: null,
  });
  expect(await tablesOf(url)).toEqual([]);

  expect((await migrate(url, 'up')).stdout).toBe('MySQL (MYSQL_URL): applied 0001-initial\n');
  expect(await tablesOf(url)).toContain('users');
  expect((await migrate(url, 'status')).stdout).toMatch(/^MySQL \(MYSQL_URL\) +applied +0001-initial$/m);
  expect((await migrate(url, 'up')).stdout).toBe('');
});

test('up from three machines at once is done once', async () => {
  const url = await database();
  const answers = await Promise.all([1, 2, 3].map(() => migrate(url, 'up', '--json')));
  const applied = answers.flatMap(({ stdout }) => JSON.parse(stdout).sql);
  expect(applied).toEqual(['0001-initial']);
});

test('a database or a server that is not there is said, without the password', async () => {
  const url = new URL(server().url);
  url.password = 'hunter2hunter2';
  for (const wrong of [
    `${server().url}/not_there`,
    `${url}/not_there`,
    'mysql://root:hunter2hunter2@127.0.0.1:1/parley',
  ]) {
    const { code, stdout, stderr } = await migrate(wrong, 'status');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^parley: MySQL \(MYSQL_URL\): .* MongoDB \(MONGODB_URI\): /);
    expect(stderr).not.toContain('hunter2');
  }
});
