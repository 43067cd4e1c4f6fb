import type { App } from './app.ts';
import { BootError } from './boot-error.ts';
import { ConfigError, loadConfig, readEnvironment, warningsOf } from './config.ts';
import type { Apm } from './observability/apm/apm.ts';
import { startApm } from './observability/apm/start.ts';
import { redact } from './observability/redact.ts';

/** Milliseconds after which a stop that hangs is ended; what was acknowledged is durable in any case. */
const patienceMs = 15_000;
/** Milliseconds within which a repeated signal is the same one: of Ctrl-C, `npm start` passes on what its child had already. */
const sameSignalMs = 1_000;

const signals = ['SIGTERM', 'SIGINT'] as const;

const main = async () => {
  const config = loadConfig(readEnvironment());
  for (const warning of warningsOf(config)) process.stderr.write(`Parley: warning: ${warning}\n`);
  // Traces first: whatever is loaded from here on can be seen by the agent.
  const apm = await startApm(config);
  const { createApp } = await import('./app.ts');
  // Databases may be waited for, and nobody was promised anything yet. As the first process of a container it would otherwise not hear the signal.
  const leave = () => process.exit(0);
  for (const signal of signals) process.once(signal, leave);
  const app = await createApp(config, { apm });
  for (const signal of signals) process.off(signal, leave);
  stopOnSignal(app, apm, config.drainMs + patienceMs);
  process.stdout.write(`Parley is ready: ${await app.listen()}\n`);
};

/** The first signal stops in order, a later one at once. */
const stopOnSignal = (app: App, apm: Apm, limitMs: number) => {
  let stoppingSince: number | undefined;
  const stop = () => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince > sameSignalMs) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    setTimeout(() => fail(new BootError('The server did not stop in time.')), limitMs).unref();
    app
      .close()
      .then(apm.stop)
      .then(() => process.exit(0), fail);
  };
  for (const signal of signals) process.on(signal, stop);
  void app.lost.then(async () => {
    await app.close();
    fail(new BootError('Another instance has taken this INSTANCE_ID.'));
  });
};

/** What the operator caused is one line; of what the program caused, the stack is told, and nothing that people said. */
const fail = (error: unknown) => {
  const told = error instanceof ConfigError || error instanceof BootError;
  process.stderr.write(`Parley: ${told ? error.message : JSON.stringify(redact(error), null, 2)}\n`);
  process.exit(1);
};

// Databases and secret are this user's alone, also in a folder that others may enter.
process.umask(0o077);
process.on('uncaughtException', fail);
// Whoever read the log went away: no reason to stop serving, and nowhere to tell it.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
main().catch(fail);
