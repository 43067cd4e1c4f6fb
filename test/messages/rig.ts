import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createPeople } from '../../src/accounts/people.ts';
import { usernameKey } from '../../src/accounts/username-key.ts';
import type { Actor } from '../../src/actor.ts';
import { createMemoryCluster } from '../../src/cluster/memory.ts';
import { createMemoryPublisher } from '../../src/cluster/memory-publisher.ts';
import { createAccess } from '../../src/conversations/access.ts';
import { createChange } from '../../src/conversations/change.ts';
import { createCursors } from '../../src/conversations/cursors.ts';
import { createDeparture } from '../../src/conversations/departure.ts';
import { createFindOrCreateDirect } from '../../src/conversations/directs.ts';
import { createEnterLobby, ensureLobby } from '../../src/conversations/ensure-lobby.ts';
import { createConversationHandlers } from '../../src/conversations/handlers.ts';
import { createOutbox } from '../../src/conversations/outbox.ts';
import { createConversationPresenter } from '../../src/conversations/present.ts';
import { createFindRoomId } from '../../src/conversations/room-name.ts';
import { createStates } from '../../src/conversations/state.ts';
import { createWriter } from '../../src/conversations/writer.ts';
import type { Handler } from '../../src/invoke.ts';
import { createMessageHandlers } from '../../src/messages/handlers.ts';
import { createPresenter } from '../../src/messages/present.ts';
import { createVisibility } from '../../src/messages/visibility.ts';
import { createNotifier } from '../../src/notifications/follower.ts';
import { createNotificationHandlers } from '../../src/notifications/handlers.ts';
import { createNotificationPresenter } from '../../src/notifications/present.ts';
import type { Log, StoredEvent } from '../../src/ports/log.ts';
import type { Storage } from '../../src/ports/storage.ts';
import { type Input, type OperationName, type Output, operations } from '../../src/protocol/index.ts';
import { createSearchHandlers } from '../../src/search/handlers.ts';
import { createIndexer } from '../../src/search/indexer.ts';
import { openSqliteLog } from '../../src/storage/log/sqlite/log.ts';
import { openSqliteSearch } from '../../src/storage/search/sqlite/search.ts';
import { openSqliteStorage } from '../../src/storage/sql/open.ts';

/** Real stores in a folder of their own, gone with the test. */
export const openStores = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-messages-'));
  const log = await openSqliteLog({ file: join(folder, 'log.db') });
  const storage = await openSqliteStorage({ file: join(folder, 'parley.db') });
  const index = await openSqliteSearch({ file: join(folder, 'search.db') });
  onTestFinished(async () => {
    await log.close();
    await storage.close();
    await index.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, log, storage, index };
};
export type Stores = Awaited<ReturnType<typeof openStores>>;

