import { expect, test } from 'vitest';
import { type ChatClient, ChatError, type ChatStorage, createClient, type Entry } from '../../src/client/index.ts';
import type { LogEvent, Message, Output } from '../../src/protocol/index.ts';
import { seeded } from '../realtime/linked.ts';
import { api, command, connect, type Person, password, signIn, someName } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { startWire, type Wire } from './network.ts';
import { createBrowser } from './tabs.ts';

// A seed decides what people do and what befalls the network; when it happens does not rest on it alone, as machines differ. A seed that
// failed may pass when it is tried again, hence try it several times. By environment variables:
//   NETWORK_SEED=117        this one
//   NETWORK_SEED=200-260    all of these
//   NETWORK_SEED=random     one that nobody has tried, which the title of the test names
//   NETWORK_STEPS=400       so many things happen in each, 130 where absent

/** Those that once failed, which stay here for ever, and some others. */
const usual = [2, 3, 14, 32, 52, 117, 300, 402];
const steps = Number(process.env['NETWORK_STEPS'] ?? 130);
/** Milliseconds within which everything is the same everywhere once the network is well again: for machines that do other things, too. */
const healedMs = 60_000;

const seedsOf = (given: string | undefined): number[] => {
  if (given === undefined) return usual;
  if (given === 'random') return [Date.now() % 1_000_000];
  const [first = 0, last = first] = given.split('-').map(Number);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
};
const given = process.env['NETWORK_SEED'];
const emojis = ['👍', '❤️', '😂'];
const crashed = new Error('This tab has crashed.');

interface Device {
  name: string;
  wire: Wire;
  /** As a tab of the same place would have it. */
  storage(): ChatStorage;
  client: ChatClient;
  /** Storage and connection are gone at once, as where a process is killed. */
  crash(): void;
  /** Nobody can use it at the moment. */
  away: boolean;
}

interface Asked {
  device: Device;
  conversation_id: string;
  entry: Entry;
}

const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));

/** A storage that stops with its tab, in the middle of anything. */
const mortal = (storage: ChatStorage) => {
  let isDead = false;
  const alive = () => {
    if (isDead) throw crashed;
  };
  const own: ChatStorage = {
    kind: storage.kind,
    async list(prefix) {
      alive();
      return storage.list(prefix);
    },
    async get(key) {
      alive();
      return storage.get(key);
    },
    async write(changes) {
      alive();
      return storage.write(changes);
    },
    subscribe: listener => storage.subscribe(keys => !isDead && listener(keys)),
    close: () => undefined,
  };
  return {
    own,
    kill() {
      isDead = true;
    },
  };
};

/** What must be the same on a device and on the server. */
const comparable = ({ id, seq, n, from, message, unsent, edited_at, ...rest }: Message) => ({
  ...{ id, seq, n, from: from.id, message, unsent, edited_at, reply_to: rest.reply_to },
  reply_preview: rest.reply_preview,
  reactions: [...rest.reactions].sort((a, b) => (a.emoji < b.emoji ? -1 : 1)),
});

const createWorld = async (seed: number, closing: (() => unknown)[]) => {
  const random = seeded(seed);
  const server: TestServer = await startServer({ headsIntervalMs: 1_000 });
  closing.push(() => server.close());
  const errors: unknown[] = [];
  const disorder: string[] = [];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

  const open = (device: Device) => {
    const { own, kill } = mortal(device.storage());
    const last = new Map<string, number>();
    let isDead = false;
    const client = createClient({
      url: device.wire.url,
      storage: own,
      onError(error) {
        if (!isDead && !(error instanceof ChatError)) errors.push(error);
      },
    });
    client.on('event', ({ conversation_id: id, seq }) => {
      if (seq <= (last.get(id) ?? 0)) disorder.push(`${device.name}: ${id} told ${seq} after ${last.get(id)}`);
      last.set(id, seq);
    });
    device.client = client;
    device.crash = () => {
      isDead = true;
      kill();
      device.wire.cut();
      void client.close();
    };
    return client;
  };

  const newDevice = async (name: string, storage: () => ChatStorage): Promise<Device> => {
    const wire = await startWire(Number(new URL(server.url).port), seeded(Math.floor(random() * 2 ** 31)));
    closing.push(() => wire.close());
    const device = { name, wire, storage, away: false } as Device;
    open(device);
    closing.push(() => device.client.close());
    return device;
  };

  const people: { person: Person; devices: Device[] }[] = [];
  for (let index = 0; index < 3; index += 1) {
    const username = someName(`p${index}x`);
    const browser = createBrowser();
    const [one, other] = [browser, index === 1 ? createBrowser() : browser];
    const first = await newDevice(`${index}a`, one.storage);
    const second = await newDevice(`${index}b`, other.storage);
    await first.client.signUp({ username, password, full_name: `Person ${index}` });
    if (one === other) await second.client.restore();
    else await second.client.signIn({ username, password });
    people.push({ person: await signIn(server, username), devices: [first, second] });
  }
  const devices = people.flatMap(each => each.devices);
  return { random, pick, server, people, devices, errors, disorder, open };
};

