import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  type ChatClient,
  type ChatStorage,
  type ClientOptions,
  createClient,
  createMemoryStorage,
  type LogEvent,
  type Message,
  type User,
} from '../../src/client/index.ts';
import { createLink } from '../page/proxy.ts';
import { password, someName, until } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createBrowser } from './tabs.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

/** Names that no other text contains. */
const first = 'Ada before the change';
const later = '👩🏽‍🚀 آدا من بعد';

const newClient = (options: ClientOptions = {}) => {
  const client = createClient({ url: server.url, storage: createMemoryStorage(), ...options });
  onTestFinished(() => client.close());
  return client;
};

const newPerson = async (full_name: string, options: ClientOptions = {}) => {
  const storage = options.storage ?? createMemoryStorage();
  const client = newClient({ ...options, storage });
  const user = await client.signUp({ username: someName(), password, full_name });
  await client.synced();
  return { client, user, storage };
};
type Someone = Awaited<ReturnType<typeof newPerson>>;

const shown = (client: ChatClient, id: string): readonly Message[] =>
  client.conversation(id).messages.get()?.messages ?? [];

/** Everything that a client shows of its conversations. */
const allOf = (client: ChatClient) =>
  client.conversations.get().map(({ id }) => {
    const { summary, messages } = client.conversation(id);
    return [client.conversations.get().find(one => one.id === id), summary.get(), messages.get()];
  });

/** Everybody of this id in a value, as often as they stand there. */
const mentionsOf = (value: unknown, id: string): User[] => {
  if (typeof value !== 'object' || value === null) return [];
  const within = Object.values(value).flatMap(each => mentionsOf(each, id));
  return 'id' in value && value.id === id && 'full_name' in value ? [value as User, ...within] : within;
};
const fullNames = (client: ChatClient, { id }: User) =>
  new Set(mentionsOf(allOf(client), id).map(({ full_name }) => full_name));

const kept = async (storage: ChatStorage) => JSON.stringify(await storage.list(''));

const say = async (client: ChatClient, id: string, text: string, reply_to?: string) => {
  client.conversation(id).send(text, reply_to === undefined ? {} : { reply_to });
  await until(() => client.outbox.get().length === 0);
};

const sees = (client: ChatClient, id: string, text: string) =>
  until(() => shown(client, id).at(-1)?.message === text, 15_000);

/** Ada and Bob have a group, a direct conversation and the lobby, and in the group Ada spoke, was mentioned and answered to. */
const startTalk = async (options: ClientOptions = {}) => {
  const [ada, bob] = [await newPerson(first), await newPerson('Bob', options)];
  const { id: group } = await ada.client.create({ kind: 'group', name: 'Group', members: [bob.user.id] });
  const { id: direct } = await ada.client.direct(bob.user.id);
  for (const { client } of [ada, bob]) {
    await until(() => client.conversation(group).summary.get() !== undefined);
    await until(() => client.conversation(direct).summary.get() !== undefined);
    for (const id of [group, direct]) await client.conversation(id).open();
  }
  await say(ada.client, group, 'the question');
  await sees(bob.client, group, 'the question');
  await say(bob.client, group, `@${ada.user.username} the answer`, shown(bob.client, group)[0]?.id);
  await say(bob.client, group, 'between us');
  await say(ada.client, group, 'thanks');
  await sees(bob.client, group, 'thanks');
  await say(ada.client, direct, 'psst');
  await sees(bob.client, direct, 'psst');
  return { ada, bob, group, direct };
};

const erase = async ({ client }: Someone) => {
  const over = new Promise(resolve => client.on('ended', resolve));
  await client.call('account:erase', { password });
  await over;
};

const nobody = ({ id }: User) => ({ id, username: '', full_name: '' });

