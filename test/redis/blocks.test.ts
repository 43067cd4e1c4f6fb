import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ParleyError } from '../../src/errors.ts';
import type { Log, NewEvent, StoredEvent } from '../../src/ports/log.ts';
import { openSqliteLog } from '../../src/storage/log/sqlite/log.ts';
import { append, message, newEvent } from '../contracts/log-harness.ts';
import { until } from '../support/clients.ts';
import { patient, promptly, timed, useRedis } from './rig.ts';

const { newCluster, client, server } = useRedis();

let folder: string;
let log: Log;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-blocks-'));
  log = await openSqliteLog({ file: join(folder, 'log.db') });
});
afterAll(async () => {
  await log.close();
  await rm(folder, { recursive: true, force: true });
});

/** The log, with a hold on what is done to it, and its reads counted. */
const watched = () => {
  const wrapped = {
    reads: 0,
    /** Run before and after each operation on the log itself. */
    before: (_: 'range' | 'append') => Promise.resolve(),
    after: (_: 'range' | 'append') => Promise.resolve(),
    log: {
      ...log,
      get epoch() {
        return log.epoch;
      },
      async range(...asked) {
        wrapped.reads += 1;
        await wrapped.before('range');
        const events = await log.range(...asked);
        await wrapped.after('range');
        return events;
      },
      async messages(...asked) {
        wrapped.reads += 1;
        return log.messages(...asked);
      },
      async append(...asked) {
        await wrapped.before('append');
        const result = await log.append(...asked);
        await wrapped.after('append');
        return result;
      },
    } as Log,
  };
  return wrapped;
};

/** A moment that a test decides about: `reached` when somebody waits there, who goes on by `pass`. */
const newGate = () => {
  let arrive: () => void = () => undefined;
  let pass: () => void = () => undefined;
  const reached = new Promise<void>(resolve => {
    arrive = resolve;
  });
  const open = new Promise<void>(resolve => {
    pass = resolve;
  });
  return {
    reached,
    pass: () => pass(),
    stop: async () => {
      arrive();
      await open;
    },
  };
};

let conversations = 0;
/** A conversation of so many events; every seventh is an edit of the message before. */
const newConversation = async (events: number) => {
  conversations += 1;
  const id = `conversation${conversations}`;
  while ((await log.head(id)).seq < events) {
    const { seq } = await log.head(id);
    const batch: NewEvent[] = [];
    for (let at = seq + 1; at <= Math.min(events, seq + 200); at += 1)
      batch.push(
        at % 7 === 0
          ? newEvent('edit', { message: `edited ${at}`, target_seq: at - 1, target_id: `${id}.${at - 1}` }, 'ann')
          : message(`secret ${at}`),
      );
    await append(log, id, ...batch);
  }
  return id;
};

/** Reads so often that whatever may be cached is. */
const warm = async (by: Log, id: string) => {
  for (let round = 0; round < 3; round += 1) {
    await by.range(id, 0, 1_000);
    await by.messages(id, 0, 500, 'ann');
  }
};

const unsend = (target_seq: number) => newEvent('unsend', { target_seq, target_id: `x.${target_seq}` }, 'ann');
const textOf = (events: StoredEvent[], seq: number) => events.find(event => event.seq === seq)?.payload.message;

/** What can be read of a message, by each way that leads through the cache. */
const readings = async (by: Log, id: string, seq: number) => {
  const texts: unknown[] = [];
  for (let round = 0; round < 3; round += 1) {
    texts.push(textOf(await by.range(id, 0, 1_000), seq), textOf(await by.range(id, seq - 1, seq + 60), seq));
    const folded = await by.messages(id, 0, 500, 'bob');
    texts.push(
      textOf(
        folded.map(({ event }) => event),
        seq,
      ),
    );
  }
  return new Set(texts);
};
const erased = new Set([undefined]);

