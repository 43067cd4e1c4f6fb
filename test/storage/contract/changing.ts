import { describe, expect, test } from 'vitest';
import { ParleyError } from '../../../src/errors.ts';
import { addConversation, addUser, date, join, joined, type OpenStorage } from './rows.ts';

export const changingContract = (openStorage: OpenStorage) =>
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
      const unknown = storage.conversations.change(row.id, [], () => ({
        members: [{ user_id: '~nobody', muted_until: date() }],
        events: [],
      }));
      await expect(unknown).rejects.toMatchObject({ code: 'not_found' });
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
      const result = await storage.conversations.change(
        row.id,
        [owner.id, other.id],
        (conversation, members, owners) => {
          seen = [conversation, [...members.keys()], owners];
          return { events: [] };
        },
      );
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
      expect(left).toMatchObject({
        conversation: { id: first?.row.id },
        member: { state: 'removed', user_version: 11 },
      });
    });

    test('the membership counters of many at once; unknown people have none', async () => {
      const { storage } = await openStorage();
      const people = await Promise.all(Array.from({ length: 3 }, () => addUser(storage)));
      const [owner, member, nobody] = people.map(({ id }) => id) as [string, string, string];
      const { row } = await addConversation(storage, owner);
      await join(storage, row.id, member);
      const unknown = Array.from({ length: 450 }, (_, index) => `unknown${index}`);
      expect(await storage.conversations.userVersions([...unknown, owner, member, nobody])).toEqual(
        new Map([
          [owner, 1],
          [member, 1],
          [nobody, 0],
        ]),
      );
      expect(await storage.conversations.userVersions([])).toEqual(new Map());
    });
  });
