import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const loader = fileURLToPath(new URL('../../scripts/typescript-threads.mjs', import.meta.url));
const program = fileURLToPath(new URL('./presence-child.ts', import.meta.url));

/** An instance in a process of its own, so that it can be killed; resolves once its users are online. */
export const startInstance = async (
  url: string,
  prefix: string,
  id: string,
  ...users: string[]
): Promise<ChildProcess> => {
  const child = spawn(process.execPath, ['--import', loader, program, url, prefix, id, ...users], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
};
