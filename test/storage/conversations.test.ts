import { describe, expect, test } from 'vitest';
import { ParleyError } from '../../src/errors.ts';
import type { MemberRow, Storage } from '../../src/ports/storage.ts';
import { addConversation, addUser, date, joined, newId, openStorage } from './open-storage.ts';

const join = (storage: Storage, id: string, user_id: string) =>
  storage.conversations.change(id, [user_id], () => ({
    members: [{ user_id, state: 'active' }],
    events: [joined(user_id)],
  }));

describe('creating a conversation', () => {
  test('writes the row, its owner and the outbox with versions from 1', async () => {
    const { storage } = await openStorage();
    const owner = await addUser(storage);
    const { row, existed } = await addConversation(storage, owner.id);
    expect(existed).toBe(false);
    expect(row).toMatchObject({ kind: 'group', version: 2, deleted_at: null });
    expect(await storage.conversations.find(row.id)).toEqual(row);
    expect(await storage.conversations.member(row.id, owner.id)).toMatchObject({
      role: 'owner',
      state: 'active',
      user_version: 1,
    });
    const outbox = await storage.conversations.outbox({ conversation_id: row.id, limit: 10 });
    expect(outbox.map(({ version, event }) => [version, event.kind])).toEqual([
      [1, 'created'],
      [2, 'joined'],
    ]);
    await storage.conversations.outboxDone(row.id, 1);
    expect(await storage.conversations.outbox({ limit: 10 })).toEqual([outbox[1]]);
  });

  test('[G2] the same client_id, pair or id ten times at once makes one', async () => {
    const { storage } = await openStorage();
    const owner = await addUser(storage);
    const same = [{ client_id: 'c1' }, { kind: 'direct', direct_key: 'a b' }, { id: 'lobby', kind: 'lobby' }] as const;
    for (const over of same) {
      const all = await Promise.all(Array.from({ length: 10 }, () => addConversation(storage, owner.id, over)));
      expect(new Set(all.map(({ row }) => row.id)).size).toBe(1);
      expect(all.filter(({ existed }) => !existed)).toHaveLength(1);
    }
    expect(await storage.conversations.findByClientId(owner.id, 'c1')).toBeDefined();
    expect(await storage.conversations.findDirect('a b')).toMatchObject({ kind: 'direct' });
  });

  test('a room name is taken once, and free again when its key is', async () => {
    const { storage } = await openStorage();
    const owner = await addUser(storage);
    const room = { kind: 'room', name: 'Café', name_key: 'café' } as const;
    const { row } = await addConversation(storage, owner.id, room);
    await expect(addConversation(storage, owner.id, room)).rejects.toMatchObject({ code: 'name_taken' });
    const other = await addConversation(storage, owner.id, { ...room, name_key: 'other' });
    const rename = () =>
      storage.conversations.change(other.row.id, [], () => ({ conversation: { name_key: 'café' }, events: [] }));
    await expect(rename()).rejects.toMatchObject({ code: 'name_taken' });
    await storage.conversations.change(row.id, [], () => ({
      conversation: { name_key: null, deleted_at: date() },
      events: [{ kind: 'deleted', from: owner.id, payload: {} }],
    }));
    await rename();
    expect(await storage.conversations.findRoom('café')).toMatchObject({ id: other.row.id });
  });

  test('a name that folds to more than the index holds is refused', async () => {
    const { storage } = await openStorage();
    const owner = await addUser(storage);
    const name_key = 'x'.repeat(641);
    await expect(addConversation(storage, owner.id, { kind: 'room', name_key })).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });
});

