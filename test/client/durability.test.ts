import { createServer, connect as dial, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  type ChatClient,
  ChatError,
  type ChatStorage,
  createClient,
  createMemoryStorage,
} from '../../src/client/index.ts';
import { password, someName, until } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const open = (storage: ChatStorage = createMemoryStorage(), url = server.url) => {
  const errors: unknown[] = [];
  const client = createClient({ url, storage, onError: error => errors.push(error) });
  onTestFinished(() => client.close());
  return { client, errors };
};

const newcomer = async (storage?: ChatStorage, url?: string) => {
  const { client, errors } = open(storage, url);
  const username = someName();
  const user = await client.signUp({ username, password, full_name: username });
  await client.synced();
  return { client, errors, user, username };
};

const room = async (client: ChatClient) => {
  const made = await client.create({ kind: 'room', name: someName('room') });
  await made.open();
  return made;
};

const texts = (place: { messages: { get(): { messages: readonly { message: string }[] } | undefined } }) =>
  place.messages.get()?.messages.map(({ message }) => message) ?? [];

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    error => (error instanceof ChatError ? error.code : String(error)),
  );

/** Memory that outlives its client: what was durable when that one died is what the next one finds. */
const createDisk = () => {
  const rows = createMemoryStorage();
  const storage = ({ writeMs = 0 } = {}) => {
    let isDead = false;
    let last = Promise.resolve();
    const alive = async () => {
      if (isDead) await new Promise(() => undefined);
    };
    const self: ChatStorage & { die(): void } = {
      kind: 'persistent',
      list: async prefix => alive().then(() => rows.list(prefix)),
      get: async key => alive().then(() => rows.get(key)),
      write(changes) {
        last = last
          .then(() => new Promise<void>(resolve => setTimeout(resolve, writeMs)))
          .then(alive)
          .then(() => rows.write(changes));
        return last;
      },
      subscribe: () => () => undefined,
      close: () => undefined,
      die() {
        isDead = true;
      },
    };
    return self;
  };
  return { rows, storage };
};

describe('what the server does not take', () => {
  test('a message beyond its limit fails at once, the connection stays, and everything else goes on', async () => {
    const { client } = await newcomer();
    const [one, two] = [await room(client), await room(client)];
    const states: string[] = [];
    client.connection.subscribe(() => states.push(client.connection.get().status));
    const large = one.send('y'.repeat(100_000));
    const wide = one.send('€'.repeat(30_000));
    one.send('behind it');
    two.send('elsewhere');
    await until(() => texts(one).includes('behind it') && texts(two).includes('elsewhere'));
    for (const { client_id } of [large, wide])
      expect(client.outbox.get().find(entry => entry.client_id === client_id)).toMatchObject({
        state: 'failed',
        error: { code: 'payload_too_large' },
      });
    const { id } = one.messages.get()?.messages[0] ?? expect.fail();
    expect(await codeOf(one.edit(id, 'y'.repeat(100_000)))).toBe('payload_too_large');
    // What fits into a packet the server judges itself, up to the last byte.
    const { maxPacketBytes } = server.config;
    for (const length of [60_000, maxPacketBytes - 150])
      expect(await codeOf(one.edit(id, 'y'.repeat(length)))).toBe('invalid_input');
    expect(states).toEqual([]);
  });

  test('a message for which something between cuts the connection again and again holds nothing else up', async () => {
    const { port } = new URL(server.url);
    let cuts = 0;
    const wall = createServer(client => {
      const upstream = dial(Number(port), '127.0.0.1');
      const end = () => {
        client.destroy();
        upstream.destroy();
      };
      for (const socket of [client, upstream] as Socket[]) socket.on('error', end).on('close', end);
      upstream.pipe(client);
      client.on('data', data => {
        if (data.length < 16_000) return upstream.write(data);
        cuts += 1;
        return end();
      });
    }).listen(0, '127.0.0.1');
    await new Promise(resolve => wall.once('listening', resolve));
    onTestFinished(() => void wall.close());
    const { client } = await newcomer(undefined, `http://127.0.0.1:${(wall.address() as { port: number }).port}`);
    const rooms = [await room(client), await room(client), await room(client)];
    const [stuck] = rooms;
    const large = stuck?.send('€'.repeat(8_000));
    for (const { id } of rooms.slice(1)) for (const text of ['one', 'two', 'three']) client.conversation(id).send(text);
    await until(() => client.outbox.get().length === 1, 40_000);
    expect(cuts).toBeGreaterThan(0);
    expect(client.outbox.get()[0]?.client_id).toBe(large?.client_id);
    for (const place of rooms.slice(1)) expect(texts(place)).toEqual(['one', 'two', 'three']);
    // Nor does it afterwards, and the person can give it up.
    rooms[1]?.send('four');
    await until(() => client.outbox.get().length === 1 && texts(rooms[1] ?? expect.fail()).includes('four'), 40_000);
    client.discard(large?.client_id ?? '');
    stuck?.send('small');
    await until(() => client.outbox.get().length === 0, 40_000);
  }, 120_000);
});

