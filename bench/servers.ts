import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Usage } from './meter.ts';

export interface MeasuredServer {
  url: string;
  /** What the process has used so far; `gc` collects garbage first. */
  usage(gc?: boolean): Promise<Usage>;
  /** Milliseconds of CPU of each thread so far, by thread id; the lowest is the main thread. Linux only, to 10 ms; else empty. */
  threads(): Map<number, number>;
  stop(): Promise<void>;
}

/** The compiled files are measured, also where this one runs unbuilt; it is dist/bench/servers.js. */
const compiled = new URL(import.meta.url.endsWith('.ts') ? '../dist/bench/' : '.', import.meta.url);
const built = (path: string) => fileURLToPath(new URL(path, compiled));

const freePort = async () => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (!address || typeof address === 'string') throw new Error('no free port');
  return address.port;
};

const deadlineMs = 20_000;

const answers = async (url: string, child: ChildProcess) => {
  const end = Date.now() + deadlineMs;
  while (Date.now() < end && child.exitCode === null) {
    const status = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(1_000) }).then(
      response => response.status,
      () => undefined,
    );
    if (status !== undefined && status !== 503) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error(`a server did not come up at ${url} (exit code ${child.exitCode})`);
};

/** Ticks of 10 ms: utime and stime, the 14th and 15th field of proc_pid_stat(5); the second, the name, may hold spaces. */
const threadTimes = (pid: number) => {
  const folder = `/proc/${pid}/task`;
  if (!existsSync(folder)) return new Map<number, number>();
  return new Map(
    readdirSync(folder).map(thread => {
      const [utime, stime] =
        readFileSync(`${folder}/${thread}/stat`, 'utf8').split(') ').at(-1)?.split(' ').slice(11) ?? [];
      return [Number(thread), (Number(utime) + Number(stime)) * 10];
    }),
  );
};

const start = async (entry: string, env: Record<string, string>, nodeOptions: string[]): Promise<MeasuredServer> => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    process.execPath,
    ['--expose-gc', ...nodeOptions, '--import', new URL('./meter.js', compiled).href, entry],
    { env: { PATH: process.env['PATH'], PORT: String(port), ...env }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  );
  await answers(url, child);
  return {
    url,
    usage: async (gc = false) => {
      child.send(gc ? 'gc' : 'usage');
      const [usage] = (await once(child, 'message', { signal: AbortSignal.timeout(deadlineMs) })) as [Usage];
      return usage;
    },
    threads: () => threadTimes(child.pid as number),
    stop: async () => {
      if (child.exitCode !== null) throw new Error(`a server ended by itself with ${child.exitCode}`);
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
      await ended;
      clearTimeout(hard);
    },
  };
};

/**
 * Parley as it is shipped, embedded, from dist/. Rate limits are on and counted, but so high that they never refuse;
 * the cost of password hashes is lowered, as users are made before anything is measured.
 */
export const startParley = (dataDir: string, nodeOptions: string[], env: Record<string, string> = {}) =>
  start(
    built('../main.js'),
    {
      DATA_DIR: dataDir,
      LOG_LEVEL: 'warn',
      BCRYPT_COST: '4',
      ACCESS_TOKEN_TTL: '1d',
      RATE_LIMIT: 'on',
      RATE_AUTH: '10000/100000',
      RATE_SEND: '100000/1000000',
      RATE_COMMAND: '100000/1000000',
      RATE_QUERY: '100000/1000000',
      HTTP_PER_MINUTE: '1000000',
      LOGIN_PER_MINUTE: '1000000',
      HANDSHAKES_PER_SECOND: '100000',
      SOCKETS_PER_USER: '1000',
      // Other programs of a shared machine may delay the event loop; a refusal would end the bench.
      SHED_LAG_MS: '5000',
      ...env,
    },
    nodeOptions,
  );

export const startBare = (nodeOptions: string[]) => start(built('./bare-server.js'), {}, nodeOptions);