describe('complete blocks', () => {
  test('are read from Redis, by all instances, and what is not complete from the log', async () => {
    const { open } = newCluster(patient);
    const [one, two] = [watched(), watched()];
    const [a, b] = [(await open('a')).blocks(one.log), (await open('b')).blocks(two.log)];
    const id = await newConversation(950);
    const all = await log.range(id, 0, 1_000);
    for (let round = 0; round < 3; round += 1) expect(await a.range(id, 0, 1_000)).toEqual(all);
    one.reads = 0;
    for (const by of [a, b]) {
      expect(await by.range(id, 100, 400)).toEqual(all.slice(100, 400));
      expect(await by.range(id, 137, 237)).toEqual(all.slice(137, 237));
    }
    expect([one.reads, two.reads]).toEqual([0, 0]);
    expect(await a.range(id, 850, 1_000)).toEqual(all.slice(850));
    expect(one.reads).toBe(1);
  });

  test('of messages as well; what came after a message is always of now', async () => {
    const { open } = newCluster(patient);
    const [one, two] = [watched(), watched()];
    const [a, b] = [(await open('a')).blocks(one.log), (await open('b')).blocks(two.log)];
    const id = await newConversation(400);
    await warm(a, id);
    one.reads = 0;
    await append(log, id, newEvent('react', { target_seq: 60, target_id: 'x', emoji: '👍' }, 'bob'));
    await append(log, id, newEvent('edit', { message: 'anew', target_seq: 64, target_id: 'x' }, 'ann'));
    for (const by of [a, b])
      for (const viewer of ['ann', 'bob'])
        for (const [after, upTo] of [
          [0, 100],
          [37, 87],
          [50, 250],
        ] as const)
          expect(await by.messages(id, after, upTo, viewer)).toEqual(await log.messages(id, after, upTo, viewer));
    expect([one.reads, two.reads]).toEqual([0, 0]);
  });

  test('[G6] whatever window is asked for, cached or not, it is what the log has, also while it grows', async () => {
    const { open } = newCluster(patient);
    const a = await open('a');
    const by = a.blocks(log);
    const id = await newConversation(700);
    for (let round = 0; round < 150; round += 1) {
      const after = Math.floor(Math.random() * 900) - 50;
      const upTo = after + Math.floor(Math.random() * 1_200) - 50;
      expect(await by.range(id, after, upTo)).toEqual(await log.range(id, after, upTo));
      expect(await by.messages(id, after, upTo, 'bob')).toEqual(await log.messages(id, after, upTo, 'bob'));
      const [event] = await append(by, id, message(`secret ${round}`));
      expect((await by.range(id, event!.seq - 40, event!.seq)).at(-1)).toEqual(event);
      expect((await by.messages(id, event!.n - 40, event!.n, 'ann')).at(-1)?.event).toEqual(event);
    }
    expect(a.stats().blockHits).toBeGreaterThan(100);
    expect(await by.range('unknown', 0, 1_000)).toEqual([]);
    expect(await by.messages('unknown', 0, 50, 'ann')).toEqual([]);
  });

  test('what is asked for once takes no place in Redis', async () => {
    const { open } = newCluster(patient);
    const a = await open('a');
    const by = a.blocks(log);
    const id = await newConversation(300);
    await by.range(id, 0, 300);
    expect(a.stats().blockFills).toBe(0);
    await by.range(id, 0, 300);
    expect(a.stats().blockFills).toBe(3);
  });

  test('that make no sense are read from the log', async () => {
    const { open, prefix } = newCluster(patient);
    const by = (await open('a')).blocks(log);
    const id = await newConversation(300);
    await warm(by, id);
    const redis = await client();
    const [key] = (await redis.keys(`${prefix}block:e:${id}:1`)) as [string];
    const value = (await redis.get(key)) ?? '';
    const header = value.slice(0, value.indexOf('\n') + 1);
    const all = await log.range(id, 0, 300);
    const others = [
      '',
      '[]',
      'null',
      '{}',
      '[',
      JSON.stringify(all.slice(0, 100)),
      JSON.stringify(all.slice(100, 150)),
    ];
    for (const other of others) {
      await redis.set(key, header + other);
      expect(await by.range(id, 0, 300)).toEqual(all);
    }
    await redis.lpush(`${prefix}list`, 'x');
    await redis.rename(`${prefix}list`, key);
    expect(await by.range(id, 0, 300)).toEqual(all);
  });

  test('of another epoch are void', async () => {
    const { open } = newCluster(patient);
    let epoch = 'first';
    const one = watched();
    const by = (await open('a')).blocks({
      ...one.log,
      get epoch() {
        return epoch;
      },
    });
    const id = await newConversation(300);
    await warm(by, id);
    one.reads = 0;
    await by.range(id, 0, 300);
    expect(one.reads).toBe(0);
    epoch = 'second';
    await by.range(id, 0, 300);
    expect(one.reads).toBe(1);
  });
});

