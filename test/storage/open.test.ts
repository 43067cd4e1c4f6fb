import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Libsql from 'libsql';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkDatabase } from '../../src/storage/check-database.ts';
import { openSqliteStorage } from '../../src/storage/sql/open.ts';
import { addUser } from './contract/rows.ts';
import { openStorage, temporaryFolder } from './open-storage.ts';

/** A program that has a database for itself, and a moment more once it is told to end. */
const holding = `
  const database = new (require('libsql'))(process.argv[1]);
  database.exec('PRAGMA locking_mode = EXCLUSIVE');
  database.exec('BEGIN IMMEDIATE; CREATE TABLE held (x); ROLLBACK');
  console.log('held');
  process.stdin.once('data', () => setTimeout(() => process.exit(), 300));
`;

describe('opening the SQL file', () => {
  test('a file that is no database is refused by name', async () => {
    const file = join(await temporaryFolder(), 'parley.db');
    await writeFile(file, 'this is a letter, not a database. '.repeat(500));
    await expect(openSqliteStorage({ file })).rejects.toThrow(file);
  });

  test('a damaged database is refused by name', async () => {
    const { storage, file } = await openStorage();
    for (let i = 0; i < 200; i++) await addUser(storage);
    await storage.close();
    const damaged = join(await temporaryFolder(), 'damaged.db');
    const bytes = await readFile(file);
    bytes.fill(0x5a, 4096 * 2, bytes.length - 4096);
    await writeFile(damaged, bytes);
    await expect(openSqliteStorage({ file: damaged })).rejects.toThrow(damaged);
  });

  test('[G1] a file that is still being let go of, as by a process that was just killed, is waited for', async () => {
    const { storage, file } = await openStorage();
    await storage.close();
    const holder = spawn(process.execPath, ['-e', holding, file], { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void holder.kill());
    await once(holder.stdout, 'data');
    holder.stdin.end('now');
    // Holds up this process until the other one is gone.
    checkDatabase(file);
    await (await openSqliteStorage({ file })).close();
  });

  test('a folder that is not there is refused by name', async () => {
    const file = join(await temporaryFolder(), 'absent', 'parley.db');
    await expect(openSqliteStorage({ file })).rejects.toThrow(file);
  });

  test('what was stored is there after closing and opening, and a second opening migrates nothing', async () => {
    const { storage, file } = await openStorage();
    const user = await addUser(storage);
    await storage.close();
    const again = await openSqliteStorage({ file });
    expect(await again.users.find(user.id)).toEqual(user);
    await again.close();
  });

  test('a migration that died before it was noted runs again', async () => {
    const { storage, file } = await openStorage();
    const user = await addUser(storage);
    await storage.close();
    const raw = new Libsql(file);
    raw.exec('DELETE FROM migrations; DROP INDEX members_muted');
    raw.close();
    const again = await openSqliteStorage({ file });
    expect(await again.users.find(user.id)).toEqual(user);
    await again.close();
    const indexes = new Libsql(file).prepare("SELECT name FROM sqlite_master WHERE name = 'members_muted'").all();
    expect(indexes).toHaveLength(1);
  });

  test('the file is in WAL mode', async () => {
    const { storage, file } = await openStorage();
    await storage.ping();
    const raw = new Libsql(file);
    expect(raw.pragma('journal_mode')).toMatchObject([{ journal_mode: 'wal' }]);
    raw.close();
  });

  test('[G10] a closed store answers unavailable, and closing waits for what is under way', async () => {
    const { storage, file } = await openStorage();
    const writing = addUser(storage);
    await storage.close();
    const user = await writing;
    await expect(storage.users.find(user.id)).rejects.toMatchObject({ code: 'unavailable' });
    const again = await openSqliteStorage({ file });
    expect(await again.users.find(user.id)).toEqual(user);
    await again.close();
  });

  test('[G10] a file that another process holds for too long answers unavailable, and works when it lets go', async () => {
    const { storage, file } = await openStorage();
    const other = new Libsql(file, { timeout: 0 });
    other.exec('BEGIN IMMEDIATE');
    const refused = addUser(storage);
    await expect(refused).rejects.toMatchObject({ code: 'unavailable' });
    const waits = addUser(storage);
    setTimeout(() => other.exec('COMMIT'), 100);
    const user = await waits;
    expect(await storage.users.find(user.id)).toEqual(user);
    other.close();
  });
});
