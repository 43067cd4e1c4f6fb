import { describe, expect, test } from 'vitest';
import { maxWindow } from '../../src/ports/log.ts';
import { append, empty, type LogHarness, message, newEvent } from './log-harness.ts';

export const reading = (harness: () => LogHarness) =>
  describe('reading', () => {
    test('an unknown conversation is an empty log', async () => {
      const { log } = harness();
      expect(await log.head('none')).toEqual(empty);
      expect(await log.heads(['none'])).toEqual(new Map());
      expect(await log.heads([])).toEqual(new Map());
      expect(await log.range('none', 0, 10)).toEqual([]);
      expect(await log.at('none', 1)).toBeUndefined();
      expect(await log.byClientId('none', 'ann', 'x')).toBeUndefined();
      expect(await log.messages('none', 0, 10, 'ann')).toEqual([]);
      expect(await log.messageAt('none', 1, 'ann')).toBeUndefined();
      expect(await log.latestMessages(['none'], 'ann')).toEqual(new Map());
      expect(await log.reaction('none', 1, 'ann', '👍')).toEqual({ mine: false, kinds: 0 });
    });

    test('[G5] a range is bounded: behind `after`, up to `upTo`, at most a window', async () => {
      const { log } = harness();
      const texts = Array.from({ length: maxWindow + 200 }, (_, i) => message(`${i + 1}`));
      await append(log, 'c1', ...texts);
      await append(log, 'c2', message('elsewhere'));
      const seqs = async (after: number, upTo: number) => (await log.range('c1', after, upTo)).map(({ seq }) => seq);
      expect(await seqs(0, 3)).toEqual([1, 2, 3]);
      expect(await seqs(maxWindow + 197, 1e9)).toEqual([maxWindow + 198, maxWindow + 199, maxWindow + 200]);
      expect(await seqs(5, 5)).toEqual([]);
      expect(await seqs(9, 5)).toEqual([]);
      expect(await seqs(5_000, 6_000)).toEqual([]);
      const whole = await seqs(0, 1e9);
      expect(whole).toEqual(Array.from({ length: maxWindow }, (_, i) => i + 1));
      expect(await log.messages('c1', 0, 1e9, 'ann')).toHaveLength(maxWindow);
    });

    test('[G6] whoever reads after an append resolved sees it, through any instance', async () => {
      const { log, openSecond } = harness();
      const second = await openSecond();
      for (let i = 1; i <= 30; i += 1) {
        const [writer, reader] = i % 2 ? [log, second] : [second, log];
        const [stored] = await append(writer, 'c1', message(`${i}`));
        expect(await reader.head('c1')).toEqual({ seq: i, n: i, id: stored?.id });
        expect(await reader.at('c1', i)).toEqual(stored);
        expect((await reader.heads(['c1'])).get('c1')?.seq).toBe(i);
      }
    });

    test('heads and newest messages of many conversations come at once', async () => {
      const { log } = harness();
      const ids = Array.from({ length: 40 }, (_, i) => `c${i}`);
      for (const id of ids) await append(log, id, message(`old ${id}`), message(`new ${id}`));
      await append(log, 'c0', newEvent('joined', { user_id: 'bob' }, 'bob'));
      await append(log, 'quiet', newEvent('created', { conversation_kind: 'group' }, 'ann'));
      const heads = await log.heads([...ids, 'quiet', 'none']);
      expect(heads.size).toBe(41);
      for (const [id, head] of heads) expect(head).toEqual(await log.head(id));
      const newest = await log.latestMessages([...ids, 'quiet', 'none'], 'ann');
      expect(newest.size).toBe(40);
      for (const id of ids) expect(newest.get(id)).toEqual(await log.messageAt(id, 2, 'ann'));
      expect(newest.get('c0')?.event.payload.message).toBe('new c0');
    });

    test('history by ordinal skips what is no message, and is the same at any depth', async () => {
      const { log } = harness();
      const mixed = Array.from({ length: 900 }, (_, i) =>
        i % 3 === 2 ? newEvent('joined', { user_id: `u${i}` }, `u${i}`) : message(`${i}`),
      );
      await append(log, 'deep', ...mixed);
      for (const afterN of [0, 1, 299, 590]) {
        const page = await log.messages('deep', afterN, afterN + 10, 'ann');
        expect(page.map(({ event }) => event.n)).toEqual(Array.from({ length: 10 }, (_, i) => afterN + i + 1));
        expect(page.every(({ event }) => event.kind === 'message')).toBe(true);
      }
      expect(await log.messages('deep', 600, 700, 'ann')).toEqual([]);
      expect(await log.messageAt('deep', 3, 'ann')).toBeUndefined();
      expect((await log.messageAt('deep', 4, 'ann'))?.event).toEqual(await log.at('deep', 4));
    });

    test('[G5] the epoch names the store, survives a restart, and is renewed for good', async () => {
      const { log, reopen } = harness();
      await append(log, 'c1', message('one'));
      const first = log.epoch;
      const { next } = await log.changes('', 10);
      const again = await reopen();
      expect(again.epoch).toBe(first);
      const renewed = await again.renewEpoch();
      expect(renewed).not.toBe(first);
      expect(again.epoch).toBe(renewed);
      // A backup may have been put back that is behind the follower: it begins anew.
      expect((await again.changes(next, 10)).changes).toEqual([{ conversation_id: 'c1', seq: 1, n: 1 }]);
      expect((await reopen()).epoch).toBe(renewed);
    });
  });