describe('changing a conversation', () => {
  test('[G3] thirty changes at once take versions without a gap, in one order for row, outbox and members', async () => {
    const { storage } = await openStorage();
    const owner = await addUser(storage);
    const people = await Promise.all(Array.from({ length: 30 }, () => addUser(storage)));
    const { row } = await addConversation(storage, owner.id);
    const results = await Promise.all(people.map(({ id }) => join(storage, row.id, id)));
    const versions = results.flatMap(result => result?.outbox.map(({ version }) => version) ?? []);
    expect(versions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index + 3));
    const outbox = await storage.conversations.outbox({ conversation_id: row.id, limit: 100 });
    expect(outbox.map(({ version }) => version)).toEqual(Array.from({ length: 32 }, (_, index) => index + 1));
    expect((await storage.conversations.find(row.id))?.version).toBe(32);
    expect((await storage.conversations.countActive([row.id, 'none'])).get(row.id)).toBe(31);
  });

  test('a decision that throws leaves nothing behind, and its own error arrives', async () => {
    const { storage } = await openStorage();
    const owner = await addUser(storage);
    const { row } = await addConversation(storage, owner.id);
    const refusal = storage.conversations.change(row.id, [], () => {
      throw new ParleyError('forbidden');
    });
    await expect(refusal).rejects.toMatchObject({ code: 'forbidden' });
    const bug = storage.conversations.change(row.id, [], () => {
      throw new TypeError('a bug');
    });
    await expect(bug).rejects.toThrow(TypeError);
    // Fails behind the rows of the first: the person is unknown.
    const someone = await addUser(storage);
    const half = storage.conversations.change(row.id, [], () => ({
      conversation: { topic: 'half' },
      members: [
        { user_id: someone.id, state: 'active' },
        { user_id: '~nobody', state: 'active' },
      ],
      events: [joined(someone.id)],
    }));
    await expect(half).rejects.toMatchObject({ code: 'not_found' });
    expect(await storage.conversations.find(row.id)).toEqual(row);
    expect(await storage.conversations.member(row.id, someone.id)).toBeUndefined();
    expect(await storage.conversations.userVersion(someone.id)).toBe(0);
    expect(await storage.conversations.outbox({ conversation_id: row.id, limit: 9 })).toHaveLength(2);
  });

  test('decide sees the row, the asked members and the owners; an unknown conversation is undefined', async () => {
    const { storage } = await openStorage();
    const [owner, other] = [await addUser(storage), await addUser(storage)];
    const { row } = await addConversation(storage, owner.id);
    let seen: unknown;
    const result = await storage.conversations.change(row.id, [owner.id, other.id], (conversation, members, owners) => {
      seen = [conversation, [...members.keys()], owners];
      return { events: [] };
    });
    expect(seen).toEqual([row, [owner.id], 1]);
    expect(result).toMatchObject({ conversation: row, outbox: [] });
    expect(await storage.conversations.change('absent', [], () => ({ events: [] }))).toBeUndefined();
  });

  test('two last owners who leave at once: one stays', async () => {
    const { storage } = await openStorage();
    const [a, b] = [await addUser(storage), await addUser(storage)];
    const { row } = await addConversation(storage, a.id);
    await storage.conversations.change(row.id, [b.id], () => ({
      members: [{ user_id: b.id, role: 'owner', state: 'active' }],
      events: [joined(b.id)],
    }));
    const leave = (user_id: string) =>
      storage.conversations.change(row.id, [user_id], (_row, _members, owners) => {
        if (owners === 1) throw new ParleyError('last_owner');
        return { members: [{ user_id, state: 'left' }], events: [{ kind: 'left', from: user_id, payload: {} }] };
      });
    const ends = await Promise.allSettled([leave(a.id), leave(b.id)]);
    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('the membership counter of a person rises with state and role only, over all conversations', async () => {
    const { storage } = await openStorage();
    const [owner, other] = [await addUser(storage), await addUser(storage)];
    const rooms = await Promise.all(Array.from({ length: 10 }, () => addConversation(storage, owner.id)));
    const [first] = rooms;
    await Promise.all(rooms.map(({ row }) => join(storage, row.id, other.id)));
    const changes = await storage.conversations.changesOfUser(other.id, 0, 100);
    expect(changes.map(({ member }) => member.user_version)).toEqual(
      Array.from({ length: 10 }, (_, index) => index + 1),
    );
    expect(changes.every(({ conversation, member }) => conversation.id === member.conversation_id)).toBe(true);
    await storage.conversations.change(first!.row.id, [], () => ({
      members: [{ user_id: other.id, muted_until: date(), read_seq: 4 }],
      events: [],
    }));
    expect(await storage.conversations.userVersion(other.id)).toBe(10);
    await storage.conversations.change(first!.row.id, [], () => ({
      members: [{ user_id: other.id, state: 'removed' }],
      events: [],
    }));
    expect(await storage.conversations.userVersion(other.id)).toBe(11);
    const [left] = await storage.conversations.changesOfUser(other.id, 10, 100);
    expect(left).toMatchObject({ conversation: { id: first?.row.id }, member: { state: 'removed', user_version: 11 } });
  });
});

describe('joinings and cursors', () => {
  test('[S23] an older joining that reaches the log late does not pass for the latest', async () => {
    const { storage } = await openStorage();
    const [owner, other] = [await addUser(storage), await addUser(storage)];
    const { row } = await addConversation(storage, owner.id);
    const version = async () => (await join(storage, row.id, other.id))?.outbox[0]?.version ?? 0;
    const at = async () => (await storage.conversations.member(row.id, other.id)) as MemberRow;
    const first = await version();
    await storage.conversations.setJoined(row.id, other.id, first, 3, 0);
    expect(await at()).toMatchObject({ joined_seq: 3, read_seq: 3 });
    await storage.conversations.change(row.id, [], () => ({
      members: [{ user_id: other.id, state: 'left' }],
      events: [{ kind: 'left', from: other.id, payload: {} }],
    }));
    const second = await version();
    expect((await at()).joined_seq).toBe(0);
    await storage.conversations.setJoined(row.id, other.id, first, 3, 0);
    expect((await at()).joined_seq).toBe(0);
    await storage.conversations.setJoined(row.id, other.id, second, 9, 4);
    expect(await at()).toMatchObject({ joined_seq: 9, read_seq: 9, read_n: 4 });
  });

  test('cursors never move back, in any order of writes, and rows appear where they were absent', async () => {
    const { storage } = await openStorage();
    const people = await Promise.all(Array.from({ length: 5 }, () => addUser(storage)));
    await addConversation(storage, people[0]!.id, { id: 'lobby', kind: 'lobby' });
    const writes = Array.from({ length: 40 }, (_, index) => (index * 7) % 41);
    await Promise.all(
      writes.map(seq =>
        storage.conversations.writeCursors(
          people.map(({ id }) => ({ conversation_id: 'lobby', user_id: id, read_seq: seq, read_n: seq - 1 })),
        ),
      ),
    );
    await storage.conversations.writeCursors([{ conversation_id: 'lobby', user_id: people[1]!.id, delivered_seq: 50 }]);
    const highest = Math.max(...writes);
    const member = await storage.conversations.member('lobby', people[1]!.id);
    expect(member).toMatchObject({
      state: 'none',
      read_seq: highest,
      read_n: highest - 1,
      delivered_seq: 50,
      user_version: 0,
    });
    expect(await storage.conversations.reached('lobby', 'read_seq', highest, 2)).toEqual({
      user_ids: people
        .map(({ id }) => id)
        .toSorted(byText)
        .slice(0, 2),
      count: 5,
    });
    expect(await storage.conversations.reached('lobby', 'delivered_seq', 50, 9)).toMatchObject({ count: 1 });
    expect((await storage.conversations.membersOf('lobby')).map(row => row.user_id)).toEqual([people[0]!.id]);
  });

  test('seven hundred cursors go in one call', async () => {
    const { storage } = await openStorage();
    const owner = await addUser(storage);
    const { row } = await addConversation(storage, owner.id);
    const people = await Promise.all(Array.from({ length: 70 }, () => addUser(storage)));
    const writes = people.flatMap(({ id }) =>
      Array.from({ length: 10 }, (_, seq) => ({ conversation_id: row.id, user_id: id, read_seq: seq })),
    );
    await storage.conversations.writeCursors(writes);
    expect((await storage.conversations.member(row.id, people[69]!.id))?.read_seq).toBe(9);
  });
});

describe('listing', () => {
  test('what is mine, by id and page; the lobby and deleted ones are not', async () => {
    const { storage } = await openStorage();
    const [me, other] = [await addUser(storage), await addUser(storage)];
    await addConversation(storage, me.id, { id: 'lobby', kind: 'lobby' });
    const mine = await Promise.all(Array.from({ length: 5 }, () => addConversation(storage, me.id)));
    await addConversation(storage, other.id);
    const gone = await addConversation(storage, me.id);
    await storage.conversations.change(gone.row.id, [], () => ({ conversation: { deleted_at: date() }, events: [] }));
    const ids = mine.map(({ row }) => row.id).toSorted(byText);
    const first = await storage.conversations.ofUser(me.id, undefined, 3);
    const rest = await storage.conversations.ofUser(me.id, first.at(-1)?.conversation.id, 3);
    expect([...first, ...rest].map(({ conversation }) => conversation.id)).toEqual(ids);
    expect((await storage.conversations.idsOfUser(me.id)).toSorted(byText)).toEqual(ids);
    expect((await storage.conversations.audibleTo(me.id)).toSorted(byText)).toEqual([...ids, 'lobby'].toSorted(byText));
    await storage.conversations.change('lobby', [me.id], () => ({
      members: [{ user_id: me.id, state: 'banned' }],
      events: [],
    }));
    expect((await storage.conversations.audibleTo(me.id)).toSorted(byText)).toEqual(ids);
    expect((await storage.conversations.changesOfUser(me.id, 0, 100)).map(row => row.conversation.id)).toContain(
      gone.row.id,
    );
  });

  test('the other one of direct conversations', async () => {
    const { storage } = await openStorage();
    const [me, other] = [await addUser(storage), await addUser(storage)];
    const direct = await addConversation(storage, me.id, { kind: 'direct', direct_key: newId() });
    const group = await addConversation(storage, me.id);
    for (const { row } of [direct, group]) await join(storage, row.id, other.id);
    expect(await storage.conversations.peers(me.id, [direct.row.id, group.row.id])).toEqual(
      new Map([[direct.row.id, other.id]]),
    );
  });

  test('[S30] the directory by prefix and page; wildcards and quotes are only letters', async () => {
    const { storage } = await openStorage();
    const me = await addUser(storage);
    const keys = ['alpha', 'alpine', 'al%', "al'); DROP TABLE users; --", 'beta', 'Älg'];
    for (const name_key of keys) await addConversation(storage, me.id, { kind: 'room', name_key, name: name_key });
    const found = async (prefix: string, after?: string) =>
      (await storage.conversations.directory(prefix, after, 10)).map(({ name_key }) => name_key);
    expect(await found('al')).toEqual(['al%', "al'); DROP TABLE users; --", 'alpha', 'alpine']);
    expect(await found('al%')).toEqual(['al%']);
    expect(await found('al', 'alpha')).toEqual(['alpine']);
    expect(await found('')).toHaveLength(6);
    expect(await found("al')")).toEqual([keys[3]]);
  });

  test('members by page and state', async () => {
    const { storage } = await openStorage();
    const owner = await addUser(storage);
    const { row } = await addConversation(storage, owner.id);
    const banned = await addUser(storage);
    await storage.conversations.change(row.id, [], () => ({
      members: [{ user_id: banned.id, state: 'banned' }],
      events: [],
    }));
    expect(await storage.conversations.page(row.id, 'banned', undefined, 5)).toMatchObject([{ user_id: banned.id }]);
    expect(await storage.conversations.page(row.id, 'active', undefined, 5)).toMatchObject([{ user_id: owner.id }]);
    expect(await storage.conversations.page(row.id, 'active', owner.id, 5)).toEqual([]);
    expect(await storage.conversations.membersOf(row.id)).toHaveLength(2);
  });
});

const byText = (a: string, b: string) => (a < b ? -1 : 1);
