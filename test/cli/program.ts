import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Exit } from '../support/process.ts';
import { temporaryFolder } from '../support/server.ts';

const root = new URL('../../', import.meta.url);
const threads = new URL('scripts/typescript-threads.mjs', root).href;
const main = fileURLToPath(new URL('src/cli/main.ts', root));

/** `parley` as users run it: a process of its own, in a folder without a file `.env`, which sees no other environment than `env`. */
export const parley = (
  args: string[],
  env: Record<string, string> = {},
  stdin: string | Buffer = '',
): Promise<Exit> => {
  const child = spawn(process.execPath, ['--import', threads, main, ...args], {
    cwd: temporaryFolder(),
    env: { PATH: process.env['PATH'], BCRYPT_COST: '4', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // One that ends before it has read its input closes it.
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  return new Promise(resolve => {
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
};

/** What it prints where it succeeds; fails the test where it does not. */
export const answerOf = async (...call: Parameters<typeof parley>): Promise<string> => {
  const { code, stdout, stderr } = await parley(...call);
  if (code !== 0) throw new Error(`parley ${call[0].join(' ')}: ${code} ${stdout} ${stderr}`);
  return stdout;
};

/** Why it refuses: one line on standard error, nothing on standard output. */
export const refusalOf = async (...call: Parameters<typeof parley>): Promise<{ code: number | null; line: string }> => {
  const { code, stdout, stderr } = await parley(...call);
  const lines = stderr.split('\n').filter(line => line !== '');
  if (code === 0 || stdout !== '' || lines.length !== 1 || !lines[0]?.startsWith('parley: '))
    throw new Error(`not refused by one line: ${JSON.stringify({ code, stdout, stderr })}`);
  return { code, line: lines[0].slice('parley: '.length) };
};
