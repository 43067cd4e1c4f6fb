import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, createConnection } from 'mysql2/promise';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Storage } from '../../src/ports/storage.ts';
import { addConversation, addSession, addUser, join, joined } from '../storage/contract/rows.ts';
import { useMariadb } from './servers.ts';

const { server, run, open, openStorage } = useMariadb();

/** Repeats a call until it succeeds; after how many milliseconds it did. */
const untilItWorks = async (call: () => Promise<unknown>, withinMs: number) => {
  const begun = performance.now();
  for (;;) {
    try {
      await call();
      return performance.now() - begun;
    } catch (error) {
      expect(error).toMatchObject({ code: 'unavailable' });
      if (performance.now() - begun > withinMs) throw error;
      await delay(50);
    }
  }
};

/** How a call ended, and after how many milliseconds. */
const ending = async (call: Promise<unknown>) => {
  const begun = performance.now();
  const code = await call.then(
    () => 'ok',
    error => error.code ?? String(error),
  );
  return { code, ms: performance.now() - begun };
};

const connectionsTo = async (url: string) =>
  run<{ id: number; command: string }>(
    `SELECT id, command FROM information_schema.processlist WHERE db = '${new URL(url).pathname.slice(1)}'`,
  );

/** Waits until no transaction is open on the server. This table stands still for whoever reads it more often than every 100 ms. */
const untilNothingIsOpen = async () => {
  for (const until = performance.now() + 5_000; ; await delay(150)) {
    const [row] = await run<{ open: number }>('SELECT COUNT(*) AS open FROM information_schema.innodb_trx');
    if (Number(row?.open) === 0) return;
    if (performance.now() > until) throw new Error('A transaction stayed open.');
  }
};

/** A connection of somebody else's, with a transaction begun. */
const stranger = async (url: string): Promise<Connection> => {
  const connection = await createConnection(url);
  onTestFinished(() => connection.end());
  await connection.query('BEGIN');
  return connection;
};

const status = async (name: string) =>
  Number((await run<{ Value: string }>(`SHOW GLOBAL STATUS LIKE '${name}'`))[0]?.Value);

/** Waits until somebody waits for a lock. */
const untilSomebodyWaits = async () => {
  for (const until = performance.now() + 3_000; (await status('Innodb_row_lock_current_waits')) === 0; ) {
    if (performance.now() > until) throw new Error('Nobody waits.');
  }
};

/** Stops the server, until the test ends at the latest; resolves when it has stopped, as a signal takes its time. */
const standStill = async (storage: Storage) => {
  server().pause();
  onTestFinished(() => server().resume());
  const answers = () =>
    Promise.race([
      storage.ping().then(
        () => true,
        () => false,
      ),
      delay(200, false),
    ]);
  while (await answers());
};

describe('deadlocks', () => {
  test('a change that loses one runs again, as does a single statement', async () => {
    const { storage, url } = await openStorage();
    const owner = await addUser(storage);
    const [a, b] = [await addUser(storage), await addUser(storage)].toSorted((x, y) => (x.id < y.id ? -1 : 1));
    const { row } = await addConversation(storage, owner.id);

    /** A stranger takes what the call takes last, waits until the call waits for it, and then takes what the call took first. */
    const collide = async (last: string, first: string, call: () => Promise<unknown>) => {
      const other = await stranger(url);
      // More to undo than the call has: it is the lighter one that loses.
      await other.query(`CREATE TEMPORARY TABLE weight (n INT) ENGINE=InnoDB`);
      await other.query(`INSERT INTO weight VALUES ${Array.from({ length: 200 }, (_, n) => `(${n})`).join(',')}`);
      await other.query(last);
      const before = await status('Innodb_deadlocks');
      const calling = call();
      await untilSomebodyWaits();
      await other.query(first);
      await other.query('COMMIT');
      await calling;
      expect(await status('Innodb_deadlocks')).toBe(before + 1);
    };

    const lock = (id = '') => `SELECT * FROM users WHERE id = '${id}' FOR UPDATE`;
    let decided = 0;
    await collide(lock(b?.id), lock(a?.id), () =>
      storage.conversations.change(row.id, [], () => {
        decided++;
        return {
          members: [a, b].map(user => ({ user_id: user?.id ?? '', state: 'active' })),
          events: [joined(a?.id ?? ''), joined(b?.id ?? '')],
        };
      }),
    );
    expect(decided).toBe(2);
    expect((await storage.conversations.find(row.id))?.version).toBe(4);
    expect(await storage.conversations.outbox({ conversation_id: row.id, limit: 9 })).toHaveLength(4);
    expect(await storage.conversations.userVersion(a?.id ?? '')).toBe(1);

    const member = (id = '') =>
      `SELECT * FROM members WHERE conversation_id = '${row.id}' AND user_id = '${id}' FOR UPDATE`;
    await collide(member(b?.id), member(a?.id), () =>
      storage.conversations.writeCursors(
        [a, b].map(user => ({ conversation_id: row.id, user_id: user?.id ?? '', read_seq: 9 })),
      ),
    );
    for (const user of [a, b]) {
      expect(await storage.conversations.member(row.id, user?.id ?? '')).toMatchObject({ read_seq: 9 });
    }
  });

  test('[G10] a lock that somebody keeps: unavailable in time, nothing half done, and it works when it is free', async () => {
    const { storage, url } = await openStorage();
    const owner = await addUser(storage);
    const other = await addUser(storage);
    const { row } = await addConversation(storage, owner.id);
    const holder = await stranger(url);
    await holder.query(`SELECT * FROM users WHERE id = '${other.id}' FOR UPDATE`);
    const { code, ms } = await ending(join(storage, row.id, other.id));
    expect(code).toBe('unavailable');
    expect(ms).toBeLessThan(5_000);
    const waiting = join(storage, row.id, other.id);
    await untilSomebodyWaits();
    await holder.query('COMMIT');
    expect((await waiting)?.conversation.version).toBe(3);
    await untilNothingIsOpen();
  });
});

