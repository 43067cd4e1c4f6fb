import { describe, expect, test } from 'vitest';
import type { MemberRow } from '../../../src/ports/storage.ts';
import { addConversation, addUser, byText, join, notification, type OpenStorage } from './rows.ts';

export const cursorsContract = (openStorage: OpenStorage) =>
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
      await storage.conversations.writeCursors([
        { conversation_id: 'lobby', user_id: people[1]!.id, delivered_seq: 50 },
      ]);
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

    test('places beyond 32 bits are numbers', async () => {
      const { storage } = await openStorage();
      const owner = await addUser(storage);
      const { row } = await addConversation(storage, owner.id);
      const far = 2 ** 50;
      const place = { conversation_id: row.id, user_id: owner.id };
      await storage.conversations.setJoined(row.id, owner.id, 2, far, far - 1);
      await storage.conversations.writeCursors([{ ...place, delivered_seq: far + 1 }]);
      const expected = { joined_seq: far, read_seq: far, read_n: far - 1, delivered_seq: far + 1 };
      expect(await storage.conversations.member(row.id, owner.id)).toMatchObject(expected);
      expect((await storage.conversations.ofUser(owner.id, undefined, 1))[0]?.member).toMatchObject(expected);
      expect(await storage.conversations.reached(row.id, 'read_seq', far, 1)).toMatchObject({ count: 1 });
      await storage.notifications.record('n', row.id, far, [notification(owner.id, far)]);
      expect(await storage.notifications.position('n', row.id)).toBe(far);
      expect((await storage.notifications.list(owner.id, { limit: 1 }))[0]?.seq).toBe(far);
    });
  });