describe('a new name', () => {
  test('is there wherever the person is shown as soon as any event tells it, and what does not show them stays', async () => {
    const { ada, bob, group, direct } = await startTalk();
    const before = shown(bob.client, group);
    const [asked, answered, between, thanked] = before as [Message, Message, Message, Message];
    expect(answered).toMatchObject({ reply_preview: { from: ada.user }, mentions: [ada.user] });
    expect(bob.client.conversation(direct).summary.get()?.peer).toEqual(ada.user);
    expect(fullNames(bob.client, ada.user)).toEqual(new Set([first]));

    await ada.client.call('account:update', { full_name: later });
    const renamed = { ...ada.user, full_name: later };
    await say(ada.client, 'lobby', 'here I am');
    await until(() => bob.client.conversation('lobby').summary.get()?.last_message?.message === 'here I am');

    for (const { client } of [ada, bob]) expect(fullNames(client, ada.user)).toEqual(new Set([later]));
    const after = shown(bob.client, group);
    expect(after).toEqual([
      { ...asked, from: renamed },
      { ...answered, mentions: [renamed], reply_preview: { ...answered.reply_preview, from: renamed } },
      between,
      { ...thanked, from: renamed },
    ]);
    expect(after[2]).toBe(between);
    expect(bob.client.conversation(direct).summary.get()?.peer).toEqual(renamed);

    // Another one of hers by the same name changes nothing that is shown.
    const window = bob.client.conversation(group).messages.get();
    await say(ada.client, 'lobby', 'still me');
    await until(() => bob.client.conversation('lobby').summary.get()?.last_message?.message === 'still me');
    expect(bob.client.conversation(group).messages.get()).toBe(window);
  });

  test('is told by a list of members, too, and by who types', async () => {
    const { ada, bob, group } = await startTalk();
    await ada.client.call('account:update', { full_name: later });
    await bob.client.call('conversation:members', { conversation_id: group });
    expect(fullNames(bob.client, ada.user)).toEqual(new Set([later]));
    await ada.client.call('account:update', { full_name: 'Ada III' });
    ada.client.conversation(group).startTyping();
    const typing = () => bob.client.conversation(group).typing.get().users;
    await until(() => typing().length > 0);
    expect(typing()).toEqual([{ ...ada.user, full_name: 'Ada III' }]);
    expect(fullNames(bob.client, ada.user)).toEqual(new Set(['Ada III']));
    await ada.client.call('account:update', { full_name: 'Ada IV' });
    await bob.client.call('user:search', { q: ada.user.username });
    expect(fullNames(bob.client, ada.user)).toEqual(new Set(['Ada IV']));
    expect(typing()).toEqual([{ ...ada.user, full_name: 'Ada IV' }]);
  });

  test('is put into what an app keeps of an answer, by a function that is another one from then on', async () => {
    const { ada, bob, group } = await startTalk();
    const { items } = await bob.client.call('conversation:members', { conversation_id: group });
    const told: unknown[] = [];
    bob.client.names.subscribe(() => told.push(bob.client.names.get()));
    const before = bob.client.names.get();
    expect(before(items)).toBe(items);
    await ada.client.call('account:update', { full_name: later });
    await say(ada.client, group, 'it is me');
    await until(() => bob.client.names.get() !== before);
    const members = bob.client.names.get()(items);
    expect(members.map(({ user }) => user.full_name).sort()).toEqual(['Bob', later].sort());
    expect(members.find(({ user }) => user.id === bob.user.id)).toBe(items.find(({ user }) => user.id === bob.user.id));
    await until(() => told.length > 0);
    expect(told).toEqual([bob.client.names.get()]);
  });

  test('reaches the own messages on another device and in another tab', async () => {
    const { ada, group } = await startTalk();
    const browser = createBrowser();
    const [phone, tab] = [newClient({ storage: browser.storage() }), newClient({ storage: browser.storage() })];
    await phone.signIn({ username: ada.user.username, password });
    await tab.restore();
    for (const client of [phone, tab]) {
      await client.synced();
      await client.conversation(group).open();
      expect(fullNames(client, ada.user)).toEqual(new Set([first]));
    }
    // Nobody says anything: the tabs tell each other.
    await phone.call('account:update', { full_name: later });
    expect(fullNames(phone, ada.user)).toEqual(new Set([later]));
    await until(() => fullNames(tab, ada.user).has(later));
    expect(fullNames(tab, ada.user)).toEqual(new Set([later]));
    // The other device hears it by what she says.
    await say(tab, group, 'from the tab');
    await until(() => ada.client.user.get()?.full_name === later);
    expect(fullNames(ada.client, ada.user)).toEqual(new Set([later]));
  });

  test('is there after an absence: by the list, and in the copy of this device', async () => {
    const { ada, bob, group } = await startTalk();
    await bob.client.close();
    expect(await kept(bob.storage)).toContain(first);
    await ada.client.call('account:update', { full_name: later });

    const again = newClient({ storage: bob.storage });
    await again.restore();
    await until(() => shown(again, group).length > 0);
    // The peer of the direct conversation, or who spoke last, tells.
    await again.synced();
    expect(fullNames(again, ada.user)).toEqual(new Set([later]));
    await again.close();
    expect(await kept(bob.storage)).not.toContain(first);
    expect(await kept(bob.storage)).toContain(later);
  });
});

