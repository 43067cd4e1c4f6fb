import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './server.ts';

const root = new URL('../../', import.meta.url);
const threads = new URL('scripts/typescript-threads.mjs', root).href;
const main = fileURLToPath(new URL('src/main.ts', root));

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** The server as users run it, in a process of its own. */
export interface ServerProcess {
  child: ChildProcess;
  /** Resolves with the URL that it prints; rejects where it ends before. */
  ready: Promise<string>;
  exit: Promise<Exit>;
  stdout(): string;
}

/** `env` goes over what a test wants by default; nothing else of this process's environment reaches it. */
export const spawnServer = (env: Record<string, string>, { cwd = temporaryFolder() } = {}): ServerProcess => {
  const child = spawn(process.execPath, ['--import', threads, main], {
    cwd,
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      BCRYPT_COST: '4',
      SHED_LAG_MS: '0',
      DRAIN_MS: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  const exit = new Promise<Exit>(resolve => {
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      const [, url] = /^Parley is ready: (\S+)\n/m.exec(stdout) ?? [];
      if (url) resolve(url);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    exit.then(ended => reject(new Error(`it ended: ${JSON.stringify(ended)}`)));
  });
  // Whoever expects it to end does not ask for this one.
  ready.catch(() => undefined);
  return { child, ready, exit, stdout: () => stdout };
};
