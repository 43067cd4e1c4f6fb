import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import type { TestServer } from '../../scripts/servers/program.ts';
import type { Log } from '../../src/ports/log.ts';
import { type MongoLog, openMongoLog } from '../../src/storage/log/mongo/log.ts';
import type { LogHarness } from '../contracts/log-harness.ts';
import { startProxy, type Wire } from './proxy.ts';

export interface MongoHarness extends LogHarness {
  readonly log: MongoLog;
  /** Between `log` and the server, as `proxied` is. */
  readonly proxy: Wire;
  readonly proxied: string;
  /** Of the database of this test, past the proxy. */
  readonly uri: string;
  openSecond(): Promise<MongoLog>;
  reopen(): Promise<MongoLog>;
  /** The database itself, as an administrator sees it. */
  readonly database: mongoose.mongo.Db;
}

/** Resolves once the log answers again; fails after 10 seconds. */
export const answering = async (log: Log) => {
  for (const until = Date.now() + 10_000; ; ) {
    try {
      return await log.ping();
    } catch (error) {
      if (Date.now() > until) throw error;
      await sleep(20);
    }
  }
};

export const openMongoHarness = async (server: TestServer): Promise<MongoHarness> => {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const uri = `${server.url}/${name}`;
  const proxy = await startProxy(server.port);
  const admin = await mongoose.createConnection(uri).asPromise();
  // Else the driver would connect to the address by which the server names itself.
  const proxied = `mongodb://127.0.0.1:${proxy.port}/${name}?directConnection=true`;
  const open = () => openMongoLog({ uri: proxied, poolSize: 10 });
  let log = await open();
  const others: Log[] = [];
  return {
    get log() {
      return log;
    },
    proxy,
    proxied,
    uri,
    database: admin.db!,
    async openSecond() {
      const second = await openMongoLog({ uri, poolSize: 10 });
      others.push(second);
      return second;
    },
    async reopen() {
      await log.close();
      log = await open();
      return log;
    },
    async interrupt() {
      await Promise.race([proxy.passing(), sleep(100)]);
      // Before, while or after what passed is carried out.
      await sleep(Math.random() * 4);
      proxy.cut();
      await answering(log);
    },
    async refuseCommits() {
      proxy.judge(({ insert }) => (insert === 'events' ? 'refuse' : 'pass'));
      return async () => proxy.judge();
    },
    opener: { module: new URL('./log-opener.ts', import.meta.url).href, argument: uri },
    async dispose() {
      for (const opened of [log, ...others]) await opened.close();
      await admin.db?.dropDatabase();
      await admin.close();
      await proxy.close();
    },
  };
};
