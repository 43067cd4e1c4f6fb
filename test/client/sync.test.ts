import { expect, onTestFinished, test } from 'vitest';
import { createConversations } from '../../src/client/conversations.ts';
import { createHistory } from '../../src/client/history.ts';
import { createClient, createMemoryStorage } from '../../src/client/index.ts';
import { createSync } from '../../src/client/sync.ts';
import type { Conversation, LogEvent, Message, Output } from '../../src/protocol/index.ts';
import { command, connect, password, signUp, someName, until } from '../support/clients.ts';
import { startServer } from '../support/server.ts';

const person = { id: 'ann', username: 'ann', full_name: 'Ann' };
const room: Conversation = {
  ...{ id: 'room', kind: 'room', name: 'Room', topic: '', slow_mode_ms: 0, history: 'all' },
  ...{ created_at: '2026-01-01T00:00:00.000Z', role: 'member', muted_until: null, epoch: 'e', floor: 1, head: 9 },
  ...{ read_seq: 9, delivered_seq: 9, unread: 0, last_message: null },
};
const event = (seq: number, fields: object): LogEvent =>
  ({
    ...{ id: `room.${seq}`, conversation_id: 'room', epoch: 'e', seq, n: 5, from: person },
    ...{ date: room.created_at, client_id: `c${seq}`, ...fields },
  }) as LogEvent;

const unexpected = (error: unknown) => {
  throw error;
};

const createHolder = (parts: { onGap?: (id: string) => void } = {}) =>
  createConversations({
    ...{ me: 'ann', onGap: parts.onGap ?? (() => undefined), onUnknown: () => undefined, onLetGo: () => undefined },
    ...{ onChange: () => undefined, onEvent: () => undefined, onError: unexpected, named: told => told },
  });

test('an answer that was overtaken by a removal brings the room back for a moment only', async () => {
  const asked: object[] = [];
  const conversations = createHolder({ onGap: id => sync.soon(id) });
  const answer: Output<'sync'> = { conversations: {}, joined: [], left: ['room'], since: 2, more: false };
  const sync = createSync({
    ...{ conversations, isOnline: () => true, random: () => 0, onError: unexpected },
    ...{ onListed: () => undefined, onSynced: () => undefined, onSince: () => undefined },
    call: async (_name, input) => {
      asked.push(input);
      return answer as never;
    },
  });
  onTestFinished(() => sync.stop());
  sync.begin(1);
  conversations.upsert(room);
  conversations.receive([event(10, { kind: 'removed', user: person })]);
  expect(conversations.get('room')).toBeUndefined();
  // As the answer to a join that was given before the removal, and read after it.
  conversations.upsert(room);
  expect(conversations.get('room')).toBeDefined();
  await until(() => conversations.get('room') === undefined);
  expect(asked).toEqual([{ cursors: { room: { epoch: 'e', seq: 10 } }, since: 1 }]);
});

test('one’s own message counts as read also where the list told of its read mark before it told of the message', () => {
  const conversations = createHolder();
  const said = (seq: number, n: number, from = person) =>
    ({ ...event(seq, { kind: 'message', message: 'm', mentions: [], reactions: [] }), n, from }) as Message;
  conversations.upsert({ ...room, head: 9, read_seq: 10, unread: 0, last_message: said(9, 8) });
  conversations.receive([said(10, 9), said(11, 10, { ...person, id: 'bob' })]);
  expect(conversations.get('room')?.summary).toMatchObject({ n: 10, read_n: 9, read_seq: 10, unread: 1 });
});

test('what somebody waits to see is loaded also where the conversation had to begin anew meanwhile', async () => {
  const conversations = createHolder();
  conversations.upsert(room);
  const message = event(9, { kind: 'message', message: 'hello', mentions: [], reactions: [] }) as Message;
  let asked = 0;
  const history = createHistory({
    ...{ conversations, onBehind: () => undefined, onError: unexpected },
    call: async () => {
      asked += 1;
      if (asked === 1) conversations.restart(room);
      return { items: [message], has_more: false, limit: 50, total: 1 } as never;
    },
  });
  await history.open('room');
  expect(conversations.shown('room').window.get()?.messages).toEqual([message]);
  expect(asked).toBe(2);
});

test('[G4] nothing is skipped of a conversation that nobody looks at, though the list has to be read anew', async () => {
  const server = await startServer();
  onTestFinished(() => server.close());
  const ann = await signUp(server);
  const storage = createMemoryStorage();
  const username = someName();
  const first = createClient({ url: server.url, storage });
  const { id } = await first.signUp({ username, password, full_name: 'Bob' });
  await first.synced();
  const socket = await connect(server, ann.token);
  onTestFinished(() => void socket.disconnect());
  const direct = await command(socket, 'conversation:direct', { user_id: id });
  await until(() => first.conversation(direct.id).summary.get() !== undefined);
  await first.close();

  const texts = Array.from({ length: 230 }, (_, index) => `missed ${index}`);
  for (const message of texts)
    await command(socket, 'message:send', { conversation_id: direct.id, message, client_id: message });
  // As where the device lost a part of what it kept.
  await storage.write([[`since:${id}`, undefined]]);
  const again = createClient({ url: server.url, storage });
  onTestFinished(() => again.close());
  const heard: string[] = [];
  again.on('event', told => {
    if (told.kind === 'message' && told.conversation_id === direct.id) heard.push(told.message);
  });
  await again.restore();
  await again.synced();
  expect(heard).toEqual(texts);
  expect(again.unread.get()).toBe(230);
});