describe('[G2] [G5] a crash', () => {
  /** Answers each ping, as the recipe of the guide does. */
  const listen = (client: ChatClient) => {
    const told: string[] = [];
    client.on('event', event => {
      if (event.kind !== 'message' || !event.message.startsWith('ping')) return;
      told.push(event.message);
      const reply = { reply_to: event.id, client_id: `pong-${event.id}` };
      client.conversation(event.conversation_id).send(event.message.replace('ping', 'pong'), reply);
    });
    return told;
  };

  test('of a bot whose storage is slow, as soon as it counts pings as told: each is answered once', async () => {
    const disk = createDisk();
    const first = disk.storage({ writeMs: 10 });
    const bot = await newcomer(first);
    const told = listen(bot.client);
    const asker = await newcomer();
    const place = await asker.client.direct(bot.user.id);
    await place.open();
    const pings = Array.from({ length: 100 }, (_, index) => `ping ${index}`);
    for (const ping of pings) place.send(ping);
    const cursor = async () => {
      const [[, copy] = []] = await disk.rows.list(`copy:${bot.user.id}:${place.id}`);
      return (copy as { cursor: { seq: number } } | undefined)?.cursor.seq ?? 0;
    };
    await until(async () => (await cursor()) > 20, 20_000);
    first.die();
    void bot.client.close();
    const answered = () => texts(place).filter(text => text.startsWith('pong'));
    await until(() => asker.client.outbox.get().length === 0, 20_000);
    const again = open(disk.storage());
    const toldAgain = listen(again.client);
    await again.client.restore();
    await again.client.synced();
    await until(() => again.client.outbox.get().length === 0 && answered().length >= 100, 20_000);
    expect(new Set([...told, ...toldAgain]).size).toBe(100);
    expect(answered().sort()).toEqual(pings.map(ping => ping.replace('ping', 'pong')).sort());
  }, 60_000);

  test('right after a device was synced for the first time: what is said next it is told', async () => {
    const disk = createDisk();
    const first = disk.storage({ writeMs: 20 });
    const bot = await newcomer(first);
    first.die();
    void bot.client.close();
    const asker = await newcomer();
    const lobby = asker.client.conversation('lobby');
    const pings = ['ping one', 'ping two', 'ping three'].map(ping => `${ping} ${someName()}`);
    for (const ping of pings) lobby.send(ping);
    await until(() => asker.client.outbox.get().length === 0);
    const again = open(disk.storage());
    const told = listen(again.client);
    await again.client.restore();
    await again.client.synced();
    expect(told).toEqual(pings);
  });

  test('after stored() has resolved loses nothing of what was sent before, which takes few writes', async () => {
    const disk = createDisk();
    const first = disk.storage({ writeMs: 20 });
    const { client, user } = await newcomer(first, server.url);
    let writes = 0;
    const { write } = first;
    first.write = changes => {
      writes += 1;
      return write(changes);
    };
    const lobby = client.conversation('lobby');
    const ids = Array.from({ length: 300 }, (_, index) => lobby.send(`kept ${index}`).client_id);
    await client.stored();
    expect(writes).toBeLessThan(10);
    const kept = (await disk.rows.list(`outbox:${user.id}:`)).map(([key]) => key.split(':')[2]);
    const gone = new Set(ids.filter(id => !client.outbox.get().some(entry => entry.client_id === id)));
    expect(new Set([...kept, ...gone])).toEqual(new Set(ids));
    await until(() => client.outbox.get().length === 0, 20_000);
    expect(await codeOf(open().client.stored())).toBe('signed_out');
  }, 40_000);
});

