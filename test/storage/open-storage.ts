import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openSqliteStorage } from '../../src/storage/sql/open.ts';

export const temporaryFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-sql-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

/** A real store in a folder of its own, both gone when the test is. */
export const openStorage = async () => {
  const file = join(await temporaryFolder(), 'parley.db');
  const storage = await openSqliteStorage({ file });
  onTestFinished(() => storage.close());
  return { storage, file };
};
