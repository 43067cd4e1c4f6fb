import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BootError } from '../boot-error.ts';
import { type Config, isProduction } from '../config.ts';
import type { Core } from '../core.ts';
import { FolderLocked } from '../storage/folder-lock.ts';
import { Failure } from './failures.ts';
import { readSettings } from './settings.ts';
import type { Terminal } from './terminal.ts';

/** Milliseconds that the link to the other instances has to come up. */
const linkMs = 3_000;
const pollMs = 20;

type Work<T> = (core: Core, config: Config) => Promise<T>;

/**
 * Runs `work` on the server's own rules and stores, without a port being open. Embedded it needs the data folder for itself; with
 * databases of their own it runs beside the instances, and what it told them has been sent when this resolves.
 */
export const withCore = async <T>(terminal: Terminal, work: Work<T>): Promise<T> => {
  const config = readSettings();
  if (!isProduction(config)) {
    requireData(config.dataDir);
    return withoutServer(() => run(config, terminal, work));
  }
  // An instance keeps its search index in its data folder; this one has none, and must not take that folder from an instance.
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-cli-'));
  try {
    return await run({ ...config, dataDir }, terminal, work);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
};

/** The same for a command that changes what running instances keep in memory: says so where they will hear of it late. */
export const withCoreTelling = <T>(terminal: Terminal, work: Work<T>): Promise<T> =>
  withCore(terminal, async (core, config) => {
    if (!isProduction(config)) return work(core, config);
    const { redis } = core.linked;
    if (redis) await untilHealthy(core);
    const before = redis && troubles(redis);
    const result = await work(core, config);
    const heard = redis && (await answers(redis)) && troubles(redis) === before;
    if (!heard) {
      const why = redis ? 'Redis (REDIS_URL) did not answer' : 'There is no REDIS_URL';
      terminal.note(`${why}: running instances hear of this within 30 seconds.`);
    }
    return result;
  });

type Redis = NonNullable<Core['linked']['redis']>;

/** How much did not get through. */
const troubles = (redis: Redis) => {
  const { skipped, failures, timeouts } = redis.stats();
  return skipped + failures + timeouts;
};

/** Commands are answered in order: whatever was sent before this one has arrived. */
const answers = (redis: Redis): Promise<boolean> =>
  redis.ping().then(
    () => true,
    () => false,
  );

/** Says what to do where the data folder is taken. */
export const withoutServer = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BootError && error.cause instanceof FolderLocked)) throw error;
    throw new Failure(
      `${error.message} Embedded, this command works on the files themselves: stop the server, repeat it, and start the server again.`,
      { cause: error },
    );
  }
};

/** A folder that holds nothing is rather the wrong one than a new one. */
const requireData = (dataDir: string) => {
  if (existsSync(join(dataDir, 'parley.db'))) return;
  throw new Failure(
    `DATA_DIR ${dataDir} holds no data of a server: name the right folder, or run \`parley migrate up\` or the server there first.`,
  );
};

const run = async <T>(config: Config, terminal: Terminal, work: Work<T>): Promise<T> => {
  // Loaded where it is used, as most of what a server is made of comes with it.
  const [{ openCore }, { createLogger }] = await Promise.all([
    import('../core.ts'),
    import('../observability/logger.ts'),
  ]);
  const logger = createLogger({ level: config.logLevel, instance: config.instanceId, stream: terminal.stderr });
  const core = await openCore(config, { logger });
  try {
    return await work(core, config);
  } finally {
    await core.close();
  }
};

const untilHealthy = async ({ cluster }: Core): Promise<void> => {
  for (const until = performance.now() + linkMs; performance.now() < until; await sleep(pollMs))
    if (cluster.healthy()) return;
};