describe('signing in again', () => {
  test('as the same person tells each event once, and skips none', async () => {
    const disk = createDisk();
    const { client, username } = await newcomer(disk.storage({ writeMs: 10 }));
    const asker = await newcomer();
    const place = await asker.client.direct(client.user.get()?.id ?? '');
    const told: number[] = [];
    const wanted: string[] = [];
    const heard: string[] = [];
    client.on('event', event => {
      if (event.conversation_id !== place.id || event.kind !== 'message') return;
      told.push(event.seq);
      heard.push(event.message);
    });
    for (let round = 0; round < 3; round += 1) {
      for (let index = 0; index < 20; index += 1) wanted.push(place.send(`${round}.${index}`).message);
      await until(() => heard.length >= wanted.length - 10);
      await client.signIn({ username, password });
      await client.synced();
    }
    await until(() => heard.length >= wanted.length);
    expect(heard).toEqual(wanted);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  }, 40_000);

  test('as somebody else leaves nothing of the first to read', async () => {
    const disk = createDisk();
    const { client, user } = await newcomer(disk.storage({ writeMs: 10 }));
    const other = await newcomer();
    await client.signIn({ username: other.username, password });
    await client.synced();
    const keys = (await disk.rows.list('')).map(([key]) => key);
    expect(keys.filter(key => key.includes(user.id))).toEqual([]);
    expect(keys.filter(key => key.startsWith(`copy:${other.user.id}`)).length).toBeGreaterThan(0);
  });
});

describe('a storage of the app’s own', () => {
  const never = () => new Promise<never>(() => undefined);
  const thrown = () => {
    throw new Error('broken');
  };

  test.each([
    ['write', 'never answers', { write: never }, 'memory'],
    ['get and list', 'never answer', { get: never, list: never }, 'memory'],
    ['write', 'throws', { write: thrown }, 'memory'],
    // What is written is kept all the same.
    ['get and list', 'throw', { get: thrown, list: thrown }, 'persistent'],
  ])(
    'whose %s %s: the client works, and says so',
    async (_, __, faults, kind) => {
      const { client, errors, user } = await newcomer({ ...createMemoryStorage(), kind: 'persistent', ...faults });
      const notified: string[] = [];
      client.on('notification', ({ kind }) => notified.push(kind));
      const lobby = client.conversation('lobby');
      const text = `sent all the same ${someName()}`;
      await lobby.open();
      lobby.send(text);
      await until(() => texts(lobby).includes(text) && client.outbox.get().length === 0, 15_000);
      const friend = await newcomer();
      (await friend.client.direct(user.id)).send('hello');
      await until(() => notified.length > 0, 15_000);
      expect(client.storage.get()).toBe(kind);
      expect(errors.length).toBeGreaterThan(0);
      await client.signOut();
      await client.close();
    },
    60_000,
  );

  test('whose subscribe throws, or that says null where it has nothing, does', async () => {
    const inner = createMemoryStorage();
    const get = async (key: string) => (await inner.get(key)) ?? null;
    const { client, errors } = await newcomer({ ...inner, kind: 'persistent', get, subscribe: thrown });
    expect(errors).toEqual([new Error('broken')]);
    const lobby = client.conversation('lobby');
    lobby.send('one');
    await until(() => client.outbox.get().length === 0);
    expect(client.storage.get()).toBe('persistent');
    expect(errors).toHaveLength(1);
    expect((await inner.list('outbox:')).length).toBe(0);
  });
});

describe('a client_id of the app’s own', () => {
  test('is one message, however often it is sent: while it waits, after it was answered, after a restart', async () => {
    const storage = createMemoryStorage();
    const { client } = await newcomer(storage);
    const place = await room(client);
    const once = { client_id: 'pong-1' };
    const entry = place.send('pong', once);
    expect(place.send('pong', once)).toBe(entry);
    expect(place.pending.get()).toHaveLength(1);
    const other = await room(client);
    await until(() => client.outbox.get().length === 0);
    place.send('pong', once);
    await until(() => client.outbox.get().length === 0);
    other.send('elsewhere');
    await until(() => client.outbox.get().length === 0);
    await client.close();
    const again = open(storage).client;
    await again.restore();
    await again.synced();
    const there = again.conversation(place.id);
    await there.open();
    there.send('pong', once);
    await until(() => again.outbox.get().length === 0);
    there.send('last');
    await until(() => texts(there).includes('last'));
    expect(texts(there)).toEqual(['pong', 'last']);
  });
});
