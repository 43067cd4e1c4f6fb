// `npm run cluster`: three instances behind nginx on a real Redis, MariaDB and MongoDB server, in a temporary folder, until Ctrl-C.
// `npm run cluster -- --instances 2 --port 8080`; `--source` runs src rather than dist. Settings of the server (RATE_LIMIT, LOG_LEVEL ...) are taken from the environment.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { variables } from '../src/config.ts';
import { type ClusterOfServers, startCluster } from './servers/cluster.ts';
import { mainOf } from './servers/instance.ts';
import type { TestServer } from './servers/program.ts';

/** Milliseconds within which a repeated signal is the same one: of Ctrl-C, npm passes on what this process had already. */
const sameSignalMs = 1_000;
const parentPollMs = 500;

/** What an instance here has from the cluster, not from the environment. */
const ownSettings = new Set(['HOST', 'PORT', 'DATA_DIR', 'INSTANCE_ID', 'MYSQL_URL', 'MONGODB_URI', 'REDIS_URL']);

const settingsOf = (env: NodeJS.ProcessEnv) =>
  Object.fromEntries(
    Object.values(variables).flatMap(({ name }) => {
      const value = env[name];
      return value && !ownSettings.has(name) ? [[name, value]] : [];
    }),
  );

const refuse = (message: string): never => {
  process.stderr.write(`cluster: ${message}\n`);
  process.exit(1);
};

const optionsOf = (args: string[]) => {
  try {
    const { values } = parseArgs({
      args,
      options: {
        instances: { type: 'string', default: '3' },
        port: { type: 'string', default: '0' },
        source: { type: 'boolean', default: false },
      },
    });
    const [instances, port] = [Number(values.instances), Number(values.port)];
    if (!Number.isInteger(instances) || instances < 1 || instances > 16) throw new Error('--instances is 1 to 16.');
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('--port is 0 (a free one) to 65535.');
    return { instances, port: port || undefined, main: values.source ? ('source' as const) : ('built' as const) };
  } catch (error) {
    return refuse((error as Error).message);
  }
};

const print = (line: string) => process.stdout.write(`${line}\n`);

const run = async () => {
  const options = optionsOf(process.argv.slice(2));
  if (options.main === 'built' && !existsSync(mainOf.built[0] as string))
    refuse('the server is not built: run npm run build.');
  const folder = mkdtempSync(join(tmpdir(), 'parley-cluster-'));
  // Also where this process ends badly; the programs themselves are killed by their guards then.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

  let starting: Promise<ClusterOfServers> | undefined;
  let stoppingSince: number | undefined;
  const stop = () => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince > sameSignalMs) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    print('cluster: stopping');
    starting?.then(cluster => cluster.close()).then(() => process.exit(0), fail);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stop);
  stopWithNpm(stop);

  starting = startCluster({
    ...options,
    folder,
    env: settingsOf(process.env),
    onDeath: (name, { code, signal }) =>
      print(`${name} ended by itself (${signal ?? `code ${code}`}); it is not started again`),
  });
  const { url, nginx, redis, mariadb, mongodb, instances } = await starting;
  if (stoppingSince !== undefined) return;
  print(`Parley is ready: ${url}`);
  const line = (kind: string, { pid, port }: TestServer) => print(`${kind} pid ${pid} port ${port}`);
  for (const instance of instances) line(`instance ${instance.name}`, instance);
  for (const server of [nginx, redis, mariadb, mongodb]) if (server) line(`server ${server.name}`, server);
  print(`output of each: ${folder}`);
};

/** npm that is killed cannot pass it on. */
const stopWithNpm = (stop: () => void) => {
  const parent = process.ppid;
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, parentPollMs);
};

const fail = (error: unknown) => refuse(error instanceof Error ? error.message : String(error));

// Whoever read this went away: no reason to stop, and nowhere to tell it.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
run().catch(fail);
