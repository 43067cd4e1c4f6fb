import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startMongodb } from '../../scripts/servers/mongodb.ts';
import { freePort, type TestServer } from '../../scripts/servers/program.ts';
import type { Log, StoredEvent } from '../../src/ports/log.ts';
import { openMongoLog } from '../../src/storage/log/mongo/log.ts';
import { append, codeOf, contend, follow, message, misnumbered, readAll } from '../contracts/log-harness.ts';
import { answering } from './log-harness.ts';

const conversations = Array.from({ length: 6 }, (_, i) => `c${i}`);

let folder: string;
let server: TestServer;
let log: Log;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-mongodb-'));
  server = await startMongodb({ folder });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});
let database = 0;
beforeEach(async () => {
  database += 1;
  log = await openMongoLog({ uri: `${server.url}/faults${database}`, poolSize: 10 });
});
afterEach(() => log.close());

/** Appends to every conversation without end, as clients do that resend what was not acknowledged; `stop` ends it. */
const startLoad = () => {
  const acked: StoredEvent[] = [];
  let slowest = 0;
  let stopped = false;
  const timed = async <T>(work: Promise<T>): Promise<T> => {
    const begunAt = performance.now();
    try {
      return await work;
    } finally {
      slowest = Math.max(slowest, performance.now() - begunAt);
    }
  };
  const sender = async (conversation_id: string) => {
    for (let k = 0; !stopped; k += 1) {
      const event = message('x'.repeat(200), 'ann', `${k}`);
      for (let settled = false; !settled && !stopped; ) {
        try {
          const { stored, conflict } = await timed(
            log.append(conversation_id, await timed(log.head(conversation_id)), [event]),
          );
          const found = stored[0] ?? (conflict?.on === 'client_id' ? conflict.original : undefined);
          if (found) acked.push(found);
          settled = found !== undefined;
        } catch (error) {
          expect(['unavailable', 'unknown_outcome']).toContain(codeOf(error));
          await sleep(20);
        }
      }
    }
  };
  const ended = Promise.all(conversations.map(sender));
  return {
    acked,
    slowest: () => slowest,
    /** Resolves when so many more were acknowledged. */
    async more(count: number) {
      for (const goal = acked.length + count; acked.length < goal; ) await sleep(10);
    },
    async stop() {
      stopped = true;
      await ended;
    },
  };
};

const expectAllThere = async (acked: StoredEvent[]) => {
  const logs = new Map(await Promise.all(conversations.map(async id => [id, await readAll(log, id)] as const)));
  for (const events of logs.values()) {
    expect(misnumbered(events)).toEqual([]);
    expect(new Set(events.map(({ client_id }) => client_id)).size).toBe(events.length);
  }
  for (const event of acked) expect(logs.get(event.conversation_id)?.[event.seq - 1]?.id).toBe(event.id);
  // What was stored, but never acknowledged, comes into the feed by the repair.
  const lengths = new Map([...logs].map(([id, events]) => [id, events.length]));
  await expect.poll(async () => (await follow(log, '')).seqs, { timeout: 5_000 }).toEqual(lengths);
};

describe('a MongoDB server', () => {
  test('[G1] that is killed and comes back has everything that was acknowledged, and goes on within 5 s', async () => {
    const load = startLoad();
    for (let round = 0; round < 2; round += 1) {
      await load.more(60);
      await server.kill();
      await expect(log.ping()).rejects.toMatchObject({ code: 'unavailable' });
      await server.start();
      const backAt = performance.now();
      await load.more(conversations.length);
      expect(performance.now() - backAt).toBeLessThan(5_000);
    }
    await load.stop();
    expect(load.slowest()).toBeLessThan(5_000);
    await expectAllThere(load.acked);
  });

  test('[G10] that stands still for 3 s gets an answer to every call within 5 s, none of them false', async () => {
    const load = startLoad();
    await load.more(60);
    server.pause();
    await sleep(3_000);
    server.resume();
    const backAt = performance.now();
    await load.more(conversations.length);
    expect(performance.now() - backAt).toBeLessThan(5_000);
    await load.stop();
    expect(load.slowest()).toBeLessThan(5_000);
    await expectAllThere(load.acked);
  });

  test('[G10] that stands still for longer: each call says so within 5 s, and it heals by itself', async () => {
    await append(log, 'c0', message('before', 'ann', 'first'));
    const at = await log.head('c0');
    server.pause();
    const begunAt = performance.now();
    const calls = await Promise.allSettled([
      log.append('c0', at, [message('lost?', 'ann', 'x')]),
      log.append('new', { seq: 0, n: 0 }, [message('lost?', 'ann', 'x')]),
      log.head('c0'),
      log.range('c0', 0, 10),
      log.messages('c0', 0, 10, 'ann'),
      log.changes('', 10),
      log.erase('c0', 1),
      log.ping(),
    ]);
    expect(performance.now() - begunAt).toBeLessThan(5_000);
    for (const call of calls) {
      expect(call.status).toBe('rejected');
      if (call.status === 'rejected') expect(['unavailable', 'unknown_outcome']).toContain(codeOf(call.reason));
    }
    // What is asked while it is known to be away has an answer as well.
    const secondAt = performance.now();
    await expect(log.append('c0', at, [message('lost?', 'bob', 'x')])).rejects.toHaveProperty('code');
    expect(performance.now() - secondAt).toBeLessThan(5_000);
    server.resume();
    const backAt = performance.now();
    await answering(log);
    const settled = await contend(log, 'c0', message('lost?', 'ann', 'x'));
    expect(performance.now() - backAt).toBeLessThan(5_000);
    const events = await readAll(log, 'c0');
    expect(misnumbered(events)).toEqual([]);
    expect(events.filter(({ client_id, from }) => from === 'ann' && client_id === 'x')).toEqual([settled]);
  });

  test('that does not answer keeps nobody waiting who opens the log', async () => {
    const refusing = `mongodb://127.0.0.1:${await freePort()}/x`;
    const silent = createServer(() => undefined);
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address() as { port: number };
    for (const uri of [refusing, `mongodb://127.0.0.1:${address.port}/x`]) {
      const begunAt = performance.now();
      await expect(openMongoLog({ uri, poolSize: 3 })).rejects.toThrow();
      expect(performance.now() - begunAt).toBeLessThan(3_500);
    }
    silent.close();
  });
});