describe('an erased person', () => {
  test('is nobody over all that others hold, at once, also in the copy of their device', async () => {
    const { ada, bob, group, direct } = await startTalk();
    const events: LogEvent[] = [];
    bob.client.on('event', event => events.push(event));
    const before = shown(bob.client, group);
    await erase(ada);
    await until(() => events.some(({ kind }) => kind === 'left'));
    const gone = nobody(ada.user);
    // She hands the group over, and leaves it.
    expect(events.map(({ kind, from }) => [kind, from])).toEqual([
      ['role', gone],
      ['left', gone],
    ]);
    expect(events[1]).toMatchObject({ user: gone });
    expect(fullNames(bob.client, ada.user)).toEqual(new Set(['']));
    const after = shown(bob.client, group);
    expect(after[1]).toEqual({
      ...before[1],
      mentions: [gone],
      reply_preview: { ...before[1]?.reply_preview, from: gone },
    });
    expect(after[2]).toBe(before[2]);
    expect(bob.client.conversation(direct).summary.get()?.peer).toEqual(gone);
    expect(shown(bob.client, direct).map(({ from }) => from)).toEqual([gone]);
    await until(async () => !(await kept(bob.storage)).includes(first));

    // Without a server, as at a start in a tunnel: from the copy alone.
    await bob.client.close();
    const link = await createLink(server.url);
    onTestFinished(() => link.close());
    link.cut();
    const again = newClient({ storage: bob.storage, url: link.url, onError: () => undefined });
    await again.restore();
    await until(() => shown(again, group).length === after.length);
    expect(shown(again, group)).toEqual(after);
    expect(fullNames(again, ada.user)).toEqual(new Set(['']));
  });

  test('is nobody after an absence, on a device that was away and on one that starts anew', async () => {
    const link = await createLink(server.url);
    onTestFinished(() => link.close());
    const { ada, bob, group, direct } = await startTalk({ url: link.url });
    const storage = createMemoryStorage();
    const other = newClient({ storage });
    await other.signIn({ username: bob.user.username, password });
    await other.synced();
    for (const id of [group, direct]) await other.conversation(id).open();
    await other.close();
    expect(await kept(storage)).toContain(first);

    link.cut();
    await until(() => bob.client.connection.get().status === 'waiting');
    await erase(ada);
    expect(fullNames(bob.client, ada.user)).toEqual(new Set([first]));
    link.heal();
    bob.client.reconnect();
    await until(() => fullNames(bob.client, ada.user).has(''), 15_000);
    expect(fullNames(bob.client, ada.user)).toEqual(new Set(['']));

    const again = newClient({ storage });
    await again.restore();
    await again.synced();
    expect(shown(again, group).length).toBeGreaterThan(0);
    expect(fullNames(again, ada.user)).toEqual(new Set(['']));
    await again.close();
    expect(await kept(storage)).not.toContain(first);
  });

  test('with whom one shares nothing but a direct conversation is nobody from the next connect on', async () => {
    const link = await createLink(server.url);
    onTestFinished(() => link.close());
    const [ada, bob] = [await newPerson(first), await newPerson('Bob', { url: link.url })];
    const { id } = await ada.client.direct(bob.user.id);
    await say(ada.client, id, 'psst');
    await until(() => bob.client.unread.get() === 1);
    await bob.client.conversation(id).open();
    link.cut();
    await until(() => bob.client.connection.get().status === 'waiting');
    await erase(ada);
    expect(fullNames(bob.client, ada.user)).toEqual(new Set([first]));
    link.heal();
    bob.client.reconnect();
    await until(() => fullNames(bob.client, ada.user).has(''), 15_000);
    expect(fullNames(bob.client, ada.user)).toEqual(new Set(['']));
  });
});