describe('connections that break', () => {
  test('killed while nobody uses them: nobody notices', async () => {
    const { storage, url } = await openStorage();
    const owner = await addUser(storage);
    await Promise.all(Array.from({ length: 8 }, () => storage.ping()));
    const before = await connectionsTo(url);
    for (const { id } of before) await run(`KILL ${id}`);
    await Promise.all(Array.from({ length: 8 }, () => addConversation(storage, owner.id)));
    expect(await storage.conversations.idsOfUser(owner.id)).toHaveLength(8);
    expect(before.length).toBeGreaterThan(1);
  });

  test('[G10] killed again and again while everybody works: what is undone runs again, the rest is unavailable at most', async () => {
    const { storage, url } = await openStorage();
    const owner = await addUser(storage);
    const { row } = await addConversation(storage, owner.id);
    const people = await Promise.all(Array.from({ length: 40 }, () => addUser(storage)));
    let done = 0;
    let working = true;
    const killing = (async () => {
      let killed = 0;
      // At the pace of the work, however busy the machine is.
      for (let seen = 0; working; ) {
        if (done < seen + 2) {
          await delay(1);
          continue;
        }
        seen = done;
        const busy = await connectionsTo(url);
        const victim = busy.find(({ command }) => command !== 'Sleep') ?? busy[0];
        if (victim)
          await run(`KILL ${victim.id}`).then(
            () => killed++,
            error => expect(String(error)).toMatch(/Unknown thread/),
          );
      }
      return killed;
    })();
    const work = async (calls: (() => Promise<unknown>)[]) => {
      const endings: Awaited<ReturnType<typeof ending>>[] = [];
      const lane = async () => {
        for (let call = calls.pop(); call; call = calls.pop(), done++) endings.push(await ending(call()));
      };
      await Promise.all(Array.from({ length: 8 }, lane));
      return endings;
    };
    const joins = await work(
      people.map(
        ({ id }) =>
          () =>
            join(storage, row.id, id),
      ),
    );
    const reads = await work(
      people.map(
        ({ id }) =>
          () =>
            storage.users.find(id),
      ),
    );
    working = false;
    expect(await killing).toBeGreaterThan(3);
    for (const { code } of [...joins, ...reads]) expect(['ok', 'unavailable']).toContain(code);
    // All was reads and transactions: only who lost the connection at its COMMIT does not know.
    expect(joins.filter(({ code }) => code === 'ok').length).toBeGreaterThanOrEqual(people.length / 2);
    expect(reads.filter(({ code }) => code === 'ok').length).toBeGreaterThanOrEqual(people.length / 2);
    const { version = 0 } = (await storage.conversations.find(row.id)) ?? {};
    const outbox = await storage.conversations.outbox({ conversation_id: row.id, limit: 99 });
    expect(outbox.map(entry => entry.version)).toEqual(Array.from({ length: version }, (_, index) => index + 1));
    const active = (await storage.conversations.countActive([row.id])).get(row.id) ?? 0;
    expect(active).toBeGreaterThanOrEqual(1 + joins.filter(({ code }) => code === 'ok').length);
    expect(active).toBe(version - 1);
    await untilNothingIsOpen();
  });
});

/** Twenty callers that read, write and change for ever, until told to stop: how each call ended. */
const load = (storage: Storage, conversation_id: string, user_ids: string[]) => {
  const endings: { code: string; ms: number; at: number }[] = [];
  let working = true;
  const done = Promise.all(
    user_ids.map(async (user_id, index) => {
      while (working) {
        const call =
          index % 3 === 0
            ? storage.conversations.audibleTo(user_id)
            : index % 3 === 1
              ? storage.conversations.writeCursors([{ conversation_id, user_id, read_seq: 1 }])
              : storage.conversations.change(conversation_id, [user_id], (_row, members) => ({
                  members: [{ user_id, state: members.get(user_id)?.state === 'active' ? 'left' : 'active' }],
                  events: [joined(user_id)],
                }));
        const { code, ms } = await ending(call);
        endings.push({ code, ms, at: performance.now() });
        if (code !== 'ok') await delay(20);
      }
    }),
  );
  return {
    endings,
    async stop() {
      working = false;
      await done;
      for (const { code } of endings) expect(['ok', 'unavailable']).toContain(code);
      return Math.max(...endings.map(({ ms }) => ms));
    },
  };
};