describe('an erased text never comes back', () => {
  test.each([
    ['an unsending', (by: Log, id: string) => append(by, id, unsend(30))],
    ['an erasure', (by: Log, id: string) => by.erase(id, 30)],
    ['a deletion', (by: Log, id: string) => by.drop(id)],
  ])('after %s through another instance', async (_, erase) => {
    const { open } = newCluster(patient);
    const one = watched();
    const [a, b] = [(await open('a')).blocks(log), (await open('b')).blocks(one.log)];
    const id = await newConversation(300);
    await warm(b, id);
    expect(await readings(b, id, 30)).toEqual(new Set(['secret 30']));
    await erase(a, id);
    for (const by of [a, b]) expect(await readings(by, id, 30)).toEqual(erased);
    // Without the text it is cached again.
    one.reads = 0;
    const some = await b.range(id, 100, 200);
    expect(one.reads).toBe(some.length > 0 ? 0 : 1);
  });

  test('where it was read before and is put into the cache after', async () => {
    const { open } = newCluster(patient);
    const one = watched();
    const [a, b] = [(await open('a')).blocks(log), (await open('b')).blocks(one.log)];
    const id = await newConversation(300);
    await b.range(id, 0, 300);
    const gate = newGate();
    one.after = gate.stop;
    const reading = b.range(id, 0, 300);
    await gate.reached;
    await append(a, id, unsend(30));
    one.after = () => Promise.resolve();
    gate.pass();
    await reading;
    for (const by of [a, b]) expect(await readings(by, id, 30)).toEqual(erased);
  });

  test('where the erasing instance died in the middle, whatever was read and cached meanwhile', async () => {
    const { open } = newCluster(patient);
    const one = watched();
    const [dying, b] = [await open('a'), (await open('b')).blocks(log)];
    const a = dying.blocks(one.log);
    const id = await newConversation(300);
    await warm(b, id);
    const [begun, done] = [newGate(), newGate()];
    one.before = begun.stop;
    one.after = done.stop;
    void append(a, id, unsend(30));
    await begun.reached;
    // Still there, hence rightly read; but it must not be kept.
    await warm(b, id);
    begun.pass();
    await done.reached;
    await dying.close();
    expect(await readings(b, id, 30)).toEqual(erased);
  });

  test('where two erase at once, and one of them ends while the other is yet to erase, and dies after it', async () => {
    const { open } = newCluster(patient);
    const one = watched();
    const [dying, b] = [await open('a'), (await open('b')).blocks(log)];
    const a = dying.blocks(one.log);
    const id = await newConversation(300);
    await warm(b, id);
    const [begun, done] = [newGate(), newGate()];
    one.before = begun.stop;
    one.after = done.stop;
    void append(a, id, unsend(30));
    await begun.reached;
    await b.erase(id, 31);
    await warm(b, id);
    begun.pass();
    await done.reached;
    await dying.close();
    for (const seq of [30, 31]) expect(await readings(b, id, seq)).toEqual(erased);
  });

  test('where it happened only after its outcome was unknown', async () => {
    const { open } = newCluster(patient);
    const gate = newGate();
    let late: Promise<unknown> | undefined;
    const lost: Log = {
      ...log,
      get epoch() {
        return log.epoch;
      },
      async append(...asked) {
        late = gate.stop().then(() => log.append(...asked));
        throw new ParleyError('unknown_outcome');
      },
    };
    const [a, b] = [(await open('a')).blocks(lost), (await open('b')).blocks(log)];
    const id = await newConversation(300);
    await warm(b, id);
    await expect(append(a, id, unsend(30))).rejects.toThrow();
    await warm(b, id);
    gate.pass();
    await late;
    expect(await readings(b, id, 30)).toEqual(erased);
  });

  test.each(['lives', 'died'])('where Redis stood still meanwhile, and who erased %s', async what => {
    const { open } = newCluster();
    const [one, two] = [await open('a'), await open('b')];
    const [a, b] = [one.blocks(log), two.blocks(log)];
    const id = await newConversation(300);
    await until(async () => {
      await warm(b, id);
      return two.stats().blockHits > 0;
    });
    server().pause();
    await until(() => !one.cluster.healthy() && !two.cluster.healthy(), 5_000);
    // Leaves no event by which it could be noticed.
    await a.erase(id, 30);
    if (what === 'died') await one.close();
    server().resume();
    for (const end = performance.now() + 3_000; performance.now() < end; ) {
      expect(await readings(b, id, 30)).toEqual(erased);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    const before = two.stats().blockHits;
    await warm(b, id);
    expect(two.stats().blockHits).toBeGreaterThan(before);
  });

  test('where only the erasing instance had no link, from when the others have seen its event in the log', async () => {
    const { open } = newCluster(patient);
    const alone = (await open('a', { url: 'redis://127.0.0.1:1' })).blocks(log);
    const b = (await open('b')).blocks(log);
    const id = await newConversation(300);
    await warm(b, id);
    const [event] = await append(alone, id, unsend(30));
    await b.range(id, event!.seq - 1, event!.seq);
    expect(await readings(b, id, 30)).toEqual(erased);
  });

  test('where Redis lost a part of what keeps it out', async () => {
    const { open, prefix } = newCluster(patient);
    const [a, b] = [(await open('a')).blocks(log), (await open('b')).blocks(log)];
    const id = await newConversation(300);
    await warm(b, id);
    const redis = await client();
    const blocks = await redis.keys(`${prefix}block:*`);
    const kept = await Promise.all(blocks.map(key => redis.get(key)));
    await append(a, id, unsend(30));
    // Evicted, each alone and all together, with old blocks still there.
    const rest = (await redis.keys(`${prefix}*`)).filter(key => /generation|version|erasing/.test(key));
    for (const gone of [...rest.map(key => [key]), rest]) {
      if (gone.length > 0) await redis.del(gone);
      await Promise.all(blocks.map((key, index) => redis.set(key, kept[index] ?? '')));
      expect(await readings(b, id, 30)).toEqual(erased);
    }
  });
});

test('[G8] a read does not wait for long for a Redis that stands still, and then does not even ask it', async () => {
  const { open } = newCluster();
  const a = await open('a');
  const by = a.blocks(log);
  const id = await newConversation(300);
  await warm(by, id);
  const all = await log.range(id, 0, 300);
  server().pause();
  try {
    const first = await timed(() => by.range(id, 0, 300));
    expect(first.value).toEqual(all);
    expect(first.ms).toBeLessThan(promptly);
    await until(() => !a.cluster.healthy());
    const { commands } = a.stats();
    for (let round = 0; round < 20; round += 1) {
      expect(await by.range(id, 0, 300)).toEqual(all);
      expect(await by.messages(id, 0, 200, 'ann')).toEqual(await log.messages(id, 0, 200, 'ann'));
      await by.erase(id, 1_000 + round);
    }
    // It was not even asked.
    expect(a.stats().commands).toBe(commands);
  } finally {
    server().resume();
  }
});
