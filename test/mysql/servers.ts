import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { startMariadb } from '../../scripts/servers/mariadb.ts';
import type { TestServer } from '../../scripts/servers/program.ts';
import type { Storage } from '../../src/ports/storage.ts';
import { type MysqlOptions, openMysqlStorage } from '../../src/storage/sql/open.ts';

/** A real server for the tests of one file, and what they need of it. */
export const useMariadb = () => {
  let server: TestServer;
  let folder: string;
  let counter = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-mysql-'));
    server = await startMariadb({ folder });
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** A statement of the server's administrator. */
  const run = async <R extends object>(sql: string, database = ''): Promise<R[]> => {
    const connection = await createConnection(`${server.url}/${database}`);
    try {
      const [rows] = await connection.query<(R & RowDataPacket)[]>(sql);
      return rows;
    } finally {
      await connection.end();
    }
  };

  /** An empty database of its own; its URL. */
  const database = async () => {
    const name = `parley_${++counter}`;
    await run(`CREATE DATABASE ${name}`);
    return `${server.url}/${name}`;
  };

  const open = async (url: string, options: Partial<MysqlOptions> = {}): Promise<Storage> => {
    const storage = await openMysqlStorage({ url, poolSize: 10, ...options });
    onTestFinished(() => storage.close());
    return storage;
  };

  return {
    server: () => server,
    run,
    database,
    open,
    /** As many stores as wanted over one new database, as so many instances have them. */
    async openStorage(options: Partial<MysqlOptions> = {}) {
      const url = await database();
      const storage = await open(url, options);
      return { storage, url };
    },
  };
};
