import { describe, expect, test } from 'vitest';
import { addConversation, addUser, byText, date, join, newId, type OpenStorage } from './rows.ts';

export const listingContract = (openStorage: OpenStorage) =>
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
      expect((await storage.conversations.audibleTo(me.id)).toSorted(byText)).toEqual(
        [...ids, 'lobby'].toSorted(byText),
      );
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
