import { type App, createApp } from './app.ts';
import { BootError } from './boot-error.ts';
import { ConfigError, loadConfig, readEnvironment } from './config.ts';

/** Milliseconds after which a stop that hangs is ended; what was acknowledged is durable in any case. */
const patienceMs = 8_000;

const main = async () => {
  const config = loadConfig(readEnvironment());
  const app = await createApp(config);
  stopOnSignal(app, config.drainMs + patienceMs);
  process.stdout.write(`Parley is ready: ${await app.listen()}\n`);
};

/** The first signal stops in order, a second one at once. */
const stopOnSignal = (app: App, limitMs: number) => {
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1);
    stopping = true;
    setTimeout(() => fail('The server did not stop in time.'), limitMs).unref();
    app.close().then(
      () => process.exit(0),
      error => fail(error),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
};

/** What the operator caused is one line; what the program caused keeps its stack. */
const fail = (error: unknown) => {
  const told = error instanceof ConfigError || error instanceof BootError;
  const text = told ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`Parley: ${text}\n`);
  process.exit(1);
};

// Databases and secret are this user's alone, also in a folder that others may enter.
process.umask(0o077);
process.on('uncaughtException', fail);
main().catch(fail);
