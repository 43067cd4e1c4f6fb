import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { startMariadb } from '../../scripts/servers/mariadb.ts';
import { startMongodb } from '../../scripts/servers/mongodb.ts';
import type { TestServer as StoreServer } from '../../scripts/servers/program.ts';
import { startRedis } from '../../scripts/servers/redis.ts';
import type { Config } from '../../src/config.ts';

export type StoreConfig = Pick<Config, 'mysqlUrl' | 'mongodbUri' | 'redisUrl' | 'redisPrefix' | 'jwtSecret'>;

/** The real servers that instances share. */
export interface StoreServers {
  redis: StoreServer;
  mariadb: StoreServer;
  mongodb: StoreServer;
  /** Databases and keys that nobody has used yet. */
  fresh(): Promise<StoreConfig>;
  close(): Promise<void>;
}

export const startStoreServers = async (): Promise<StoreServers> => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-stores-'));
  const [redis, mariadb, mongodb] = await Promise.all([
    startRedis({ folder }),
    startMariadb({ folder }),
    startMongodb({ folder }),
  ]);
  return {
    redis,
    mariadb,
    mongodb,
    async fresh() {
      const name = `parley_${randomBytes(5).toString('hex')}`;
      const connection = await createConnection(mariadb.url);
      await connection.query(`CREATE DATABASE ${name}`);
      await connection.end();
      return {
        mysqlUrl: `${mariadb.url}/${name}`,
        mongodbUri: `${mongodb.url}/${name}`,
        redisUrl: redis.url,
        redisPrefix: `${name}:`,
        jwtSecret: randomBytes(32).toString('hex'),
      };
    },
    async close() {
      for (const server of [redis, mariadb, mongodb]) await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
