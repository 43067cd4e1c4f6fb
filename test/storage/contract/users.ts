import { describe, expect, test } from 'vitest';
import { addSession, addUser, date, notification, type OpenStorage } from './rows.ts';

export const usersContract = (openStorage: OpenStorage) =>
  describe('users', () => {
    test('[S31] twenty who want the same username at once: one has it', async () => {
      const { storage } = await openStorage();
      const all = await Promise.allSettled(Array.from({ length: 20 }, () => addUser(storage, { username: 'Same' })));
      const refused = all.filter(result => result.status === 'rejected');
      expect(refused).toHaveLength(19);
      for (const { reason } of refused) expect(reason).toMatchObject({ code: 'username_taken' });
      expect(await storage.users.findByUsernameKey('same')).toMatchObject({ username: 'Same' });
    });

    test('an address is taken once, also by an update, and a value that looks like a column is only a value', async () => {
      const { storage } = await openStorage();
      await addUser(storage, { email: 'a@example.org', username: 'email_key' });
      await expect(addUser(storage, { email: 'a@example.org' })).rejects.toMatchObject({ code: 'email_taken' });
      await expect(addUser(storage, { username: 'email_key' })).rejects.toMatchObject({ code: 'username_taken' });
      const other = await addUser(storage);
      const change = { email: 'a@example.org', email_key: 'a@example.org' };
      await expect(storage.users.update(other.id, change)).rejects.toMatchObject({ code: 'email_taken' });
      await storage.users.update(other.id, { full_name: 'Neu', email: undefined });
      expect(await storage.users.find(other.id)).toEqual({ ...other, full_name: 'Neu' });
    });

    test('a username that is not shown any more is still taken, and finds its person', async () => {
      const { storage } = await openStorage();
      const user = await addUser(storage, { username: 'going' });
      await storage.users.update(user.id, { username: '', full_name: '' });
      expect(await storage.users.findByUsernameKey('going')).toEqual({ ...user, username: '', full_name: '' });
      await expect(addUser(storage, { username: 'going' })).rejects.toMatchObject({ code: 'username_taken' });
    });

    test('erasing blanks the person, frees the name, and ends sessions and inbox', async () => {
      const { storage } = await openStorage();
      const user = await addUser(storage, { username: 'gone', email: 'g@example.org' });
      const session = await addSession(storage, user.id);
      await storage.notifications.record('n', 'c', 1, [notification(user.id, 1)]);
      await storage.users.erase(user.id, date());
      expect(await storage.users.find(user.id)).toMatchObject({
        username: '',
        full_name: '',
        email: null,
        password_hash: '',
      });
      expect(await storage.sessions.find(session)).toBeUndefined();
      expect(await storage.notifications.countUnread(user.id)).toBe(0);
      await addUser(storage, { username: 'gone', email: 'g@example.org' });
      await expect(addSession(storage, user.id)).rejects.toMatchObject({ code: 'not_found' });
      await storage.users.update(user.id, { full_name: 'Back' });
      expect((await storage.users.find(user.id))?.full_name).toBe('');
      expect((await storage.users.search('', undefined, 10)).map(({ id }) => id)).not.toContain(user.id);
    });

    test('[S30] people by prefix of username or folded full name, by page', async () => {
      const { storage } = await openStorage();
      const people = [
        { username: 'anna', full_name: 'Zoe' },
        { username: 'bert', full_name: 'ANNABEL Straße' },
        { username: 'carl', full_name: 'Carl % _' },
        { username: 'an_a', full_name: 'Quote’ OR 1=1' },
      ];
      for (const person of people) await addUser(storage, person);
      const find = async (q: string, after?: string, limit = 10) =>
        (await storage.users.search(q, after, limit)).map(({ username }) => username);
      expect(await find('ann')).toEqual(['anna', 'bert']);
      expect(await find('an', undefined, 2)).toEqual(['an_a', 'anna']);
      expect(await find('an', 'anna', 2)).toEqual(['bert']);
      expect(await find('annabel strass')).toEqual(['bert']);
      expect(await find('%')).toEqual([]);
      expect(await find('carl %')).toEqual(['carl']);
      expect(await find('an', undefined, 3)).toEqual(['an_a', 'anna', 'bert']);
      expect(await find("' OR '1'='1")).toEqual([]);
    });

    test('last seen only rises, of many at once, and not of who is erased or unknown', async () => {
      const { storage } = await openStorage();
      const people = await Promise.all(Array.from({ length: 230 }, () => addUser(storage)));
      const [gone, ...others] = people.map(({ id }) => id) as [string, ...string[]];
      await storage.users.erase(gone, date());
      const seen = (ms: (index: number) => number) => new Map(others.map((id, index) => [id, date(ms(index))]));
      await storage.users.setLastSeen(
        new Map([...seen(index => 2_000 + index), [gone, date(9_000)], ['~', date(9_000)]]),
      );
      await storage.users.setLastSeen(seen(index => (index % 2 === 0 ? 1_000 : 5_000)));
      const found = new Map((await storage.users.findMany(others)).map(row => [row.id, row.last_seen_at]));
      others.forEach((id, index) => {
        expect(found.get(id)).toBe(date(index % 2 === 0 ? 2_000 + index : 5_000));
      });
      expect((await storage.users.find(gone))?.last_seen_at).toBeNull();
      await storage.users.setLastSeen(new Map());
    });
  });