describe('a server that dies or stands still', () => {
  const scene = async () => {
    const { storage, url } = await openStorage();
    const owner = await addUser(storage);
    const { row } = await addConversation(storage, owner.id);
    const people = await Promise.all(Array.from({ length: 20 }, () => addUser(storage)));
    return { storage, url, owner, id: row.id, user_ids: people.map(({ id }) => id) };
  };

  const isWhole = async (storage: Storage, id: string) => {
    const { version = 0 } = (await storage.conversations.find(id)) ?? {};
    const outbox = await storage.conversations.outbox({ conversation_id: id, limit: 9_999 });
    expect(outbox.map(entry => entry.version)).toEqual(Array.from({ length: version }, (_, index) => index + 1));
    return version;
  };

  test('[G1] [G10] killed under load and started again: answers in time, what was reported is there, works at once', async () => {
    const { storage, id, user_ids } = await scene();
    const work = load(storage, id, user_ids);
    await delay(300);
    const reported = await storage.conversations.change(id, [], () => ({
      conversation: { topic: 'kept' },
      events: [],
    }));
    await server().kill();
    expect((await ending(storage.ping())).ms).toBeLessThan(1_000);
    await delay(500);
    await server().start();
    expect(await untilItWorks(() => storage.ping(), 5_000)).toBeLessThan(5_000);
    await untilItWorks(() => storage.conversations.change(id, [], () => ({ events: [] })), 5_000);
    expect(await work.stop()).toBeLessThan(5_000);
    expect(await isWhole(storage, id)).toBeGreaterThanOrEqual(reported?.conversation.version ?? 0);
    expect((await storage.conversations.find(id))?.topic).toBe('kept');
    await untilNothingIsOpen();
  });

  test('[G10] standing still for seven seconds under load: every call answered within five, works within five of its return', async () => {
    const { storage, id, owner, user_ids } = await scene();
    const work = load(storage, id, user_ids);
    await delay(300);
    await standStill(storage);
    const calls = [
      ...[storage.ping(), storage.users.find(owner.id), addSession(storage, owner.id)],
      ...[storage.conversations.audibleTo(owner.id), join(storage, id, owner.id)],
    ];
    for (const { code, ms } of await Promise.all(calls.map(ending))) {
      expect(code).toBe('unavailable');
      expect(ms).toBeLessThan(5_000);
    }
    await delay(2_500);
    server().resume();
    const resumed = performance.now();
    expect(await untilItWorks(() => storage.ping(), 5_000)).toBeLessThan(5_000);
    expect(await untilItWorks(() => storage.conversations.change(id, [], () => ({ events: [] })), 5_000)).toBeLessThan(
      5_000,
    );
    await delay(200);
    expect(await work.stop()).toBeLessThan(5_000);
    expect(work.endings.filter(({ code, at }) => code === 'ok' && at > resumed).length).toBeGreaterThan(20);
    await isWhole(storage, id);
    await untilNothingIsOpen();
  });

  test('closing does not wait for a server that stands still longer than a call does', async () => {
    const { url, user_ids } = await scene();
    const mine = await open(url);
    await Promise.all(user_ids.map(user_id => mine.users.find(user_id)));
    await standStill(mine);
    const call = ending(mine.ping());
    const { ms } = await ending(mine.close());
    expect((await call).code).toBe('unavailable');
    expect(ms).toBeLessThan(6_000);
  });
});

test('while a server says nothing, few connections are tried: each counts towards locking this host out', async () => {
  const { createServer } = await import('node:net');
  const { storage, url } = await openStorage();
  const real = new URL(url);
  // A way to the server that can be stopped up: connections are taken and go nowhere.
  let stopped = false;
  let tried = 0;
  const { connect } = await import('node:net');
  const door = createServer(socket => {
    socket.on('error', () => socket.destroy());
    tried++;
    if (stopped) return;
    const through = connect(Number(real.port), real.hostname);
    through.on('error', () => socket.destroy());
    socket.pipe(through).pipe(socket);
    onTestFinished(() => void through.destroy());
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  onTestFinished(() => void door.close());
  const { port } = door.address() as { port: number };
  const mine = await open(`mysql://root@127.0.0.1:${port}${real.pathname}`);
  stopped = true;
  for (const { id } of await connectionsTo(url)) await run(`KILL ${id}`);
  await storage.ping();
  tried = 0;
  const begun = performance.now();
  let calls = 0;
  while (performance.now() - begun < 7_000) {
    const endings = await Promise.all(Array.from({ length: 30 }, () => ending(mine.ping())));
    calls += endings.length;
    for (const { code, ms } of endings) expect([code, ms < 5_000]).toEqual(['unavailable', true]);
    await delay(100);
  }
  // Ten at first, as many as the pool holds; then one every 2 s.
  expect(tried).toBeLessThanOrEqual(14);
  expect(calls).toBeGreaterThan(60);
  stopped = false;
  expect(await untilItWorks(() => mine.ping(), 5_000)).toBeLessThan(5_000);
});
