import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { errorOf, noAnswer, offline } from '../../src/client/errors.ts';
import type { Entry } from '../../src/client/outbox.ts';
import type { Message } from '../../src/protocol/index.ts';
import { connect, emit, type Person, signUp, until, wholeHistory } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createDevice, openTab, seeded, type Tab } from './outbox-rig.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** A log as the server keeps it: a client_id once, in the order of arrival. */
const createLog = () => {
  const logs = new Map<string, Entry[]>();
  return {
    of: (id: string) => logs.get(id) ?? [],
    append(entry: Entry) {
      const log = logs.get(entry.conversation_id) ?? [];
      if (!log.some(({ client_id }) => client_id === entry.client_id)) log.push(entry);
      logs.set(entry.conversation_id, log);
      return { client_id: entry.client_id, conversation_id: entry.conversation_id } as Message;
    },
  };
};

const conversations = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Tabs that open, die, close and lose their connection while they write, and a storage that takes its time. */
const run = async (seed: number) => {
  const random = seeded(seed);
  const chance = (part: number) => random() < part;
  const device = createDevice();
  const log = createLog();
  const written = new Map<string, string[]>();
  let busy: Tab | undefined;
  let flights = 0;
  let tabs: Tab[] = [];

  const open = (name: string) => {
    const tab = openTab(device, {
      name,
      random,
      async send(entry) {
        // A tab that is gone may still have something on its way; of those that live one sends.
        if (busy !== tab) expect(flights).toBe(0);
        busy = tab;
        flights += 1;
        try {
          await new Promise(resolve => setTimeout(resolve, random() * 400));
          if (chance(0.2)) throw offline();
          const message = log.append(entry);
          await new Promise(resolve => setTimeout(resolve, random() * 400));
          if (chance(0.4)) throw noAnswer();
          if (chance(0.2)) tab.outbox.settle(entry.client_id);
          return message;
        } finally {
          if (busy === tab) flights -= 1;
        }
      },
    });
    tab.storage.gate = () => new Promise(resolve => setTimeout(resolve, random() * 20));
    tab.outbox.resume();
    tabs.push(tab);
  };

  const leave = (tab: Tab) => {
    tabs = tabs.filter(other => other !== tab);
    if (busy === tab) {
      busy = undefined;
      flights = 0;
    }
  };

  for (let step = 0, n = 0; step < 120; step++) {
    while (tabs.length < 2) open(`tab ${step}.${tabs.length}`);
    const tab = tabs[Math.floor(random() * tabs.length)] ?? expect.fail();
    // A second between two messages, so that the other tab knows of the one before: more is not promised of two tabs.
    if (chance(0.6)) {
      const id = conversations[Math.floor(random() * conversations.length)] ?? '';
      const message = `${n++}`;
      tab.write(message, id);
      written.set(id, [...(written.get(id) ?? []), message]);
      await vi.advanceTimersByTimeAsync(1_000);
    } else if (chance(0.3)) {
      leave(tab);
      if (chance(0.5)) tab.die();
      else await Promise.all([tab.outbox.close(), vi.advanceTimersByTimeAsync(1_000)]);
    } else if (chance(0.4)) {
      tab.net.isOnline = !tab.net.isOnline;
      if (tab.net.isOnline) tab.outbox.resume();
    }
    await vi.advanceTimersByTimeAsync(random() * 500);
  }
  for (const tab of tabs) {
    tab.net.isOnline = true;
    tab.outbox.resume();
  }
  await vi.advanceTimersByTimeAsync(3_600_000);
  for (const [id, messages] of written) expect([id, log.of(id).map(({ message }) => message)]).toEqual([id, messages]);
  expect(tabs.map(tab => tab.shown())).toEqual(tabs.map(() => []));
  expect([device.rows.size, device.holders]).toEqual([0, []]);
  for (const tab of tabs) expect(tab.onError).not.toHaveBeenCalled();
};

describe('[G2] two tabs that come and go, with a connection that does too', () => {
  it.each(Array.from({ length: 20 }, (_, index) => index + 1))('send each once and in order: seed %i', async seed => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
    await run(seed);
  });
});

describe('with a real server', () => {
  let server: TestServer;
  let person: Person;

  beforeAll(async () => {
    server = await startServer();
    person = await signUp(server);
  });

  afterAll(() => server.close());

  it('[G2][G4] holds each message once and in order, where answers are lost and the client is rebuilt', async () => {
    const seed = Date.now() % 1e6;
    const random = seeded(seed);
    const device = createDevice();
    const wanted: string[] = [];
    let lost = 0;
    for (let round = 0; round < 8; round++) {
      const socket = await connect(server, person.token);
      const tab = openTab(device, {
        name: `round ${round}`,
        user_id: person.id,
        random: () => random() * 0.003,
        async send({ conversation_id, message, client_id }) {
          if (random() < 0.2) throw offline();
          const result = await emit(socket, 'message:send', { conversation_id, message, client_id });
          if (!result.ok) throw errorOf(result.error);
          if (random() < 0.5) {
            lost += 1;
            throw noAnswer();
          }
          return result.data;
        },
      });
      tab.outbox.resume();
      for (let index = 0; index < 10; index++) wanted.push(tab.write(`${round}.${index}`).message);
      const before = wanted.length - Math.floor(random() * 10);
      // Dies in the middle of its work; the last one is let finish.
      if (round < 7) await until(async () => (await wholeHistory(server, person)).length >= before, 20_000);
      else await until(() => tab.outbox.entries.get().length === 0, 20_000);
      tab.die();
      socket.disconnect();
    }
    const history = await wholeHistory(server, person);
    expect([seed, history.map(({ message }) => message)]).toEqual([seed, wanted]);
    const first = history[0]?.seq ?? 0;
    expect(history.map(({ seq }) => seq)).toEqual(wanted.map((_, index) => first + index));
    expect(lost).toBeGreaterThan(10);
    expect(device.rows.size).toBe(0);
  });
});