/** The rules as one process holds them, on stores that several may share. The followers run when they are asked to (`catchUp`). */
export const startInstance = async ({ log, storage, index }: Pick<Stores, 'log' | 'storage' | 'index'>) => {
  const time = { offset: 0 };
  const clock = { now: () => Date.now() + time.offset };
  const cluster = createMemoryCluster({ instance_id: randomBytes(3).toString('hex'), clock });
  const publisher = createMemoryPublisher();
  const published: StoredEvent[] = [];
  publisher.subscribe((_, events) => void published.push(...events));
  const { users, conversations, notifications } = storage;
  const people = createPeople({ users, cluster, clock });
  const states = createStates({ storage: conversations, log, publisher, clock });
  const writer = createWriter({ log, states, publisher });
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const outbox = createOutbox({ storage: conversations, states, writer, onError });
  const access = createAccess({ states, clock });
  const cursors = createCursors({ storage: conversations, log, interval: 20 });
  const record = () => undefined;
  const visibility = createVisibility({ states, storage: conversations });
  const presenter = createPresenter({ people, log, visibility });
  const conversationPresenter = createConversationPresenter({
    ...{ storage: conversations, log, people, cursors },
    presentMessages: presenter.messages,
  });
  const change = createChange({ storage: conversations, outbox, record });
  const departure = createDeparture({ storage: conversations, change, clock });
  const findOrCreateDirect = createFindOrCreateDirect({ users, storage: conversations, outbox, clock, record });
  const findRoomId = createFindRoomId({ storage: conversations });
  const notificationPresenter = createNotificationPresenter({ notifications, log, people, visibility });
  const messageParts = {
    ...{ log, storage: conversations, users, people, writer, access, cursors, cluster, clock },
    ...{ presenter, conversations: conversationPresenter, findOrCreateDirect, findRoomId },
  };
  const handlers = {
    ...createConversationHandlers({
      ...{ users, storage: conversations, log, states, access, outbox, change, departure },
      ...{ findOrCreateDirect, findRoomId, presenter: conversationPresenter, people, clock, record },
    }),
    ...createMessageHandlers(messageParts),
    ...createSearchHandlers({ index, log, access, storage: conversations, presenter }),
    ...createNotificationHandlers({ notifications, presenter: notificationPresenter, clock }),
  };
  const indexer = createIndexer({ index, log, publisher, onError, delay: 5 });
  const notifier = createNotifier({
    ...{ notifications, states, cluster, storage: conversations, users, log, publisher, onError, delay: 5 },
  });
  await ensureLobby({ storage: conversations, outbox, clock });
  onTestFinished(async () => {
    await indexer.stop();
    await notifier.stop();
    states.close();
    await outbox.stop();
    await cursors.close();
    await writer.idle();
    people.close();
    await cluster.close();
  });

  type Handled = OperationName & keyof typeof handlers;
  /** Calls a rule as `invoke` would: the input is checked against the contract, and so is the answer, to the letter. */
  const call = async <N extends Handled>(actor: Actor, name: N, input: Input<N>): Promise<Output<N>> => {
    const { input: ask, output } = operations[name];
    const known: { [K in OperationName]?: unknown } = handlers;
    const handler = known[name] as Handler<N>;
    const answer = await handler(actor as Parameters<Handler<N>>[0], ask.parse(input) as Input<N>, {
      request_id: 't',
      address: '::1',
    });
    return output.parse(answer) as Output<N>;
  };
  const send = (actor: Actor, conversation_id: string, message: string, more: { reply_to?: string } = {}) =>
    call(actor, 'message:send', { conversation_id, message, client_id: newClientId(), ...more });
  const group = async (owner: Actor, ...others: Actor[]) =>
    (await call(owner, 'conversation:create', { kind: 'group', name: 'Team', members: others.map(a => a.user_id) })).id;
  const room = async (owner: Actor, ...others: Actor[]) => {
    const { id } = await call(owner, 'conversation:create', { kind: 'room', name: `Room ${newClientId()}` });
    for (const other of others) await call(other, 'conversation:join', { conversation_id: id });
    return id;
  };
  return {
    ...{
      time,
      cluster,
      publisher,
      published,
      states,
      writer,
      cursors,
      presenter,
      notificationPresenter,
      errors,
      messageParts,
    },
    ...{
      call,
      send,
      group,
      room,
      indexer,
      notifier,
      people,
      enterLobby: createEnterLobby({ storage: conversations, log }),
    },
  };
};
export type Instance = Awaited<ReturnType<typeof startInstance>>;

export const start = async () => {
  const stores = await openStores();
  const instance = await startInstance(stores);
  const add = (username?: string, role?: 'user' | 'admin') => addUser(stores.storage, username, role);
  return { ...stores, ...instance, add };
};

export const newClientId = () => randomBytes(9).toString('base64url');

export const addUser = async (storage: Storage, name?: string, role: 'user' | 'admin' = 'user'): Promise<Actor> => {
  const user_id = randomBytes(12).toString('base64url');
  const username = name ?? `u${randomBytes(6).toString('hex')}`;
  await storage.users.create(
    {
      ...{ id: user_id, username, full_name: `Full ${username}`, email: null, password_hash: 'x', role },
      ...{ created_at: new Date().toISOString(), last_seen_at: null, erased_at: null },
    },
    { username: usernameKey(username), email: null },
  );
  return { user_id, session_id: 's', role, username, full_name: `Full ${username}` };
};

/** Appends beside the writer, for a long log in little time; drop the state afterwards. */
export const fill = async (
  log: Log,
  conversation_id: string,
  events: Omit<StoredEvent, 'conversation_id' | 'id' | 'seq' | 'n' | 'date'>[],
) => {
  for (let at = 0; at < events.length; at += 200) {
    const result = await log.append(conversation_id, await log.head(conversation_id), events.slice(at, at + 200));
    if (result.conflict) throw new Error(`conflict on ${result.conflict.on}`);
  }
};

/** The error's code and what it names, or 'ok'. */
export const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'ok',
    (error: { code?: string; details?: object }) =>
      [error.code ?? String(error), ...Object.keys(error.details ?? {})].join(' '),
  );
