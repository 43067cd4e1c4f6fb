import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { NotificationRow, Storage } from '../../src/ports/storage.ts';
import { addUser, date, newId, openStorage } from './open-storage.ts';

const addSession = async (storage: Storage, user_id: string, lifeMs = 60_000) => {
  const id = newId();
  const now = date();
  await storage.sessions.create({
    id,
    user_id,
    created_at: now,
    last_seen_at: now,
    expires_at: date(Date.now() + lifeMs),
    user_agent: 'test',
  });
  return id;
};

const later = () => date(Date.now() + 120_000);

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
    expect(await find("' OR '1'='1")).toEqual([]);
  });

  test('last seen only rises', async () => {
    const { storage } = await openStorage();
    const user = await addUser(storage);
    await storage.users.setLastSeen(new Map([[user.id, date(2000)]]));
    await storage.users.setLastSeen(new Map([[user.id, date(1000)]]));
    expect((await storage.users.find(user.id))?.last_seen_at).toBe(date(2000));
  });
});

describe('sessions', () => {
  test('[S06] two rotations at once: one rotates, the other gets the same generation', async () => {
    const { storage } = await openStorage();
    const { id: user_id } = await addUser(storage);
    const id = await addSession(storage, user_id);
    const rotate = (generation: number) => storage.sessions.rotate(id, generation, 10_000, date(), later());
    const both = await Promise.all([rotate(0), rotate(0)]);
    expect(both.map(({ outcome }) => outcome).toSorted()).toEqual(['grace', 'rotated']);
    for (const result of both) expect(result).toMatchObject({ generation: 1, session: { id, user_id, generation: 1 } });
  });

  test('[S05] an older generation revokes the session, as does the last one beyond the grace', async () => {
    const { storage } = await openStorage();
    const { id: user_id } = await addUser(storage);
    const replay = await addSession(storage, user_id);
    for (const generation of [0, 1]) await storage.sessions.rotate(replay, generation, 10_000, date(), later());
    expect(await storage.sessions.rotate(replay, 0, 10_000, date(), later())).toEqual({ outcome: 'replayed' });
    expect(await storage.sessions.find(replay)).toBeUndefined();
    expect(await storage.sessions.rotate(replay, 2, 10_000, date(), later())).toEqual({ outcome: 'absent' });

    const late = await addSession(storage, user_id);
    await storage.sessions.rotate(late, 0, 10, date(), later());
    await delay(30);
    expect(await storage.sessions.rotate(late, 0, 10, date(), later())).toEqual({ outcome: 'replayed' });
  });

  test('an expired session is absent everywhere', async () => {
    const { storage } = await openStorage();
    const { id: user_id } = await addUser(storage);
    const id = await addSession(storage, user_id, -1);
    expect(await storage.sessions.find(id)).toBeUndefined();
    expect(await storage.sessions.ofUser(user_id)).toEqual([]);
    expect(await storage.sessions.rotate(id, 0, 10_000, date(), later())).toEqual({ outcome: 'absent' });
    expect(await storage.sessions.revoke({ user_id })).toEqual([]);
    await storage.sessions.deleteExpired(date());
  });

  test('revoking one of a person, all, or all but one; nobody else’s', async () => {
    const { storage } = await openStorage();
    const [me, other] = [await addUser(storage), await addUser(storage)];
    const [a, b, c] = [
      await addSession(storage, me.id),
      await addSession(storage, me.id),
      await addSession(storage, me.id),
    ];
    const theirs = await addSession(storage, other.id);
    expect(await storage.sessions.revoke({ id: theirs, user_id: me.id })).toEqual([]);
    expect(await storage.sessions.revoke({ id: a, user_id: me.id })).toEqual([a]);
    expect(await storage.sessions.revoke({ user_id: me.id, except: b })).toEqual([c]);
    expect(await storage.sessions.find(b)).toMatchObject({ id: b, user: { id: me.id, username: me.username } });
    expect(await storage.sessions.find(theirs)).toBeDefined();
  });
});

const notification = (user_id: string, seq: number, over: Partial<NotificationRow> = {}): NotificationRow => ({
  id: `${String(seq).padStart(8, '0')}${newId()}`,
  user_id,
  kind: 'mention',
  conversation_id: 'c',
  seq,
  message_id: `c.${seq}.x`,
  from_id: 'someone',
  created_at: date(),
  read_at: null,
  ...over,
});

describe('notifications', () => {
  test('[G4] ten recorders of the same events notify once', async () => {
    const { storage } = await openStorage();
    const all = await Promise.all(
      Array.from({ length: 10 }, () =>
        storage.notifications.record('n', 'c', 5, [notification('u', 4), notification('u', 5), notification('v', 5)]),
      ),
    );
    expect(all.flat()).toHaveLength(3);
    expect(await storage.notifications.position('n', 'c')).toBe(5);
    expect(await storage.notifications.position('n', 'other')).toBeUndefined();
    await storage.notifications.record('n', 'c', 3, []);
    expect(await storage.notifications.position('n', 'c')).toBe(5);
  });

  test('the inbox, newest first, by page, and read marks', async () => {
    const { storage } = await openStorage();
    const rows = Array.from({ length: 5 }, (_, index) => notification('u', index + 1));
    await storage.notifications.record('n', 'c', 5, rows);
    const page = await storage.notifications.list('u', { limit: 2 });
    expect(page.map(({ seq }) => seq)).toEqual([5, 4]);
    const next = await storage.notifications.list('u', { before: page.at(-1)?.id, limit: 9 });
    expect(next.map(({ seq }) => seq)).toEqual([3, 2, 1]);
    await storage.notifications.markRead('u', [page[0]!.id], date());
    await storage.notifications.markRead('v', undefined, date());
    expect(await storage.notifications.countUnread('u')).toBe(4);
    expect(await storage.notifications.list('u', { unread: true, limit: 9 })).toHaveLength(4);
    await storage.notifications.markRead('u', undefined, date());
    expect(await storage.notifications.countUnread('u')).toBe(0);
  });

  test('the feed’s stamp of a consumer', async () => {
    const { storage } = await openStorage();
    expect(await storage.notifications.stamp('n')).toBe('');
    await storage.notifications.setStamp('n', '12');
    await storage.notifications.setStamp('n', '13');
    expect(await storage.notifications.stamp('n')).toBe('13');
  });
});
