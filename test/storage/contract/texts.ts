import { describe, expect, test } from 'vitest';
import { addConversation, addUser, type OpenStorage } from './rows.ts';

/** Below each other by code point; by UTF-16 unit the emoji would come before the ligature. */
const byCodePoint = ['Z', 'a', 'a ', 'a  b', 'a!', 'é', 'ש', '中', 'ﬀ', '😀', '😀😀'];

/** What databases like to change: planes beyond the first, right to left, joiners, quotes, wildcards, spaces at both ends. */
const awkward = [
  '👩‍👩‍👧‍👦 family 🏳️‍🌈',
  'مريم بنت عبد الله',
  'שָׁלוֹם',
  '  spaces  ',
  `\\ ' " \` % _ ; -- \n\t`,
  '\u{10FFFD}',
  'e\u0301 is not é',
  ':user_id ? $1 :0',
];

export const textsContract = (openStorage: OpenStorage) =>
  describe('texts', () => {
    test('keys are ordered and paged by code point, trailing spaces included', async () => {
      const { storage } = await openStorage();
      const owner = await addUser(storage);
      for (const name_key of byCodePoint.toReversed()) {
        await addConversation(storage, owner.id, { kind: 'room', name: name_key, name_key });
      }
      const keys = async (prefix: string, after?: string, limit = 99) =>
        (await storage.conversations.directory(prefix, after, limit)).map(({ name_key }) => name_key);
      expect(await keys('')).toEqual(byCodePoint);
      expect(await keys('a')).toEqual(['a', 'a ', 'a  b', 'a!']);
      expect(await keys('a ')).toEqual(['a ', 'a  b']);
      expect(await keys('😀')).toEqual(['😀', '😀😀']);
      const paged: string[] = [];
      for (let page = await keys('', undefined, 3); page.length > 0; page = await keys('', page.at(-1), 3))
        paged.push(...page);
      expect(paged).toEqual(byCodePoint);
      for (const key of byCodePoint) expect((await storage.conversations.findRoom(key))?.name).toBe(key);
      expect(await storage.conversations.findRoom('a   ')).toBeUndefined();
      expect(await storage.conversations.findRoom('A')).toBeUndefined();
    });

    test('keys that differ in case, accent or a space at the end are different, for people too', async () => {
      const { storage } = await openStorage();
      const keys = ['bob', 'BOB', 'bob ', 'bób', 'bo\u0301b'];
      for (const key of keys) {
        const { id } = await addUser(storage);
        await storage.users.create(
          { ...(await storage.users.find(id))!, id: `${id}.`, full_name: key },
          { username: key, email: `${key}@example.org` },
        );
      }
      for (const key of keys) expect(await storage.users.findByUsernameKey(key)).toMatchObject({ full_name: key });
      expect(await storage.users.findByUsernameKeys([...keys, 'bob  '])).toHaveLength(keys.length);
      expect((await storage.users.search('bob', undefined, 9)).map(({ full_name }) => full_name)).toEqual(
        expect.arrayContaining(['bob', 'bob ']),
      );
    });

    test('[G2] client ids that differ in case or a space at the end are different', async () => {
      const { storage } = await openStorage();
      const owner = await addUser(storage);
      const ids = ['x', 'X', 'x ', ' x'];
      for (const client_id of ids) {
        expect(await addConversation(storage, owner.id, { client_id })).toMatchObject({ existed: false });
      }
      for (const client_id of ids) {
        expect(await addConversation(storage, owner.id, { client_id })).toMatchObject({ existed: true });
      }
    });

    test('what was written comes back, whatever it is', async () => {
      const { storage } = await openStorage();
      for (const text of awkward) {
        const user = await addUser(storage, { full_name: text });
        expect(await storage.users.find(user.id)).toEqual(user);
        const { row } = await addConversation(storage, user.id, { name: text, topic: text });
        expect(await storage.conversations.find(row.id)).toMatchObject({ name: text, topic: text });
        const payload = { name: text, topic: `${text}${text}` };
        const events = [{ kind: 'updated', from: user.id, payload }] as const;
        await storage.conversations.change(row.id, [], () => ({ conversation: { topic: '' }, events: [...events] }));
        const [, , entry] = await storage.conversations.outbox({ conversation_id: row.id, limit: 9 });
        expect(entry?.event.payload).toEqual(payload);
      }
    });
  });
