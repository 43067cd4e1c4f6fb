import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A real server program on loopback, in a folder of its own, which tests and `npm run cluster` start, stop and hurt. */
export interface TestServer {
  readonly name: string;
  readonly port: number;
  /** How a client reaches it. */
  readonly url: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Ends it at once (SIGKILL), as a power failure would. */
  kill(): Promise<void>;
  /** Stands still from now on (SIGSTOP), until `resume`. */
  pause(): void;
  resume(): void;
  /** Begins again on the same port and folder, after `kill` or `stop`; resolves once it answers. */
  start(): Promise<void>;
  /** Ends it in order; harmless to repeat. */
  stop(): Promise<void>;
}

export interface Program {
  name: string;
  port: number;
  url: string;
  command: string;
  args: string[];
  cwd: string;
  /** What the program runs as, where that is not this user. */
  user?: { uid: number; gid: number };
  /** Signal of an orderly end; SIGTERM where absent. */
  signal?: NodeJS.Signals;
  /** Resolves once it answers; asked again until it does. */
  answers: () => Promise<void>;
}

const patienceMs = 30_000;

/** Below the range from which the system takes ports for outgoing connections, as these would collide. */
const lowest = 20_000;
const highest = 32_000;

const isFree = (port: number) =>
  new Promise<boolean>(resolve => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (await isFree(port)) return port;
  }
};

export const startProgram = async (program: Program): Promise<TestServer> => {
  const { name, port, url, command, args, cwd, user = {}, signal = 'SIGTERM' } = program;
  let child: ChildProcess | undefined;
  let output = '';

  const running = () => child !== undefined && child.exitCode === null && child.signalCode === null;

  const end = async (by: NodeJS.Signals) => {
    if (!child || !running()) return;
    const ended = once(child, 'exit');
    child.kill(by);
    // One that stands still would not hear of it.
    if (by !== 'SIGKILL') child.kill('SIGCONT');
    const late = setTimeout(() => child?.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(late);
  };

  const server: TestServer = {
    name,
    port,
    url,
    get pid() {
      return child?.pid ?? 0;
    },
    kill: () => end('SIGKILL'),
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    stop: () => end(signal),
    async start() {
      if (running()) throw new Error(`${name} is running.`);
      output = '';
      const started = spawn(command, args, { cwd, ...user, stdio: ['ignore', 'pipe', 'pipe'] });
      child = started;
      for (const stream of [started.stdout, started.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          output = (output + text).slice(-4_000);
        });
      started.once('error', error => {
        output += String(error);
      });
      for (const until = Date.now() + patienceMs; ; ) {
        if (!running() || started.pid === undefined) throw new Error(`${name} did not start: ${output}`);
        try {
          return await program.answers();
        } catch (cause) {
          if (Date.now() > until) {
            await end('SIGKILL');
            throw new Error(`${name} does not answer: ${output}`, { cause });
          }
          await new Promise(resolve => setTimeout(resolve, 50));
        }
      }
    },
  };
  // A server must not outlive whoever started it.
  process.once('exit', () => child?.kill('SIGKILL'));
  await server.start();
  return server;
};