type World = Awaited<ReturnType<typeof createWorld>>;

/** What the server tells each person of each conversation, against what their devices show. */
const differences = async ({ server, people }: World): Promise<unknown[]> => {
  const found: unknown[] = [];
  for (const { person, devices } of people) {
    const get = async <T>(path: string) => (await api(server, person.token)<T>('GET', path)).body;
    const { items } = await get<Output<'conversation:list'>>('/conversation/v1?limit=100');
    for (const { name, client } of devices) {
      const held = client.conversations.get().map(({ id }) => id);
      if (
        held.toSorted().join() !==
        items
          .map(({ id }) => id)
          .toSorted()
          .join()
      )
        found.push({ name, held, told: items.map(({ id }) => id) });
    }
    for (const conversation of items) {
      const { id, head, unread, read_seq, role, last_message } = conversation;
      const history = await get<Output<'message:history'>>(`/message/v1/history?conversation_id=${id}&limit=100`);
      for (const { name, client } of devices) {
        const summary = client.conversation(id).summary.get();
        const window = client.conversation(id).messages.get();
        const shown = window?.messages.map(comparable) ?? [];
        const held = summary && {
          ...{ head: summary.head, unread: summary.unread, read_seq: summary.read_seq, role: summary.role },
          last: summary.last_message && comparable(summary.last_message),
        };
        const told = { head, unread, read_seq, role, last: last_message && comparable(last_message) };
        const all = history.items.map(comparable);
        const page = window?.hasOlder ? all.slice(all.length - shown.length) : all;
        if (JSON.stringify(held) !== JSON.stringify(told))
          found.push({ name, id, kind: conversation.kind, held, told });
        if (JSON.stringify(shown) !== JSON.stringify(page))
          found.push({
            ...{ name, id, kind: conversation.kind },
            shown: shown.filter((each, index) => JSON.stringify(each) !== JSON.stringify(page[index])).slice(0, 5),
            page: page.filter((each, index) => JSON.stringify(each) !== JSON.stringify(shown[index])).slice(0, 5),
          });
      }
    }
  }
  return found;
};

