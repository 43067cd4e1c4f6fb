import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import Database from 'libsql';
import type { Log } from '../../src/ports/log.ts';
import { openSqliteLog, type SqliteLog, startWorker } from '../../src/storage/log/sqlite/log.ts';
import type { LogHarness } from './log-harness.ts';

export interface SqliteHarness extends LogHarness {
  readonly log: SqliteLog;
  readonly file: string;
  reopen(): Promise<SqliteLog>;
}

/** Resolves once the log answers again; fails after 10 seconds. */
const answering = async (log: Log) => {
  for (const until = Date.now() + 10_000; ; ) {
    try {
      return await log.ping();
    } catch (error) {
      if (Date.now() > until) throw error;
      await sleep(20);
    }
  }
};

export const openSqliteHarness = async (): Promise<SqliteHarness> => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-log-'));
  const file = join(folder, 'log.db');
  let worker: Worker | undefined;
  const open = () =>
    openSqliteLog({
      file,
      start: at => {
        worker = startWorker(at);
        return worker;
      },
    });
  let log = await open();
  const others: Log[] = [];
  return {
    get log() {
      return log;
    },
    file,
    async openSecond() {
      const second = await openSqliteLog({ file });
      others.push(second);
      return second;
    },
    async reopen() {
      await log.close();
      log = await open();
      return log;
    },
    async interrupt() {
      await worker?.terminate();
      await answering(log);
    },
    async refuseCommits() {
      // Another process that writes for longer than the log waits for it.
      const blocking = new Database(file);
      blocking.exec('BEGIN IMMEDIATE');
      return async () => {
        blocking.exec('ROLLBACK');
        blocking.close();
      };
    },
    opener: { module: new URL('./sqlite-log-opener.ts', import.meta.url).href, argument: file },
    async dispose() {
      for (const opened of [log, ...others]) await opened.close();
      await rm(folder, { recursive: true });
    },
  };
};
