import { describe, expect, test } from 'vitest';
import { append, follow, type LogHarness, message } from './log-harness.ts';

export const following = (harness: () => LogHarness) =>
  describe('following changes', () => {
    test('from the beginning the feed names every conversation with its head', async () => {
      const { log, reopen } = harness();
      for (let i = 0; i < 10; i += 1) await append(log, `c${i}`, ...Array.from({ length: i + 1 }, () => message('x')));
      for (const opened of [async () => log, reopen]) {
        const instance = await opened();
        const { seqs } = await follow(instance, '');
        expect([...seqs].sort()).toEqual(Array.from({ length: 10 }, (_, i) => [`c${i}`, i + 1]));
      }
    });

    test('from a stamp it names what changed since, whoever changed it, and ends', async () => {
      const { log, openSecond } = harness();
      const second = await openSecond();
      for (let i = 0; i < 5; i += 1) await append(log, `c${i}`, message('x'));
      const { next } = await follow(log, '');
      await append(second, 'c3', message('y'));
      await append(log, 'c1', message('y'));
      const { seqs } = await follow(second, next);
      expect(seqs.get('c3')).toBe(2);
      expect(seqs.get('c1')).toBe(2);
      const page = await log.changes((await follow(log, next)).next, 10);
      expect(page.more).toBe(false);
      await append(log, 'new', message('z'));
      expect((await follow(log, page.next)).seqs.get('new')).toBe(1);
    });

    test('[G8] a follower that reads while two instances append misses nothing', async () => {
      const { log, openSecond } = harness();
      const logs = [log, await openSecond()];
      let writing = true;
      const appender = async (i: number) => {
        for (let k = 0; k < 15; k += 1) await append(logs[i % 2]!, `c${i}`, message(`${k}`));
      };
      const written = Promise.all(Array.from({ length: 20 }, (_, i) => appender(i))).finally(() => {
        writing = false;
      });
      const seen = new Map<string, number>();
      let since = '';
      const read = async () => {
        const { seqs, next } = await follow(log, since, 4);
        for (const [id, seq] of seqs) seen.set(id, seq);
        since = next;
      };
      while (writing) await read();
      await written;
      await read();
      expect([...seen.values()]).toEqual(Array.from({ length: 20 }, () => 15));
    });

    test('a change after the newest conversation was dropped is not missed', async () => {
      const { log, reopen } = harness();
      await append(log, 'c1', message('x'));
      await append(log, 'c2', message('x'));
      const { next } = await follow(log, '');
      await log.drop('c2');
      const again = await reopen();
      await append(again, 'c3', message('x'));
      expect((await follow(again, next)).seqs.get('c3')).toBe(1);
    });
  });
