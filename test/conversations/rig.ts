import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Actor } from '../../src/actor.ts';
import { createMemoryPublisher } from '../../src/cluster/memory-publisher.ts';
import { createAccess } from '../../src/conversations/access.ts';
import { createChange } from '../../src/conversations/change.ts';
import { createCursors } from '../../src/conversations/cursors.ts';
import { createDeparture } from '../../src/conversations/departure.ts';
import { createFindOrCreateDirect } from '../../src/conversations/directs.ts';
import { createEnterLobby, ensureLobby } from '../../src/conversations/ensure-lobby.ts';
import { createConversationHandlers } from '../../src/conversations/handlers.ts';
import { type Action, assertMay } from '../../src/conversations/may.ts';
import { createOutbox } from '../../src/conversations/outbox.ts';
import { createConversationPresenter } from '../../src/conversations/present.ts';
import { createFindRoomId } from '../../src/conversations/room-name.ts';
import { createStates } from '../../src/conversations/state.ts';
import { createWriter } from '../../src/conversations/writer.ts';
import type { FoldedMessage, Log, StoredEvent } from '../../src/ports/log.ts';
import type { Publisher } from '../../src/ports/publisher.ts';
import type { Storage } from '../../src/ports/storage.ts';
import type { Message, User } from '../../src/protocol/index.ts';
import { openSqliteLog } from '../../src/storage/log/sqlite/log.ts';
import { openSqliteStorage } from '../../src/storage/sql/open.ts';

/** Real stores in a folder of their own, gone with the test. */
export const openStores = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-conversations-'));
  const log = await openSqliteLog({ file: join(folder, 'log.db') });
  const storage = await openSqliteStorage({ file: join(folder, 'parley.db') });
  onTestFinished(async () => {
    await log.close();
    await storage.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { log, storage };
};

export type Stores = Awaited<ReturnType<typeof openStores>>;

const nameless = (id: string): User => ({ id, username: id, full_name: id });

const presentMessages = (log: Log) => (folded: FoldedMessage[]) =>
  folded.map(
    ({ event, reactions }): Message => ({
      ...{ id: event.id, conversation_id: event.conversation_id, epoch: log.epoch, seq: event.seq, n: event.n },
      ...{ kind: 'message', from: nameless(event.from), date: event.date, client_id: event.client_id },
      ...{ message: event.payload.message ?? '', mentions: [], reactions },
    }),
  );

/** What one server process holds, on stores that several may share. `now` can be moved. */
export const startInstance = async (
  { log, storage }: { log: Log; storage: Storage },
  {
    lobby = false,
    maxMembers,
    publisher = createMemoryPublisher(),
  }: { lobby?: boolean; maxMembers?: number; publisher?: Publisher } = {},
) => {
  const time = { offset: 0 };
  const clock = { now: () => Date.now() + time.offset };
  const published: StoredEvent[] = [];
  publisher.subscribe((_, events) => void published.push(...events));
  const conversations = storage.conversations;
  const batches: number[] = [];
  const states = createStates({ storage: conversations, log, publisher, clock, maxMembers });
  const writer = createWriter({ log, states, publisher, observe: ({ size }) => void batches.push(size) });
  const errors: unknown[] = [];
  const outbox = createOutbox({ storage: conversations, states, writer, onError: error => void errors.push(error) });
  const access = createAccess({ states, clock });
  const cursors = createCursors({ storage: conversations, log });
  const recorded: string[] = [];
  const record = (event: string) => void recorded.push(event);
  const people = { get: async (ids: Iterable<string>) => new Map([...ids].map(id => [id, nameless(id)])) };
  const presenter = createConversationPresenter({
    storage: conversations,
    log,
    people,
    cursors,
    presentMessages: presentMessages(log),
  });
  const change = createChange({ storage: conversations, outbox, record });
  const departure = createDeparture({ storage: conversations, change, clock });
  const findOrCreateDirect = createFindOrCreateDirect({
    ...{ users: storage.users, storage: conversations, outbox, clock, record },
  });
  const findRoomId = createFindRoomId({ storage: conversations });
  const handlers = createConversationHandlers({
    ...{ users: storage.users, storage: conversations, log, states, access, outbox, change, departure },
    ...{ findOrCreateDirect, findRoomId, presenter, people, clock, record },
  });
  const enterLobby = createEnterLobby({ storage: conversations, log });
  if (lobby) await ensureLobby({ storage: conversations, outbox, clock });

  /** What the messages room does, without texts: authorised in `decide`, against the state as of the head. */
  const send = (actor: Actor, conversation_id: string, client_id: string, message = client_id) =>
    writer.append(conversation_id, {
      from: actor.user_id,
      client_id,
      decide(state) {
        assertMay(actor, 'message:send' satisfies Action, state, undefined, clock.now());
        return { kind: 'message', payload: { message } };
      },
    });

  onTestFinished(async () => {
    states.close();
    await outbox.stop();
    await cursors.close();
    await writer.idle();
  });
  return {
    ...{ time, published, batches, states, writer, outbox, access, cursors, handlers, presenter, departure, recorded },
    ...{ findOrCreateDirect, findRoomId, enterLobby, send, errors },
  };
};

export type Instance = Awaited<ReturnType<typeof startInstance>>;

export const call = { request_id: 'test', address: '127.0.0.1' };

export const addUser = async (storage: Storage, role: 'user' | 'admin' = 'user'): Promise<Actor> => {
  const user_id = randomBytes(12).toString('base64url');
  await storage.users.create(
    {
      ...{ id: user_id, username: user_id, full_name: user_id, email: null, password_hash: 'x', role },
      ...{ created_at: new Date().toISOString(), last_seen_at: null, erased_at: null },
    },
    { username: user_id.toLowerCase(), email: null },
  );
  return { user_id, session_id: 's', role, username: user_id, full_name: user_id };
};

export const addUsers = (storage: Storage, count: number) =>
  Promise.all(Array.from({ length: count }, () => addUser(storage)));

/** The whole log, checked to be gapless and to count its messages. */
export const readLog = async (log: Log, conversation_id: string): Promise<StoredEvent[]> => {
  const { seq, n } = await log.head(conversation_id);
  const events: StoredEvent[] = [];
  while (events.length < seq) events.push(...(await log.range(conversation_id, events.length, seq)));
  let messages = 0;
  for (const [index, event] of events.entries()) {
    if (event.kind === 'message') messages++;
    if (event.seq !== index + 1 || event.n !== messages) {
      throw new Error(`event ${index + 1} has seq ${event.seq}, n ${event.n} instead of ${messages}`);
    }
  }
  if (messages !== n) throw new Error(`the head counts ${n} messages of ${messages}`);
  return events;
};

/** The code with which it was refused; 'ok' where it was not. */
export const codeOf = (promise: Promise<unknown> | unknown): Promise<string> =>
  Promise.resolve(promise).then(
    () => 'ok',
    (error: { code?: string }) => error.code ?? String(error),
  );
