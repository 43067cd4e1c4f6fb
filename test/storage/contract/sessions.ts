import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { addSession, addUser, date, type OpenStorage } from './rows.ts';

const later = () => date(Date.now() + 120_000);

export const sessionsContract = (openStorage: OpenStorage) =>
  describe('sessions', () => {
    test('[S06] two rotations at once: one rotates, the other gets the same generation', async () => {
      const { storage } = await openStorage();
      const { id: user_id } = await addUser(storage);
      const id = await addSession(storage, user_id);
      const rotate = (generation: number) => storage.sessions.rotate(id, generation, 10_000, date(), later());
      const both = await Promise.all([rotate(0), rotate(0)]);
      expect(both.map(({ outcome }) => outcome).toSorted()).toEqual(['grace', 'rotated']);
      for (const result of both)
        expect(result).toMatchObject({ generation: 1, session: { id, user_id, generation: 1 } });
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

    test('those alive among many: not the expired, revoked, erased or unknown', async () => {
      const { storage } = await openStorage();
      const [me, gone] = [await addUser(storage), await addUser(storage)];
      const live = await Promise.all(Array.from({ length: 3 }, () => addSession(storage, me.id)));
      const [expired, revoked] = [await addSession(storage, me.id, -1), await addSession(storage, me.id)];
      const erased = await addSession(storage, gone.id);
      await storage.sessions.revoke({ id: revoked, user_id: me.id });
      await storage.users.erase(gone.id, date());
      const unknown = Array.from({ length: 450 }, (_, index) => `unknown${index}`);
      const asked = [...unknown, expired, revoked, erased, ...live, ...live];
      expect(await storage.sessions.liveAmong(asked)).toEqual(new Set(live));
      expect(await storage.sessions.liveAmong([])).toEqual(new Set());
    });

    test('a rotation is dated by the store’s clock, in milliseconds as a number', async () => {
      const { storage } = await openStorage();
      const { id: user_id } = await addUser(storage);
      const id = await addSession(storage, user_id);
      expect(await storage.sessions.find(id)).toMatchObject({ generation: 0, rotated_at: 0 });
      await storage.sessions.rotate(id, 0, 10_000, date(), later());
      const found = await storage.sessions.find(id);
      expect(Math.abs((found?.rotated_at ?? 0) - Date.now())).toBeLessThan(5_000);
      expect((await storage.sessions.ofUser(user_id)).map(row => row.rotated_at)).toEqual([found?.rotated_at]);
    });
  });
