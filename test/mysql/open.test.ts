import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lockName, openMigrator } from '../../src/storage/sql/migrator.ts';
import { openMysqlStorage } from '../../src/storage/sql/open.ts';
import { addUser } from '../storage/contract/rows.ts';
import { useMariadb } from './servers.ts';

const { server, run, database, open, openStorage } = useMariadb();

/** How opening fails, and after how many milliseconds. */
const failing = async (url: string) => {
  const begun = performance.now();
  const error: Error = await openMysqlStorage({ url, poolSize: 5 }).then(
    async storage => {
      await storage.close();
      throw new Error('It opened.');
    },
    error => error,
  );
  return { message: error.message, cause: error.cause, ms: performance.now() - begun };
};

/** Takes connections and says nothing. */
const silentServer = async () => {
  const sockets: Socket[] = [];
  const silent = createServer(socket => sockets.push(socket.on('error', () => socket.destroy())));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const { port } = silent.address() as { port: number };
  return { url: `mysql://somebody:s3cret@127.0.0.1:${port}/parley`, sockets };
};

describe('opening', () => {
  test('a server that refuses or says nothing is told within three seconds, and the password is not', async () => {
    const { url } = await silentServer();
    const silent = await failing(url);
    expect(silent.message).toMatch(/^MySQL at 127\.0\.0\.1:\d+ does not answer \(ETIMEDOUT\)$/);
    expect(silent.ms).toBeLessThan(3_000);
    const closed = await failing('mysql://somebody:s3cret@localhost:9/parley');
    expect(closed.message).toBe('MySQL at localhost:9 does not answer (ECONNREFUSED)');
    expect(closed.cause).toBeUndefined();
  });

  test('a missing database is named, and not created', async () => {
    const { message } = await failing(`${server().url}/absent`);
    expect(message).toMatch(/^MySQL at 127\.0\.0\.1:\d+ has no database absent: it must be created first$/);
    expect(await run("SHOW DATABASES LIKE 'absent'")).toEqual([]);
  });

  test('a refused user is named without the password; a password with awkward characters works', async () => {
    const url = await database();
    const { host, pathname } = new URL(url);
    await run("CREATE USER who IDENTIFIED BY 'p@ss/w#rd?%'");
    const right = `mysql://who:${encodeURIComponent('p@ss/w#rd?%')}@${host}${pathname}`;
    for (const wrong of [right.replace('who:', 'who:s3cret'), right]) {
      const { message } = await failing(wrong);
      expect(message).toMatch(/^MySQL at 127\.0\.0\.1:\d+ refuses the user who for the database parley_\d+$/);
    }
    await run(`GRANT ALL ON ${pathname.slice(1)}.* TO who`);
    await (await open(right)).ping();
  });

  test.each([
    ['mysql://who:s3#cret@host/db', 'The URL of MySQL is none'],
    ['mysql://who:s3%cret@host/db', 'The URL of MySQL is none'],
    ['mysql://who:s3cret@host', 'names no database'],
    ['mysql://who:s3cret@host/db?multipleStatements=true', 'takes no parameter but ssl=true'],
  ])('a wrong URL is told without its password: %s', async (url, why) => {
    const { message } = await failing(url);
    expect(message).toContain(why);
    expect(message).not.toContain('cret');
  });

  test('[G1] a server that commits without writing to disk is told of', async () => {
    const url = await database();
    const heard: string[] = [];
    const onError = (error: Error) => heard.push(error.message);
    await open(url, { onError });
    expect(heard).toEqual([]);
    await run('SET GLOBAL innodb_flush_log_at_trx_commit = 2');
    onTestFinished(async () => void (await run('SET GLOBAL innodb_flush_log_at_trx_commit = 1')));
    await open(url, { onError });
    expect(heard).toEqual([expect.stringContaining('innodb_flush_log_at_trx_commit is 2')]);
  });

  test('a key that does not fit its column is a definite error', async () => {
    const { storage } = await openStorage();
    await expect(addUser(storage, { username: 'x'.repeat(200) })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('[G10] a hundred calls over one connection take turns; a closed store answers unavailable', async () => {
    const { storage, url } = await openStorage({ poolSize: 1 });
    const people = await Promise.all(Array.from({ length: 100 }, () => addUser(storage)));
    expect(await storage.users.findMany(people.map(({ id }) => id))).toHaveLength(100);
    const writing = addUser(storage);
    await storage.close();
    const user = await writing;
    await expect(storage.users.find(user.id)).rejects.toMatchObject({ code: 'unavailable' });
    const again = await open(url);
    expect(await again.users.find(user.id)).toEqual(user);
  });
});

describe('the schema', () => {
  test('three that open an empty database at once all succeed', async () => {
    const url = await database();
    const stores = await Promise.all(Array.from({ length: 3 }, () => open(url)));
    for (const storage of stores) await addUser(storage);
    const migrator = await openMigrator({ url });
    onTestFinished(migrator.close);
    expect(await migrator.status()).toEqual({ applied: ['0001-initial'], pending: [] });
    expect(await migrator.up()).toEqual([]);
  });

  test('who comes while another one migrates waits for it', async () => {
    const url = await database();
    const other = await createConnection(url);
    onTestFinished(() => other.end());
    const lock = lockName({ database: new URL(url).pathname.slice(1) });
    await other.query(`SELECT GET_LOCK('${lock}', 0)`);
    const opening = open(url);
    // Longer than a call waits for a connection.
    await delay(5_000);
    expect((await other.query('SHOW TABLES'))[0]).toEqual([]);
    await other.query(`SELECT RELEASE_LOCK('${lock}')`);
    await addUser(await opening);
  });

  test('looking at it writes nothing', async () => {
    const url = await database();
    const migrator = await openMigrator({ url });
    onTestFinished(migrator.close);
    expect(await migrator.status()).toEqual({ applied: [], pending: ['0001-initial'] });
    const name = new URL(url).pathname.slice(1);
    expect(await run(`SHOW TABLES FROM ${name}`)).toEqual([]);
    expect(await migrator.up()).toEqual(['0001-initial']);
    expect(await migrator.status()).toEqual({ applied: ['0001-initial'], pending: [] });
  });

  test('a migration that died before it was noted runs again', async () => {
    const { storage, url } = await openStorage();
    const user = await addUser(storage);
    const name = new URL(url).pathname.slice(1);
    await run(`DELETE FROM ${name}.migrations`);
    await run(`DROP INDEX members_muted ON ${name}.members`);
    await run(`DROP TABLE ${name}.feed_stamps`);
    const again = await open(url);
    expect(await again.users.find(user.id)).toEqual(user);
    await again.notifications.setStamp('n', '1');
    expect(await run(`SHOW INDEX FROM ${name}.members WHERE Key_name = 'members_muted'`)).toHaveLength(2);
  });

  test('a migrator whose connection is killed fails, and the next one finishes its work', async () => {
    const url = await database();
    const name = new URL(url).pathname.slice(1);
    const migrator = await openMigrator({ url });
    onTestFinished(migrator.close);
    const migrating = migrator.up().then(
      () => 'done',
      () => 'failed',
    );
    // Whoever creates tables holds the lock on the same connection.
    let killed = 0;
    while (killed === 0) {
      const [busy] = await run<{ id: number }>(
        `SELECT id FROM information_schema.processlist WHERE db = '${name}' AND info LIKE 'CREATE TABLE%' LIMIT 1`,
      );
      if (busy) await run(`KILL ${busy.id}`).then(() => killed++);
      else if ((await run(`SHOW TABLES FROM ${name} LIKE 'feed_stamps'`)).length > 0) break;
    }
    await migrating;
    expect(await openMigrator({ url }).then(async ({ up, close }) => up().finally(close))).toBeInstanceOf(Array);
    await addUser(await open(url));
  });

  test('every table compares by code point and is transactional', async () => {
    const { url } = await openStorage();
    const tables = await run<{ collation: string; engine: string }>(
      `SELECT TABLE_COLLATION AS collation, ENGINE AS engine FROM information_schema.TABLES
       WHERE TABLE_SCHEMA = '${new URL(url).pathname.slice(1)}'`,
    );
    expect(tables).toHaveLength(9);
    for (const table of tables) expect(table).toEqual({ collation: 'utf8mb4_nopad_bin', engine: 'InnoDB' });
  });
});
