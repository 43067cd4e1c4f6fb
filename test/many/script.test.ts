import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { until } from '../support/clients.ts';

vi.setConfig({ testTimeout: 120_000 });

const root = fileURLToPath(new URL('../../', import.meta.url));
let script: ChildProcess | undefined;
afterEach(() => void script?.kill('SIGKILL'));

/** `npm run cluster`, without npm; `folder` is where it makes its own. */
const startScript = async (...args: string[]) => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-script-'));
  const child = spawn(
    process.execPath,
    ['--import', './scripts/typescript-threads.mjs', 'scripts/cluster.ts', '--source', ...args],
    {
      cwd: root,
      env: { ...process.env, TMPDIR: folder, BCRYPT_COST: '4', npm_lifecycle_event: undefined },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  script = child;
  let output = '';
  child.stdout.setEncoding('utf8').on('data', text => {
    output += text;
  });
  await until(() => child.exitCode !== null || /^output of each/m.test(output), 90_000);
  if (child.exitCode !== null) throw new Error(`it ended: ${output}`);
  const pids = [...output.matchAll(/^(?:instance|server) \S+ pid (\d+) port \d+$/gm)].map(([, pid]) => Number(pid));
  return { child, folder, pids, output: () => output };
};

const lives = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('prints its URL and a line for each instance; on Ctrl-C all stop, and nothing is left', async () => {
  const { child, folder, pids, output } = await startScript('--instances', '2');
  const [, url = ''] = /^Parley is ready: (http:\/\/127\.0\.0\.1:\d+)$/m.exec(output()) ?? [];
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  expect([...output().matchAll(/^instance (parley-\d) pid \d+ port \d+$/gm)].map(([, name]) => name)).toEqual([
    'parley-1',
    'parley-2',
  ]);
  expect(pids).toHaveLength(6);
  expect(pids.every(lives)).toBe(true);

  const ended = once(child, 'exit');
  child.kill('SIGINT');
  // A terminal tells the whole group, and npm passes it on: the second one means the same.
  child.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
  expect(pids.filter(lives)).toEqual([]);
  expect(readdirSync(folder).filter(name => name.startsWith('parley-'))).toEqual([]);
  rmSync(folder, { recursive: true });
});

test('tells of an instance that died, and leaves nothing running when it is killed itself', async () => {
  const { child, folder, pids, output } = await startScript('--instances', '1');
  expect(pids).toHaveLength(5);
  process.kill(pids[0] as number, 'SIGKILL');
  await until(() => /^parley-1 ended by itself \(SIGKILL\)/m.test(output()));
  child.kill('SIGKILL');
  await until(() => pids.filter(lives).length === 0);
  rmSync(folder, { recursive: true });
});
