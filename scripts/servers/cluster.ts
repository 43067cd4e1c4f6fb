import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { programOf } from '../real-parts.mjs';
import { startInstance } from './instance.ts';
import { startMariadb } from './mariadb.ts';
import { startMongodb } from './mongodb.ts';
import { type NginxServer, startNginx } from './nginx.ts';
import type { Exit, TestServer } from './program.ts';
import { startRedis } from './redis.ts';

export interface ClusterOptions {
  folder: string;
  /** How many; 3 where absent. */
  instances?: number;
  /** Settings of the instances, over what makes them a cluster. */
  env?: Record<string, string>;
  /** nginx in front of them; there where absent. */
  nginx?: boolean;
  /** Port of nginx; a free one where absent. */
  port?: number;
  /** From `dist`, or from `src` where absent. */
  main?: 'built' | 'source';
  /** A program ended though nobody here asked for it. */
  onDeath?: (name: string, exit: Exit) => void;
}

/** Redis, MariaDB, a MongoDB server, nginx and instances of Parley, as real programs on loopback. */
export interface ClusterOfServers {
  /** Of nginx, or of the first instance where there is none. */
  url: string;
  redis: TestServer;
  mariadb: TestServer;
  mongodb: TestServer;
  nginx: NginxServer | undefined;
  instances: TestServer[];
  /** Starts a second process with the name of an instance that runs; resolves with how that ended, and what it said. */
  startDuplicate(name: string): Promise<Exit & { stderr: string }>;
  /** Ends all in order: the instances, then what they need. Harmless to repeat. */
  close(): Promise<void>;
}

const database = 'parley';

/** Rejects where a program is missing or does not start; nothing runs on then. */
export const startCluster = async (options: ClusterOptions): Promise<ClusterOfServers> => {
  const { folder, instances: count = 3, env = {}, main = 'source', onDeath } = options;
  // All at once, rather than one in the middle.
  for (const program of ['Redis', 'MariaDB', 'a MongoDB server', 'nginx']) programOf(program);
  const running: TestServer[] = [];
  let closing: Promise<void> | undefined;

  /** Of a server that started while another one could not. */
  const all = async <T extends TestServer>(starting: Promise<T>[]): Promise<T[]> => {
    const settled = await Promise.allSettled(starting);
    const started = settled.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
    running.push(...started);
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
    return started;
  };
  const die = (name: string) => (exit: Exit) => onDeath?.(name, exit);

  const close = async () => {
    const stop = (servers: TestServer[]) => Promise.all(servers.map(server => server.stop()));
    const isInstance = (server: TestServer) => instances.includes(server);
    await stop(running.filter(isInstance));
    await stop(running.filter(server => !isInstance(server)));
  };

  let instances: TestServer[] = [];
  try {
    const [redis, mariadb, mongodb] = (await all([
      startRedis({ folder, onDeath: die('Redis') }),
      startMariadb({ folder, onDeath: die('MariaDB') }),
      startMongodb({ folder, onDeath: die('MongoDB') }),
    ])) as [TestServer, TestServer, TestServer];
    await createDatabase(mariadb.url);

    const settings = {
      MYSQL_URL: `${mariadb.url}/${database}`,
      MONGODB_URI: `${mongodb.url}/${database}`,
      REDIS_URL: redis.url,
      JWT_SECRET: randomBytes(32).toString('base64url'),
      TRUST_PROXY: 'loopback',
      ...env,
    };
    const names = Array.from({ length: count }, (_, index) => `parley-${index + 1}`);
    instances = await all(names.map(name => startInstance({ folder, name, env: settings, main, onDeath: die(name) })));
    const [nginx] =
      options.nginx === false
        ? []
        : await all([startNginx({ folder, port: options.port, instances, onDeath: die('nginx') })]);

    return {
      url: nginx?.url ?? instances[0]?.url ?? '',
      redis,
      mariadb,
      mongodb,
      nginx,
      instances,
      async startDuplicate(name) {
        let exit: Exit | undefined;
        try {
          const duplicate = await startInstance({
            folder,
            name,
            // Its own folder, as it would be on another machine.
            env: { ...settings, DATA_DIR: join(folder, `${name}-duplicate`) },
            main,
            onDeath(how) {
              exit = how;
            },
          });
          running.push(duplicate);
        } catch (error) {
          if (exit) return { ...exit, stderr: String(error) };
          throw error;
        }
        throw new Error(`A second ${name} runs.`);
      },
      close() {
        closing ??= close();
        return closing;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
};

const createDatabase = async (url: string) => {
  const connection = await createConnection(url);
  try {
    await connection.query(`CREATE DATABASE IF NOT EXISTS ${database} CHARACTER SET utf8mb4`);
  } finally {
    await connection.end();
  }
};
