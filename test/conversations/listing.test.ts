import { expect, test } from 'vitest';
import type { Actor } from '../../src/actor.ts';
import type { Log } from '../../src/ports/log.ts';
import type { ConversationStore } from '../../src/ports/storage.ts';
import { addUser, addUsers, call, openStores, startInstance } from './rig.ts';

/** Counts the calls of a port. */
const counted = <T extends object>(port: T) => {
  const calls: string[] = [];
  const proxy = new Proxy(port, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value === 'function') calls.push(String(name));
      return value;
    },
  });
  return { proxy, calls };
};

const setUp = async () => {
  const stores = await openStores();
  const log = counted<Log>(stores.log);
  const conversations = counted<ConversationStore>(stores.storage.conversations);
  const storage = { ...stores.storage, conversations: conversations.proxy };
  const here = await startInstance({ log: log.proxy, storage }, { lobby: true });
  const [owner, anna] = (await addUsers(storage, 2)) as [Actor, Actor];
  const calls = () => [...log.calls.splice(0), ...conversations.calls.splice(0)];
  return { log: stores.log, storage, here, handlers: here.handlers, owner, anna, calls };
};

test('the list: the lobby first, then by id, in pages without gaps, with what is unread', async () => {
  const { storage, here, handlers, owner, anna } = await setUp();
  const ids: string[] = [];
  for (let i = 0; i < 7; i++) {
    const members = [anna.user_id];
    const { id } = await handlers['conversation:create'](owner, { kind: 'group', name: `G${i}`, members }, call);
    for (let m = 0; m < i; m++) await here.send(owner, id, `m${m}`);
    ids.push(id);
  }
  const direct = await handlers['conversation:direct'](owner, { user_id: anna.user_id }, call);
  await handlers['conversation:delete'](owner, { conversation_id: ids[3] as string }, call);
  const left = await addUser(storage);
  expect((await handlers['conversation:list'](left, {}, call)).items.map(item => item.id)).toEqual(['lobby']);

  const expected = ['lobby', ...[...ids.filter((_, i) => i !== 3), direct.id].sort()];
  for (const limit of [1, 2, 3, 8, 100]) {
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await handlers['conversation:list'](anna, { after, limit }, call);
      expect(page.items.length).toBeLessThanOrEqual(limit);
      expect(page.has_more).toBe(page.next !== undefined);
      seen.push(...page.items.map(item => item.id));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(expected);
  }
  const { items } = await handlers['conversation:list'](anna, {}, call);
  const last = items.find(item => item.id === ids[6]);
  expect(last).toMatchObject({ unread: 6, floor: 2, head: 8, role: 'member', last_message: { message: 'm5' } });
  expect(items.find(item => item.id === ids[0])).toMatchObject({ unread: 0, last_message: null });
  expect(items.find(item => item.id === direct.id)?.peer?.id).toBe(owner.user_id);
});

test('a list costs the same number of reads, however long', async () => {
  const { handlers, owner, anna, calls } = await setUp();
  const create = async (i: number) =>
    handlers['conversation:create'](owner, { kind: 'group', name: `G${i}`, members: [anna.user_id] }, call);
  const cost = async () => {
    // Once before, so that the lobby's state is in memory and fresh.
    await handlers['conversation:list'](anna, {}, call);
    calls();
    await handlers['conversation:list'](anna, {}, call);
    return calls().length;
  };
  await create(0);
  await handlers['conversation:direct'](owner, { user_id: anna.user_id }, call);
  const short = await cost();
  for (let i = 1; i < 30; i++) await create(i);
  expect(await cost()).toBe(short);
});

test('who registers has read the lobby; who was there before has not', async () => {
  const { storage, here, handlers, owner, anna } = await setUp();
  await here.enterLobby(owner.user_id);
  for (let i = 0; i < 5; i++) await here.send(anna, 'lobby', `m${i}`);
  const late = await addUser(storage);
  await here.enterLobby(late.user_id);
  const lobby = async (actor: Actor) => (await handlers['conversation:list'](actor, {}, call)).items[0];
  expect(await lobby(late)).toMatchObject({ id: 'lobby', unread: 0, head: 6, floor: 1, role: 'member' });
  expect(await lobby(owner)).toMatchObject({ unread: 5 });
});

test('the directory: rooms by name and prefix, in pages, with who is in them; groups never', async () => {
  const { handlers, owner, anna } = await setUp();
  const names = ['alpha', 'Beta', 'Álgebra', 'algae', 'ALP'];
  for (const name of names) await handlers['conversation:create'](owner, { kind: 'room', name }, call);
  await handlers['conversation:create'](owner, { kind: 'group', name: 'alps' }, call);
  await handlers['conversation:join'](anna, { name: 'algae' }, call);
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const page = await handlers['conversation:directory'](anna, { after, limit: 2 }, call);
    seen.push(...page.items.map(item => item.name ?? ''));
    after = page.next;
  } while (after !== undefined);
  expect(seen).toHaveLength(5);
  expect(new Set(seen)).toEqual(new Set(names));
  const found = await handlers['conversation:directory'](anna, { q: 'AL' }, call);
  expect(found.items.map(({ name, members, joined }) => [name, members, joined])).toEqual([
    ['algae', 2, true],
    ['ALP', 1, false],
    ['alpha', 1, false],
  ]);
});

test('a room as a stranger sees it: what it is, and nothing of what is said', async () => {
  const { here, handlers, owner, anna } = await setUp();
  const { id } = await handlers['conversation:create'](owner, { kind: 'room', name: 'Room' }, call);
  await here.send(owner, id, 'secret');
  expect(await handlers['conversation:get'](anna, { conversation_id: id }, call)).toMatchObject({
    ...{ name: 'Room', role: null, last_message: null, unread: 0, floor: 3, head: 2 },
  });
});

test('members come in pages', async () => {
  const { storage, handlers, owner, anna } = await setUp();
  const people = await addUsers(storage, 5);
  const members = [...people, anna].map(person => person.user_id);
  const { id } = await handlers['conversation:create'](owner, { kind: 'group', name: 'G', members }, call);
  for (const conversation_id of [id, 'lobby']) {
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await handlers['conversation:members'](anna, { conversation_id, after, limit: 3 }, call);
      seen.push(...page.items.map(item => item.user.id));
      after = page.next;
    } while (after !== undefined);
    expect([...seen].sort()).toEqual([...members, owner.user_id].sort());
  }
});
