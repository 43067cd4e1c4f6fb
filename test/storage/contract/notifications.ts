import { describe, expect, test } from 'vitest';
import { date, notification, type OpenStorage } from './rows.ts';

export const notificationsContract = (openStorage: OpenStorage) =>
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
