import { describe, expect, test } from 'vitest';
import { addConversation, addUser, date, type OpenStorage } from './rows.ts';

export const creatingContract = (openStorage: OpenStorage) =>
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
      const same = [
        { client_id: 'c1' },
        { kind: 'direct', direct_key: 'a b' },
        { id: 'lobby', kind: 'lobby' },
      ] as const;
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
