import { describe, expect, test } from 'vitest';
import { createConversations } from '../../src/client/conversations.ts';
import { createPeople } from '../../src/client/people.ts';
import type { Conversation, LogEvent, Message, User } from '../../src/protocol/index.ts';
import { seeded } from '../realtime/linked.ts';

const unexpected = (error: unknown) => {
  throw error;
};

const ids = ['ann', 'bob', 'cid', 'dee'];
const rooms = ['a', 'b'];

/** What a server knows: events with ids, and under which name each person is known when they are read. */
const createServer = (random: () => number) => {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const names = new Map(ids.map(id => [id, { id, username: id, full_name: id.toUpperCase() }]));
  const name = (id: string): User => ({ ...(names.get(id) as User) });
  const logs = new Map<string, { seq: number; from: string; mentions: string[]; reply_to: number | undefined }[]>(
    rooms.map(id => [id, []]),
  );
  const logOf = (id: string) => logs.get(id) ?? [];
  let versions = 0;
  const idOf = (room: string, seq: number) => `${room}.${seq}`;
  /** As it is told now. */
  const present = (room: string, at: number): LogEvent => {
    const { seq, from, mentions, reply_to } = logOf(room)[at] as ReturnType<typeof logOf>[number];
    const target = reply_to === undefined ? undefined : logOf(room)[reply_to - 1];
    return {
      ...{ id: idOf(room, seq), conversation_id: room, epoch: 'e', seq, n: seq, from: name(from) },
      ...{ date: new Date(seq).toISOString(), client_id: `k${seq}`, kind: 'message', message: `text ${seq}` },
      mentions: mentions.map(name),
      ...(target && {
        reply_to: idOf(room, target.seq),
        reply_preview: { id: idOf(room, target.seq), from: name(target.from), message: `text ${target.seq}` },
      }),
    };
  };
  const messages = (room: string, from: number): Message[] =>
    logOf(room)
      .slice(Math.max(0, from))
      .map(({ seq }) => ({ ...(present(room, seq - 1) as Extract<LogEvent, { kind: 'message' }>), reactions: [] }));
  return {
    ...{ pick, name, logOf, present, messages },
    say(room = pick(rooms), from = pick(ids)) {
      const log = logOf(room);
      const reply_to = log.length > 0 && random() < 0.3 ? 1 + Math.floor(random() * log.length) : undefined;
      log.push({ seq: log.length + 1, from, mentions: random() < 0.3 ? [pick(ids)] : [], reply_to });
      return { room, at: log.length - 1 };
    },
    rename() {
      const id = pick(ids);
      versions += 1;
      if (names.get(id)?.username) names.set(id, { id, username: id, full_name: `${id} ${versions}` });
    },
    erase() {
      const id = pick(ids);
      names.set(id, { id, username: '', full_name: '' });
    },
    conversation: (room: string): Conversation => ({
      ...{ id: room, kind: 'room', name: room, topic: '', slow_mode_ms: 0, history: 'all', role: 'member' },
      ...{ created_at: new Date(0).toISOString(), muted_until: null, epoch: 'e', floor: 1, head: logOf(room).length },
      ...{ read_seq: 0, delivered_seq: 0, unread: 0, last_message: messages(room, logOf(room).length - 1)[0] ?? null },
      peer: name(ids[0] as string),
    }),
  };
};

describe.each(Array.from({ length: 30 }, (_, index) => index + 1))('names that change meanwhile (seed %i)', seed => {
  test('everybody has one name over all that is held, and who is erased never gets one back', () => {
    const random = seeded(seed);
    const server = createServer(random);
    const people = createPeople({ onChange: () => conversations.rename(), onError: unexpected });
    const erased = new Set<string>();
    const conversations = createConversations({
      ...{ me: 'ann', named: people.named, onUnknown: () => undefined, onLetGo: () => undefined },
      ...{ onGap: () => undefined, onChange: () => undefined, onEvent: () => undefined, onError: unexpected },
    });
    for (const room of rooms) conversations.upsert(people.ask()(server.conversation(room)));

    const note = (told: unknown) => {
      for (const id of ids) if (JSON.stringify(told).includes(`"${id}","username":""`)) erased.add(id);
    };
    const hear = (told: LogEvent) => {
      note(told);
      people.hear([told]);
      conversations.receive([told]);
    };
    const ask = (write: () => unknown, take: (answer: never) => void) => {
      const named = people.ask();
      let answer: unknown;
      // Written at some time, and here at a later one.
      late.push(() => {
        answer = write();
        late.push(() => {
          note(answer);
          take(named(answer) as never);
        });
      });
    };
    const late: (() => void)[] = [];
    const live: LogEvent[] = [];

    const look = () => {
      for (const room of rooms) {
        const { summary, log } = conversations.get(room) ?? {};
        expect(people.named(summary)).toBe(summary);
        expect(people.named(log?.window())).toBe(log?.window());
        expect(conversations.shown(room).summary.get()).toBe(summary);
        expect(conversations.shown(room).window.get()).toBe(log?.window());
      }
      for (const id of erased) expect(people.named(server.name(id))).toEqual({ id, username: '', full_name: '' });
      for (const id of erased) expect(people.named({ id, username: id, full_name: 'Back' }).full_name).toBe('');
    };

    for (let step = 0; step < 500; step += 1) {
      const chance = random();
      const room = server.pick(rooms);
      if (chance < 0.25) {
        const { room, at } = server.say();
        live.push(server.present(room, at));
      } else if (chance < 0.5) {
        // Some are lost on the way, and sync brings them.
        const event = live.shift();
        if (event && random() < 0.9) hear(event);
      } else if (chance < 0.55) {
        const seq = conversations.get(room)?.log.cursor().seq ?? 0;
        ask(
          () => server.messages(room, seq),
          (events: LogEvent[]) => conversations.receive(events),
        );
      } else if (chance < 0.65) {
        const asked = conversations.get(room)?.log.cursor().seq ?? 0;
        ask(
          () => server.messages(room, server.logOf(room).length - 8),
          (items: Message[]) => {
            conversations.get(room)?.log.show({ items, asked, hasOlder: true, hasNewer: false });
            conversations.refresh(room);
          },
        );
      } else if (chance < 0.7)
        ask(
          () => server.conversation(room),
          (told: Conversation) => conversations.upsert(told),
        );
      else if (chance < 0.75) server.rename();
      else if (chance < 0.755) server.erase();
      else late.splice(Math.floor(random() * late.length), 1)[0]?.();
      look();
    }

    // Everything arrives, and everybody says something once more.
    for (const event of live.splice(0)) hear(event);
    while (late.length > 0) late.shift()?.();
    for (const id of ids) server.say('a', id);
    for (const room of rooms)
      for (const event of server.messages(room, conversations.get(room)?.log.cursor().seq ?? 0)) hear(event);
    look();
    for (const id of ids) expect(people.named({ ...server.name(id), full_name: 'other' })).toEqual(server.name(id));
    conversations.get('a')?.log.show({
      ...{ items: people.ask()(server.messages('a', 0)), asked: server.logOf('a').length },
      ...{ hasOlder: false, hasNewer: false },
    });
    expect(conversations.get('a')?.log.window()?.messages).toEqual(server.messages('a', 0));
  });
});
