import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mongoose from 'mongoose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startMongodb } from '../../scripts/servers/mongodb.ts';
import type { TestServer } from '../../scripts/servers/program.ts';
import type { Log } from '../../src/ports/log.ts';
import { databaseOf } from '../../src/storage/log/mongo/connection.ts';
import { openMongoLog } from '../../src/storage/log/mongo/log.ts';
import { inspectMongoLog, prepareMongoLog } from '../../src/storage/log/mongo/schema.ts';
import {
  append,
  codeOf,
  contend,
  empty,
  follow,
  message,
  misnumbered,
  newEvent,
  readAll,
} from '../contracts/log-harness.ts';
import { type MongoHarness, openMongoHarness } from './log-harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-mongodb-'));
let server: TestServer;
let harness: MongoHarness;
beforeAll(async () => {
  server = await startMongodb({ folder });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  harness = await openMongoHarness(server);
});
afterEach(() => harness.dispose());

const react = (target_seq: number, emoji: string, from: string, kind: 'react' | 'unreact' = 'react') =>
  newEvent(kind, { target_seq, emoji }, from);

/** What the head row of a conversation says, without going through any log. */
const rowOf = async (conversation_id: string) =>
  (await harness.database.collection<{ _id: string; head: { seq: number } }>('heads').findOne({ _id: conversation_id }))
    ?.head.seq ?? 0;

describe('a hot conversation', () => {
  for (const count of [2, 3]) {
    test(`[G3] ${count} instances append to it without a hole, and none of them starves`, async () => {
      // All of them with the same way to the server.
      const logs = await Promise.all(Array.from({ length: count }, harness.openSecond));
      const each = 60;
      const done = logs.map(() => 0);
      let whenFirstEnded: number[] | undefined;
      const appender = async (log: Log, i: number) => {
        for (let k = 0; k < each; k += 1) {
          await contend(log, 'hot', message(`${i}.${k}`, `user${i}`, `${k}`));
          done[i]! += 1;
        }
        whenFirstEnded ??= [...done];
      };
      await Promise.all(logs.map(appender));
      const events = await readAll(harness.log, 'hot');
      expect(misnumbered(events)).toEqual([]);
      expect(new Set(events.map(({ payload }) => payload.message)).size).toBe(each * count);
      expect(Math.min(...(whenFirstEnded ?? []))).toBeGreaterThan(each / 10);
    });
  }

  test('reactions from two instances, cut off in the middle, are counted once each', async () => {
    const { log } = harness;
    const logs = [log, await harness.openSecond()];
    await append(log, 'c1', message('popular'));
    const reactor = async (i: number) => {
      const events = [react(1, '👍', `u${i}`), react(1, '🎉', `u${i}`), react(1, '👍', `u${i}`, 'unreact')];
      for (const event of [...events, react(1, '👍', `u${i}`)]) {
        for (;;) {
          try {
            await contend(logs[i % 2]!, 'c1', event);
            break;
          } catch (error) {
            expect(['unavailable', 'unknown_outcome']).toContain(codeOf(error));
          }
        }
      }
    };
    const all = Promise.all(Array.from({ length: 8 }, (_, i) => reactor(i)));
    await harness.interrupt();
    await harness.interrupt();
    await all;
    for (const reader of logs) {
      const found = await reader.messageAt('c1', 1, 'u1');
      expect(found?.reactions.toSorted((a, b) => a.emoji.localeCompare(b.emoji))).toEqual(
        [
          { emoji: '👍', count: 8, me: true },
          { emoji: '🎉', count: 8, me: true },
        ].toSorted((a, b) => a.emoji.localeCompare(b.emoji)),
      );
    }
  });
});

