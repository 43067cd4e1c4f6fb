import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Libsql from 'libsql';
import { describe, expect, test } from 'vitest';
import { openSqliteStorage } from '../../src/storage/sql/open.ts';
import { addUser } from './contract/rows.ts';
import { openStorage, temporaryFolder } from './open-storage.ts';

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