const play = async (seed: number, closing: (() => unknown)[]) => {
  const world = await createWorld(seed, closing);
  const { random, pick, server, people, devices } = world;
  const [owner, second, third] = people as [World['people'][0], World['people'][0], World['people'][0]];
  const [boss] = owner.devices as [Device];
  await Promise.all(devices.map(({ client }) => client.synced()));

  // Something was said before anybody came: whoever joins counts from there.
  const group = await boss.client.create({ kind: 'group', name: 'Group', members: [second.person.id] });
  await boss.client.call('conversation:update', { conversation_id: group.id, history: 'joined' });
  const room = await boss.client.create({ kind: 'room', name: `room${seed}` });
  const direct = await boss.client.direct(second.person.id);
  const asked: Asked[] = [];
  const places = [group.id, room.id, direct.id, 'lobby'];
  let said = 0;
  const say = (device: Device, conversation_id: string) => {
    said += 1;
    const options = random() < 0.2 ? pick(messagesOf(device, conversation_id))?.id : undefined;
    const entry = device.client
      .conversation(conversation_id)
      .send(`${said} ${device.name} ${'x'.repeat(random() * 200)}`, options ? { reply_to: options } : {});
    asked.push({ device, conversation_id, entry });
  };
  const messagesOf = (device: Device, id: string) => device.client.conversation(id).messages.get()?.messages ?? [];
  for (let index = 0; index < 8; index += 1) say(boss, pick(places));
  for (const { client } of devices) {
    if (random() < 0.7) await client.join({ conversation_id: room.id });
    await client.synced();
    for (const { id } of client.conversations.get()) if (random() < 0.8) await client.conversation(id).open();
  }

  const edits: { text: string; outcome: unknown }[] = [];
  const doing = new Set<Promise<unknown>>();
  const odd: unknown[] = [];
  const begin = (work: Promise<unknown>) => {
    const one: Promise<unknown> = work
      .catch((error: unknown) => {
        if (!(error instanceof ChatError)) odd.push(error);
      })
      .finally(() => doing.delete(one));
    doing.add(one);
  };

  const comeBack = async (device: Device) => {
    device.away = true;
    if (random() < 0.5) device.crash();
    else await device.client.close();
    await pause(random() * 200);
    await world.open(device).restore();
    device.away = false;
  };

  const step = () => {
    // Browsers tell that the network is back; without that most of the time would go in waiting.
    for (const { client } of devices) if (random() < 0.3) client.reconnect();
    const present = devices.filter(({ away }) => !away);
    const online = present.filter(({ client }) => client.connection.get().status === 'online');
    const device = pick(random() < 0.7 && online.length > 0 ? online : present);
    if (!device) return;
    const { client } = device;
    const me = client.user.get()?.id ?? '';
    const held = client.conversations.get().map(({ id }) => id);
    const id = random() < 0.9 && held.length > 0 ? pick(held) : pick([group.id, room.id, 'lobby']);
    const place = client.conversation(id);
    const message = pick(messagesOf(device, id));
    const own = pick(messagesOf(device, id).filter(({ from, unsent }) => from.id === me && !unsent));
    const fate = random();
    if (fate < 0.35) say(device, id);
    else if (fate < 0.4) begin(place.open());
    else if (fate < 0.5) {
      if (message) begin(place.react(message.id, pick(emojis)));
    } else if (fate < 0.57) {
      if (message) begin(place.unreact(message.id, pick(message.reactions)?.emoji ?? pick(emojis)));
    } else if (fate < 0.64) {
      const edit = { text: `edit ${edits.length} ${device.name}`, outcome: undefined as unknown };
      if (!own) return;
      edits.push(edit);
      begin(
        place.edit(own.id, edit.text).then(
          () => {
            edit.outcome = 'done';
          },
          error => {
            edit.outcome = error;
            throw error;
          },
        ),
      );
    } else if (fate < 0.68) {
      if (own) begin(place.unsend(own.id));
    } else if (fate < 0.8) place.markRead(random() < 0.5 ? message : undefined);
    else if (fate < 0.84) begin(client.join({ conversation_id: room.id }));
    else if (fate < 0.86) {
      if (me !== owner.person.id) begin(client.leave(pick([room.id, group.id])));
    } else if (fate < 0.9) {
      const { person } = pick([second, third]);
      const at = owner.devices.find(({ away }) => !away)?.client;
      const target = { conversation_id: pick([room.id, group.id]), user_id: person.id };
      if (at) begin(at.call('conversation:kick', target));
    } else if (fate < 0.94) {
      const user_ids = [second.person.id, third.person.id];
      const at = owner.devices.find(({ away }) => !away)?.client;
      if (at) begin(at.call('conversation:invite', { conversation_id: pick([room.id, group.id]), user_ids }));
    } else if (fate < 0.98) begin(comeBack(device));
  };

  for (const { wire } of devices) wire.spoil();
  for (let index = 0; index < steps; index += 1) {
    if (index === Math.floor(steps / 2)) begin(server.restart());
    step();
    await pause(random() * 40);
  }

  for (const { wire } of devices) wire.heal();
  const deadline = Date.now() + healedMs;
  let left: unknown[] = ['nothing was looked at'];
  while (left.length > 0 && Date.now() < deadline) {
    await pause(100);
    for (const { client } of devices) client.reconnect();
    const waiting = devices.flatMap(({ name, client }) => [
      ...client.outbox.get().filter(({ state }) => state !== 'failed'),
      ...(client.connection.get().status === 'online' ? [] : [`${name} is ${client.connection.get().status}`]),
    ]);
    left = doing.size > 0 ? [`${doing.size} under way`] : waiting;
    if (left.length > 0) continue;
    const opening = devices.flatMap(({ client }) =>
      client.conversations.get().map(({ id }) => client.conversation(id).open()),
    );
    await Promise.all(opening).catch((error: unknown) => odd.push(error));
    left = await differences(world);
  }
  expect(left).toEqual([]);
  expect(odd).toEqual([]);
  expect(world.errors).toEqual([]);
  expect(world.disorder).toEqual([]);

  const socket = await connect(server, owner.person.token);
  closing.push(() => socket.disconnect());
  const log: LogEvent[] = [];
  for (const id of places) {
    const { epoch, head } = await command(socket, 'conversation:get', { conversation_id: id });
    const answer = await command(socket, 'sync', { cursors: { [id]: { epoch, seq: 0 } } });
    const events = answer.conversations[id]?.events ?? [];
    const floor = events[0]?.seq ?? 0;
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: head - floor + 1 }, (_, index) => floor + index));
    log.push(...events);
  }
  const times = (client_id: string) =>
    log.filter(event => event.kind === 'message' && event.client_id === client_id).length;
  const failed = new Set(devices.flatMap(({ client }) => client.outbox.get().map(({ client_id }) => client_id)));
  const wrong = asked.filter(({ entry }) => times(entry.client_id) !== (failed.has(entry.client_id) ? 0 : 1));
  expect(wrong.map(({ device, entry }) => ({ name: device.name, entry, times: times(entry.client_id) }))).toEqual([]);

  // What one device wrote into a conversation stands there in the order of writing.
  for (const device of devices)
    for (const id of places) {
      const written = asked.filter(one => one.device === device && one.conversation_id === id).map(one => one.entry);
      const order = log.filter(({ conversation_id }) => conversation_id === id).map(({ client_id }) => client_id);
      const seqs = written.map(({ client_id }) => order.indexOf(client_id)).filter(index => index >= 0);
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    }

  const edited = (text: string) => log.filter(event => event.kind === 'edit' && event.message === text).length;
  for (const { text, outcome } of edits) {
    const isRefused = outcome instanceof ChatError && !outcome.retryable;
    // The texts of edits of what was unsent later are erased.
    if (isRefused) expect(edited(text), text).toBe(0);
    else expect(edited(text), text).toBeLessThanOrEqual(1);
  }
  return { log, failed: failed.size, edits };
};

/** Most of the time goes in waiting, hence two at once. */
const pairs = seedsOf(given).flatMap((_, index, all) => (index % 2 === 0 ? [all.slice(index, index + 2)] : []));

test.each(pairs.map(seeds => ({ seeds })))(
  '[G2] [G3] [G4] [G5] [G6] [G10] whatever befalls the network: in the end every device shows what the server has, and each text is there once (seeds $seeds)',
  async ({ seeds }) => {
    const one = async (seed: number) => {
      const begun = Date.now();
      const closing: (() => unknown)[] = [];
      try {
        const { log, failed } = await play(seed, closing);
        if (given !== undefined) console.log({ seed, ms: Date.now() - begun, events: log.length, failed });
      } catch (error) {
        if (error instanceof Error) error.message = `seed ${seed}: ${error.message}`;
        throw error;
      } finally {
        for (const close of closing.reverse()) await close();
      }
    };
    for (const result of await Promise.allSettled(seeds.map(one)))
      if (result.status === 'rejected') throw result.reason;
  },
  healedMs + 60_000 + steps * 200,
);
