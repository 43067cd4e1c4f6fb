import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { foldedQueries } from '../../src/storage/log/sqlite/folded-reader.ts';
import { openSqliteLog, startWorker } from '../../src/storage/log/sqlite/log.ts';
import { queries } from '../../src/storage/log/sqlite/reader.ts';
import type { Request } from '../../src/storage/log/sqlite/requests.ts';
import { openForWriting } from '../../src/storage/log/sqlite/schema.ts';
import { inTransaction } from '../../src/storage/log/sqlite/transaction.ts';
import { logContract } from './log-contract.ts';
import { append, empty, message, newEvent, readAll } from './log-harness.ts';
import { openSqliteHarness, type SqliteHarness } from './sqlite-log-harness.ts';

logContract('SQLite', openSqliteHarness);

describe('the log in a SQLite file', () => {
  let harness: SqliteHarness;
  beforeEach(async () => {
    harness = await openSqliteHarness();
  });
  afterEach(() => harness.dispose());
  const path = (name: string) => join(dirname(harness.file), name);

  /** Every byte of every file beside the log. */
  const raw = () =>
    readdirSync(dirname(harness.file))
      .map(name => readFileSync(path(name), 'latin1'))
      .join('\n');

  test('[G1] commits are durable and erased bytes are overwritten', () => {
    const database = openForWriting(path('other.db'));
    const pragma = (name: string) => database.prepare(`PRAGMA ${name}`).raw().get();
    expect(pragma('journal_mode')).toEqual(['wal']);
    expect(pragma('synchronous')).toEqual([2]);
    expect(pragma('secure_delete')).toEqual([1]);
    database.close();
  });

  test('what waits while a transaction runs goes into the next one, whatever its conversation', async () => {
    const requests: Request['kind'][] = [];
    const log = await openSqliteLog({
      file: path('other.db'),
      start: file => {
        const worker = startWorker(file);
        const post = worker.postMessage.bind(worker);
        worker.postMessage = (request: Request) => {
          requests.push(request.kind);
          post(request);
        };
        return worker;
      },
    });
    const first = log.append('first', empty, [message('x')]);
    await vi.waitUntil(() => requests.length === 1);
    const rest = Array.from({ length: 100 }, (_, i) => log.append(`c${i}`, empty, [message('x', `u${i}`)]));
    for (const { stored } of await Promise.all([first, ...rest])) expect(stored).toHaveLength(1);
    expect(requests).toEqual(['append', 'append']);
    await log.close();
  });

  test('one append that no log can hold does not fail those that share its transaction', async () => {
    const { log } = harness;
    const bad = { ...message('x'), from: null } as object as ReturnType<typeof message>;
    const circular = message('x');
    Object.assign(circular.payload, { circular: circular.payload });
    const results = await Promise.allSettled([
      log.append('c1', empty, [message('fine')]),
      log.append('c2', empty, [bad]),
      log.append('c3', empty, [circular]),
      log.append('c4', empty, [message('fine too')]),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect((await log.heads(['c1', 'c2', 'c3', 'c4'])).size).toBe(2);
  });

  test('every read is answered from an index, and a window is bounded by it on both sides', () => {
    const windows: Record<string, string> = {
      range: 'events_seq (c=? AND seq>? AND seq<?)',
      page: 'events_n (c=? AND n>? AND n<?)',
      changes: 'conversations_stamp (stamp>?)',
    };
    const database = openForWriting(path('plans.db'));
    for (const [name, sql] of Object.entries({ ...queries, ...foldedQueries })) {
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).raw().all([]) as [number, number, number, string][];
      const steps = plan.map(([, , , step]) => step);
      const scans = steps.filter(step => /^SCAN (?!j VIRTUAL|CONSTANT)/.test(step));
      expect(scans, `${name}: ${steps.join('; ')}`).toEqual([]);
      // With the near end open, a deep page would read all those before it.
      expect(steps.join('; ')).toContain(windows[name] ?? 'SEARCH');
      // Only the few different emoji of one message are sorted, never a page.
      if (name !== 'counts') expect(steps.join('; '), name).not.toContain('TEMP B-TREE');
    }
    database.close();
  });

  test('erased text is in no file: soon while the log is open, and whatever was moved about in between', async () => {
    const { log } = harness;
    const sizes = [20, 200, 1_500, 7_000];
    const marks = Array.from({ length: 400 }, (_, i) => `mark-${i}-${crypto.randomUUID()}`);
    const places: { id: string; seq: number }[] = [];
    for (const [i, mark] of marks.entries()) {
      const id = `c${i % 7}`;
      const [stored] = await append(log, id, message(`${mark} ${'x'.repeat(sizes[i % 4]!)} ${mark}`));
      places.push({ id, seq: stored!.seq });
      if (i % 5 === 0) {
        await append(log, id, newEvent('edit', { target_seq: stored!.seq, message: `${mark} edited` }, 'ann'));
      }
    }
    const live = new Set(marks.keys());
    const eraseSome = async (every: number) => {
      for (const i of [...live].filter((_, k) => k % every !== 0)) {
        const { id, seq } = places[i]!;
        if (i % 2) await log.erase(id, seq);
        else await append(log, id, newEvent('unsend', { target_seq: seq }, 'ann'));
        live.delete(i);
      }
      const remains = () => {
        const bytes = raw();
        return marks.flatMap((mark, i) => (bytes.includes(mark) ? [i] : []));
      };
      await vi.waitUntil(() => remains().length <= live.size, { timeout: 5_000, interval: 50 });
      expect(remains()).toEqual([...live]);
    };
    await eraseSome(3);
    await eraseSome(1_000_000);
    await log.drop('c0');
    expect(live.size).toBe(1);
  });

  test('a crash between an erasure and the emptying of the write-ahead log leaves no text behind', async () => {
    const mark = `mark-${crypto.randomUUID()}`;
    await append(harness.log, 'c1', message(mark));
    expect(raw()).toContain(mark);
    await append(harness.log, 'c1', newEvent('unsend', { target_seq: 1 }, 'ann'));
    await harness.interrupt();
    expect(raw()).not.toContain(mark);
  });

  test('closing leaves no erased text behind', async () => {
    const mark = `mark-${crypto.randomUUID()}`;
    await append(harness.log, 'c1', message(mark), newEvent('unsend', { target_seq: 1 }, 'ann'));
    await harness.log.close();
    expect(raw()).not.toContain(mark);
  });

  test('folds made anew from the events are those that were kept', async () => {
    const { log } = harness;
    const react = (target_seq: number, emoji: string, i: number) =>
      newEvent(i % 3 ? 'react' : 'unreact', { target_seq, emoji }, `u${i % 5}`);
    const edit = (target_seq: number, i: number) => newEvent('edit', { target_seq, message: `edit ${i}` }, 'ann');
    await append(log, 'c1', ...Array.from({ length: 30 }, (_, i) => message(`${i}`)));
    const later = Array.from({ length: 1_500 }, (_, i) =>
      i % 4 ? react(1 + (i % 29), ['👍', '🎉', '❤️'][i % 3]!, i) : edit(1 + (i % 31), i),
    );
    await append(log, 'c1', ...later);
    await append(log, 'c1', newEvent('unsend', { target_seq: 5 }, 'ann'), edit(5, 9_999));
    const before = await log.messages('c1', 0, 100, 'u1');
    expect(before.some(({ reactions }) => reactions.length > 1)).toBe(true);
    expect(before[4]?.event.payload).toEqual({ unsent: true });
    await log.rebuildFolds('c1');
    expect(await log.messages('c1', 0, 100, 'u1')).toEqual(before);
    // An edit that came behind the unsending must not bring a text back, not even in the log.
    expect((await readAll(log, 'c1')).at(-1)?.payload).toMatchObject({ unsent: true });
  });

  test('a full disk refuses the whole transaction as unavailable', () => {
    const database = openForWriting(path('small.db'));
    const insert = (key: number) =>
      database
        .prepare(
          "INSERT INTO events (c, seq, n, kind, sender, client_id, date, random, payload) VALUES (1, ?, ?, 0, '', ?, 0, '', ?)",
        )
        .run([key, key, `${key}`, 'x'.repeat(4_000)]);
    const [pages] = database.prepare('PRAGMA page_count').raw().get() as [number];
    database.exec(`PRAGMA max_page_count = ${pages + 5}`);
    inTransaction(database, () => insert(1));
    const fill = () => inTransaction(database, () => [2, 3, 4, 5, 6, 7, 8, 9].forEach(insert));
    expect(fill).toThrow(expect.objectContaining({ code: 'unavailable' }));
    expect(database.inTransaction).toBe(false);
    const count = () => database.prepare('SELECT count(*) FROM events').raw().get();
    expect(count()).toEqual([1]);
    database.exec(`PRAGMA max_page_count = ${pages + 500}`);
    fill();
    expect(count()).toEqual([9]);
    database.close();
  });

  describe('refuses, and leaves as it is,', () => {
    const refused = async (name: string, why: RegExp) => {
      const before = readFileSync(path(name));
      const error = await openSqliteLog({ file: path(name) }).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      expect(error).toBeInstanceOf(Error);
      expect(String(error)).toContain(path(name));
      expect(String(error)).toMatch(why);
      expect(readFileSync(path(name)).equals(before)).toBe(true);
    };

    test('a file that is no database', async () => {
      writeFileSync(path('text.db'), 'Dear diary, '.repeat(1_000));
      await refused('text.db', /not a database/);
    });

    test('another SQLite database', async () => {
      const database = new Database(path('foreign.db'));
      database.exec('CREATE TABLE recipes (id INTEGER PRIMARY KEY)');
      database.close();
      await refused('foreign.db', /not a message log/);
    });

    test('a log of the first version is brought up to date: its reactions are counted up to its head', async () => {
      const file = path('older.db');
      const log = await openSqliteLog({ file });
      const react = { ...message('', 'bob'), kind: 'react', payload: { target_seq: 1, emoji: '👍' } } as const;
      await log.append('c1', empty, [message('hello'), react, message('more')]);
      await log.close();
      const database = openForWriting(file);
      database.exec('DROP TABLE reacted; PRAGMA user_version = 1');
      database.close();
      const again = await openSqliteLog({ file });
      const counted = (await again.messages('c1', 0, 10, 'bob')).map(({ reactions, reactions_seq }) => [
        reactions.length,
        reactions_seq,
      ]);
      expect(counted).toEqual([
        [1, 3],
        [0, undefined],
      ]);
      await again.close();
    });

    test('a log of a newer version', async () => {
      const database = openForWriting(path('newer.db'));
      database.exec('PRAGMA journal_mode = DELETE');
      database.exec('PRAGMA user_version = 99');
      database.close();
      await refused('newer.db', /version is 99/);
    });

    test('a damaged log', async () => {
      const database = openForWriting(path('damaged.db'));
      database.exec('PRAGMA journal_mode = DELETE');
      database.close();
      const bytes = readFileSync(path('damaged.db'));
      bytes.fill(0x5a, 4_096 * 3, 4_096 * 6);
      writeFileSync(path('damaged.db'), bytes);
      await refused('damaged.db', /cannot be used: ./);
    });

    test('a path where no file can be', async () => {
      await expect(openSqliteLog({ file: path('none/log.db') })).rejects.toThrow(path('none/log.db'));
    });
  });
});