describe('an old name', () => {
  /** Holds the answers to what is asked so, until they are released; `came` resolves with the first. */
  const holdAnswers = (
    method: string,
    path: string,
    fetched: NonNullable<ClientOptions['fetch']> = (...request) => globalThis.fetch(...request),
  ) => {
    let release: () => void = () => undefined;
    const released = new Promise<void>(resolve => {
      release = resolve;
    });
    let arrived: () => void = () => undefined;
    const came = new Promise<void>(resolve => {
      arrived = resolve;
    });
    const fetch: ClientOptions['fetch'] = async (url, init) => {
      const response = await fetched(url, init);
      if (url.includes(path) && init.method === method) {
        arrived();
        await released;
      }
      return response;
    };
    return { fetch, came, release };
  };

  test('does not come back by an answer that an event overtook', async () => {
    const { fetch, came, release } = holdAnswers('GET', '/user/v1/search');
    const { ada, bob, group } = await startTalk({ fetch });
    const search = bob.client.call('user:search', { q: ada.user.username });
    await came;
    await ada.client.call('account:update', { full_name: later });
    await say(ada.client, group, 'overtaken');
    await sees(bob.client, group, 'overtaken');
    release();
    expect((await search).items).toEqual([{ ...ada.user, full_name: later }]);
    expect(fullNames(bob.client, ada.user)).toEqual(new Set([later]));
    // What is asked from now on counts.
    await ada.client.call('account:update', { full_name: 'Ada III' });
    await bob.client.call('user:search', { q: ada.user.username });
    expect(fullNames(bob.client, ada.user)).toEqual(new Set(['Ada III']));
  });

  test('does not come back by an answer that comes while one’s own is being changed', async () => {
    const search = holdAnswers('GET', '/user/v1/search');
    const update = holdAnswers('PUT', '/user/v1/profile', search.fetch);
    const { bob, group } = await startTalk({ fetch: update.fetch });
    const found = bob.client.call('user:search', { q: bob.user.username });
    await search.came;
    const changed = bob.client.call('account:update', { full_name: later });
    await update.came;
    search.release();
    expect((await found).items).toEqual([bob.user]);
    update.release();
    expect((await changed).full_name).toBe(later);
    expect(bob.client.user.get()).toEqual({ ...bob.user, full_name: later });
    expect(fullNames(bob.client, bob.user)).toEqual(new Set([later]));
    expect(shown(bob.client, group).some(({ from }) => from.id === bob.user.id)).toBe(true);
  });

  test('in the copy of a device gives way to what the sign-in says', async () => {
    const { ada, group } = await startTalk();
    await ada.client.close();
    // As where another tab was told, and this copy was written by one that was not.
    const [session] = await ada.storage.list('session');
    const kept = session?.[1] as { user: User };
    await ada.storage.write([['session', { ...kept, user: { ...kept.user, full_name: later } }]]);
    const link = await createLink(server.url);
    onTestFinished(() => link.close());
    link.cut();
    const again = newClient({ storage: ada.storage, url: link.url, onError: () => undefined });
    await again.restore();
    await until(() => shown(again, group).length > 0);
    expect(fullNames(again, ada.user)).toEqual(new Set([later]));
  });

  test('does not come back for an erased person, whatever tells it', async () => {
    const { fetch, came, release } = holdAnswers('GET', '/user/v1/search');
    const { ada, bob, group } = await startTalk({ fetch });
    const search = bob.client.call('user:search', { q: ada.user.username });
    await came;
    await erase(ada);
    await until(() => fullNames(bob.client, ada.user).has(''));
    release();
    expect((await search).items).toEqual([nobody(ada.user)]);
    expect(fullNames(bob.client, ada.user)).toEqual(new Set(['']));
    expect(shown(bob.client, group)[0]?.from).toEqual(nobody(ada.user));
  });

  test('in one copy of a device gives way to the erasure in another, whichever is read first', async () => {
    const { ada, bob, group, direct } = await startTalk();
    await bob.client.close();
    const link = await createLink(server.url);
    onTestFinished(() => link.close());
    link.cut();
    for (const one of [group, direct]) {
      // As where a tab that heard of it wrote one of them, and one that did not wrote the other.
      const storage = createMemoryStorage();
      const text = JSON.stringify(await bob.storage.list(''));
      const erased = text
        .replaceAll(`"full_name":"${first}"`, '"full_name":""')
        .replaceAll(`"username":"${ada.user.username}"`, '"username":""');
      const [old, blank] = [JSON.parse(text), JSON.parse(erased)] as [string, unknown][][];
      await storage.write((old ?? []).map((entry, at) => (entry[0].endsWith(one) ? (blank?.[at] ?? entry) : entry)));
      const again = newClient({ storage, url: link.url, onError: () => undefined });
      await again.restore();
      await until(() => shown(again, group).length > 0 && shown(again, direct).length > 0);
      expect(fullNames(again, ada.user)).toEqual(new Set(['']));
      await again.close();
    }
  });
});
