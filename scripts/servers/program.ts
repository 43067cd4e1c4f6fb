import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

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
  /** What it has written so far, of all its runs. */
  output(): string;
  /** How each of its runs ended. */
  readonly exits: readonly Exit[];
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** Where a server runs; a free port where none is named. */
export interface ServerOptions {
  folder: string;
  port?: number;
  /** It ended though nobody here asked for it. */
  onDeath?: (exit: Exit) => void;
}

export interface Program extends Pick<ServerOptions, 'onDeath'> {
  name: string;
  port: number;
  url: string;
  command: string;
  args: string[];
  /** It runs there, and its output is kept there. */
  cwd: string;
  /** Its whole environment; this process's own where absent. */
  env?: Record<string, string | undefined>;
  /** Signal of an orderly end; SIGTERM where absent. */
  signal?: NodeJS.Signals;
  /** Milliseconds that an orderly end may take before it is killed; 10 s where absent. */
  stopMs?: number;
  /** Resolves once it answers; asked again until it does. */
  answers: () => Promise<void>;
}

const patienceMs = 60_000;

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

/** To a process and all that it started: each program leads a group of its own, so that Ctrl-C does not reach it past us. */
const signalGroup = (pid: number, signal: NodeJS.Signals) => {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // It ended, and nobody told us yet.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/**
 * Waits beside a program until this process is gone, whatever ended it (SIGKILL included: then its end of the pipe closes), and
 * kills the program's group, so that no server outlives whoever started it. `sh`, as it costs a megabyte.
 */
const guardOver = (pid: number) => {
  const guard = spawn('sh', ['-c', `read _; kill -s KILL -- -${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  return { dismiss: () => void guard.kill('SIGKILL') };
};

export const startProgram = async (program: Program): Promise<TestServer> => {
  const { name, port, url, command, args, cwd, env, signal = 'SIGTERM', stopMs = 10_000 } = program;
  const file = join(cwd, `${name.toLowerCase()}-${port}.log`);
  let child: ChildProcess | undefined;
  let ending = false;
  const exits: Exit[] = [];

  const running = () => child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  const send = (to: NodeJS.Signals) => {
    if (running()) signalGroup(child?.pid as number, to);
  };
  const output = () => readFileSync(file, 'utf8');
  const told = () => output().slice(-4_000);

  const end = async (by: NodeJS.Signals) => {
    if (!child || !running()) return;
    ending = true;
    const ended = once(child, 'exit');
    send(by);
    // One that stands still would not hear of it.
    if (by !== 'SIGKILL') send('SIGCONT');
    const late = setTimeout(send, stopMs, 'SIGKILL');
    await ended;
    clearTimeout(late);
  };

  const killNow = () => send('SIGKILL');

  const launch = () => {
    const log = openSync(file, 'a');
    ending = false;
    const started = spawn(command, args, {
      cwd,
      ...(env && { env }),
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    child = started;
    const { pid } = started;
    if (pid === undefined) return started;
    const guard = guardOver(pid);
    process.once('exit', killNow);
    started.once('exit', (code, signal) => {
      exits.push({ code, signal });
      process.off('exit', killNow);
      guard.dismiss();
      // What it started must not go on without it.
      signalGroup(pid, 'SIGKILL');
      if (!ending) program.onDeath?.({ code, signal });
    });
    return started;
  };

  const server: TestServer = {
    name,
    port,
    url,
    get pid() {
      return child?.pid ?? 0;
    },
    kill: () => end('SIGKILL'),
    pause: () => send('SIGSTOP'),
    resume: () => send('SIGCONT'),
    stop: () => end(signal),
    output,
    exits,
    async start() {
      if (running()) throw new Error(`${name} is running.`);
      const started = launch();
      let failure: unknown;
      started.once('error', error => {
        failure = error;
      });
      for (const until = Date.now() + patienceMs; ; ) {
        try {
          await program.answers();
          // Otherwise somebody else answered on this port.
          if (running()) return;
        } catch (cause) {
          failure = cause;
        }
        if (!running()) throw new Error(`${name} did not start: ${told() || failure}`, { cause: failure });
        if (Date.now() > until) {
          await end('SIGKILL');
          throw new Error(`${name} does not answer: ${told()}`, { cause: failure });
        }
        await new Promise(resolve => setTimeout(resolve, 50));
      }
    },
  };
  await server.start();
  return server;
};