describe('what an instance leaves behind', () => {
  /** Another process appends, and dies when its event is stored and `swallowed` is on its way. */
  const crash = async (kind: 'message' | 'react', swallowed: 'heads' | 'reactions') => {
    const script = fileURLToPath(new URL('./crash-child.ts', import.meta.url));
    const loader = new URL('../../scripts/typescript-threads.mjs', import.meta.url).href;
    const child = spawn(process.execPath, ['--import', loader, script, harness.proxied, kind], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    harness.proxy.judge(({ update, insert }) => ([update, insert].includes(swallowed) ? 'swallow' : 'pass'));
    child.stdin.write('go\n');
    const events = harness.database.collection('events');
    await vi.waitUntil(async () => (await events.countDocuments({ conversation_id: 'talk' })) === 2, {
      timeout: 5_000,
    });
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    harness.proxy.judge();
  };

  test('[G8] between the insert and the head row is finished within 10 s by another, without anybody asking', async () => {
    const { log } = harness;
    const { next } = await follow(log, '');
    await crash('message', 'heads');
    expect(await rowOf('talk')).toBe(1);
    await vi.waitUntil(async () => (await rowOf('talk')) === 2, { timeout: 10_000, interval: 100 });
    expect((await follow(log, next)).seqs.get('talk')).toBe(2);
  });

  test('before a reaction is counted is counted by another', async () => {
    const { log } = harness;
    await crash('react', 'reactions');
    expect((await log.messageAt('talk', 1, 'bob'))?.reactions).toEqual([]);
    await vi.waitUntil(async () => (await rowOf('talk')) === 2, { timeout: 10_000, interval: 100 });
    expect((await log.messageAt('talk', 1, 'bob'))?.reactions).toEqual([{ emoji: '👍', count: 1, me: true }]);
  });

  test('is finished by whoever comes first', async () => {
    const { log } = harness;
    await crash('react', 'reactions');
    expect(await log.head('talk')).toMatchObject({ seq: 2 });
    expect(await rowOf('talk')).toBe(2);
    expect(await log.append('talk', { seq: 1, n: 1 }, [react(1, '👍', 'bob')])).toEqual({
      stored: [],
      conflict: { on: 'seq' },
    });
    await append(log, 'talk', react(1, '👍', 'cid'));
    expect((await log.messageAt('talk', 1, 'bob'))?.reactions).toEqual([{ emoji: '👍', count: 2, me: true }]);
  });

  test('[G10] when its connection was cut behind the insert is finished by itself, or by a lookup at once', async () => {
    const { log, proxy } = harness;
    await append(log, 'c1', message('first'));
    await append(log, 'c2', message('first'));
    const ats = [await log.head('c1'), await log.head('c2')];
    proxy.judge(({ update }) => (update === 'heads' ? 'swallow' : 'pass'));
    const sent = message('second', 'ann', 'x');
    const begun = Promise.allSettled(['c1', 'c2'].map((id, i) => log.append(id, ats[i]!, [sent])));
    for (const result of await begun) expect(result).toMatchObject({ reason: { code: 'unknown_outcome' } });
    expect(await rowOf('c1')).toBe(1);
    proxy.judge();
    proxy.cut();
    await vi.waitUntil(async () => (await log.byClientId('c2', 'ann', 'x').catch(() => undefined)) !== undefined);
    expect(await rowOf('c2')).toBe(2);
    await vi.waitUntil(async () => (await rowOf('c1')) === 2, { timeout: 10_000, interval: 100 });
  });

  test('leaves nothing when it is closed in order', async () => {
    const second = await harness.openSecond();
    await append(second, 'c1', message('x'));
    const writers = harness.database.collection('writers');
    expect(await writers.countDocuments()).toBe(2);
    await second.close();
    expect(await writers.countDocuments()).toBe(1);
  });
});

describe('the feed', () => {
  const heads = () => harness.database.collection<{ _id: string }>('heads');
  const rowAt = async (_id: string, secondsAgo: number) => {
    const now = await harness.database.command({ hello: 1 });
    const seconds = Math.floor((now['localTime'] as Date).getTime() / 1_000);
    const stamp = new mongoose.mongo.Timestamp({ t: seconds - secondsAgo, i: 1 });
    await heads().insertOne({ _id, head: { seq: 1, n: 1, random: 'x' }, stamp } as never);
  };

  test('a change that becomes visible after a later one is not skipped', async () => {
    const { log } = harness;
    for (let i = 0; i < 5; i += 1) await append(log, `c${i}`, message('x'));
    const { next } = await follow(log, '');
    await rowAt('late', 3);
    expect((await follow(log, next)).seqs.get('late')).toBe(1);
  });

  test('what was told is not told again to who goes on where it ended', async () => {
    const { log } = harness;
    for (let i = 0; i < 5; i += 1) await append(log, `c${i}`, message('x'));
    const { next } = await follow(log, '');
    const again = await log.changes(next, 100);
    expect(again.changes).toEqual([]);
    await append(log, 'c3', message('y'));
    const { changes } = await log.changes(again.next, 100);
    expect(changes).toEqual([{ conversation_id: 'c3', seq: 2, n: 2 }]);
    // Whoever goes back hears it again, as does another instance.
    expect((await log.changes(again.next, 100)).changes).toEqual(changes);
    expect((await follow(await harness.openSecond(), again.next)).seqs.get('c3')).toBe(2);
  });

  test('rows of one stamp are told all, in pages smaller than they', async () => {
    const { log } = harness;
    for (let i = 0; i < 10; i += 1) await rowAt(`old${i}`, 1_000);
    for (let i = 0; i < 10; i += 1) await rowAt(`new${i}`, 0);
    expect((await follow(log, '', 3)).seqs.size).toBe(20);
  });
});

describe('the log in MongoDB', () => {
  test('one append that no log can hold does not fail those that are sent with it', async () => {
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
    expect([...(await log.heads(['c1', 'c2', 'c3', 'c4'])).keys()].sort()).toEqual(['c1', 'c4']);
  });

  test('more bytes than one command carries are stored in order', async () => {
    const { log, proxy } = harness;
    let inserts = 0;
    proxy.judge(({ insert }) => {
      if (insert === 'events') inserts += 1;
      return 'pass';
    });
    const long = Array.from({ length: 400 }, (_, i) => message(`${i} ${'x'.repeat(7_900)}`));
    expect(await append(log, 'c1', ...long)).toHaveLength(400);
    expect(inserts).toBeGreaterThan(1);
    expect(misnumbered(await readAll(log, 'c1'))).toEqual([]);
  });

  test('folds made anew from the events are those that were kept', async () => {
    const { log } = harness;
    const edit = (target_seq: number, i: number) => newEvent('edit', { target_seq, message: `edit ${i}` }, 'ann');
    await append(log, 'c1', ...Array.from({ length: 30 }, (_, i) => message(`${i}`)));
    const later = Array.from({ length: 1_500 }, (_, i) =>
      i % 4
        ? react(1 + (i % 29), ['👍', '🎉', '❤️'][i % 3]!, `u${i % 5}`, i % 3 ? 'react' : 'unreact')
        : edit(1 + (i % 31), i),
    );
    await append(log, 'c1', ...later);
    await append(log, 'c1', newEvent('unsend', { target_seq: 5 }, 'ann'), edit(5, 9_999));
    await log.erase('c1', 7);
    const before = await log.messages('c1', 0, 100, 'u1');
    expect(before.some(({ reactions }) => reactions.length > 1)).toBe(true);
    expect(before[4]?.event.payload).toEqual({ unsent: true });
    await log.rebuildFolds('c1');
    expect(await log.messages('c1', 0, 100, 'u1')).toEqual(before);
    expect((await readAll(log, 'c1')).at(-1)?.payload).toMatchObject({ unsent: true });
  });

  test('erased text is in no collection', async () => {
    const { log } = harness;
    const secret = `secret-${crypto.randomUUID()}`;
    await append(log, 'c1', newEvent('message', { message: secret, mentions: [secret] }, 'ann'));
    await append(log, 'c1', newEvent('edit', { target_seq: 1, message: `${secret}!`, mentions: [secret] }, 'ann'));
    const everything = async () => {
      const collections = await harness.database.collections();
      return JSON.stringify(await Promise.all(collections.map(collection => collection.find().toArray())));
    };
    expect(await everything()).toContain(secret);
    await log.erase('c1', 1);
    expect(await everything()).not.toContain(secret);
    await append(log, 'c1', newEvent('edit', { target_seq: 1, message: `${secret} too late` }, 'ann'));
    expect(await everything()).not.toContain(secret);
  });

  test('dropping leaves nothing, and the conversation whose id begins alike', async () => {
    const { log } = harness;
    for (const id of ['c1', 'c1.-_', 'c10']) await append(log, id, message('x'), react(1, '👍', 'ann'));
    await log.drop('c1');
    for (const name of ['events', 'heads', 'folds', 'reactions']) {
      const collection = harness.database.collection<{ _id: unknown; conversation_id?: string }>(name);
      const ids = (await collection.find().toArray()).map(({ _id, conversation_id }) => conversation_id ?? String(_id));
      expect(ids.filter(id => id.split(' ')[0] === 'c1')).toEqual([]);
      expect(new Set(ids.map(id => id.split(' ')[0]))).toEqual(new Set(['c1.-_', 'c10']));
    }
  });

  test('[G5] an epoch that another process has renewed is noticed within seconds', async () => {
    const second = await harness.openSecond();
    const renewed = await second.renewEpoch();
    await vi.waitUntil(() => harness.log.epoch === renewed, { timeout: 6_000, interval: 50 });
  });

  test('several prepare an empty database at once, and it lacks nothing then', async () => {
    const uri = `${harness.uri}_new`;
    const lacking = await inspectMongoLog({ uri });
    expect(lacking).toContain('index events.place');
    const logs = await Promise.all([1, 2, 3].map(() => openMongoLog({ uri, poolSize: 3 })));
    expect(new Set(logs.map(({ epoch }) => epoch)).size).toBe(1);
    expect(await inspectMongoLog({ uri })).toEqual([]);
    expect(await prepareMongoLog({ uri })).toEqual([]);
    for (const log of logs) await log.close();
  });

  test('the database is the one of the URI, or parley', () => {
    expect(databaseOf('mongodb://a:1,b:2/chat?replicaSet=rs0')).toBe('chat');
    expect(databaseOf('mongodb://u:p@a:1,b:2/?replicaSet=rs0')).toBe('parley');
    expect(databaseOf('mongodb+srv://a.example?w=1')).toBe('parley');
    expect(databaseOf('mongodb://a')).toBe('parley');
  });

  test('[G1] what the promises rest on cannot be turned off by the URI', async () => {
    const { proxied, proxy } = harness;
    const seen: Record<string, unknown>[] = [];
    proxy.judge(command => {
      seen.push(command);
      return 'pass';
    });
    const log = await openMongoLog({
      uri: `${proxied}&w=1&journal=false&readConcernLevel=local&retryWrites=true`,
      poolSize: 3,
    });
    await append(log, 'c1', message('x'));
    await readAll(log, 'c1');
    await log.erase('c1', 1);
    await log.close();
    const writes = seen.filter(({ insert, update }) =>
      ['events', 'heads', 'folds'].includes((insert ?? update) as string),
    );
    expect(writes.length).toBeGreaterThanOrEqual(4);
    for (const command of writes) {
      expect(command['writeConcern']).toEqual({ w: 'majority', j: true });
      expect(command).not.toHaveProperty('txnNumber');
    }
    const reads = seen.filter(({ find }) => find === 'events');
    for (const command of reads) expect(command['readConcern']).toMatchObject({ level: 'majority' });
    expect(reads.length).toBeGreaterThan(0);
  });
});
