import { describe, expect, test } from 'vitest';
import { type NewEvent, placeOf } from '../../src/ports/log.ts';
import { append, contend, empty, type LogHarness, message, misnumbered, newEvent, readAll } from './log-harness.ts';

export const appending = (harness: () => LogHarness) =>
  describe('appending', () => {
    test('[G3] numbers events 1, 2, 3 … and counts messages', async () => {
      const { log } = harness();
      const { stored, conflict } = await log.append('c1', empty, [
        newEvent('created', { conversation_kind: 'room', name: 'tea' }, 'ann'),
        message('one'),
        message('two', 'bob'),
        newEvent('joined', { user_id: 'cid', version: 3 }, 'ann', '~3'),
      ]);
      expect(conflict).toBeUndefined();
      expect(stored.map(({ seq, n }) => [seq, n])).toEqual([
        [1, 0],
        [2, 1],
        [3, 2],
        [4, 2],
      ]);
      expect(await readAll(log, 'c1')).toEqual(stored);
      expect(await log.head('c1')).toEqual({ seq: 4, n: 2, id: stored[3]?.id });
      for (const { id, seq } of stored) expect(placeOf(id)).toEqual({ conversation_id: 'c1', seq });
      expect(new Set(stored.map(({ id }) => id)).size).toBe(4);
      for (const { date } of stored) expect(date).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    });

    test('nothing to append is no conflict, and begins no log', async () => {
      const { log } = harness();
      expect(await log.append('c1', empty, [])).toEqual({ stored: [] });
      expect(await log.head('c1')).toEqual(empty);
    });

    test('[G3] 50 concurrent appenders on two instances leave no hole and lose nothing', async () => {
      const { log, openSecond } = harness();
      const logs = [log, await openSecond()];
      const appender = async (i: number) => {
        for (let k = 0; k < 4; k += 1) await contend(logs[i % 2]!, 'hot', message(`${i}.${k}`, `user${i}`, `${k}`));
      };
      await Promise.all(Array.from({ length: 50 }, (_, i) => appender(i)));
      const events = await readAll(log, 'hot');
      expect(misnumbered(events)).toEqual([]);
      expect(events).toHaveLength(200);
      expect(new Set(events.map(({ payload }) => payload.message)).size).toBe(200);
      // Whoever waited for an acknowledgement stands before what they sent afterwards (G7).
      for (let i = 0; i < 50; i += 1) {
        const own = events.filter(({ from }) => from === `user${i}`);
        expect(own.map(({ client_id }) => client_id)).toEqual(['0', '1', '2', '3']);
      }
    });

    test('[G2] a resend is answered with the original, through any instance and after a restart', async () => {
      const { log, openSecond, reopen } = harness();
      const [original] = await append(log, 'c1', message('hello', 'ann', 'id-1'));
      await append(log, 'c1', message('other', 'bob', 'id-1'));
      const conflict = { on: 'client_id', original };
      const resend = message('hello', 'ann', 'id-1');
      expect(await log.append('c1', await log.head('c1'), [resend])).toEqual({ stored: [], conflict });
      const second = await openSecond();
      expect(await second.append('c1', await second.head('c1'), [resend])).toEqual({ stored: [], conflict });
      await second.close();
      const again = await reopen();
      expect(await again.append('c1', await again.head('c1'), [resend])).toEqual({ stored: [], conflict });
      expect(await again.byClientId('c1', 'ann', 'id-1')).toEqual(original);
      expect(await again.head('c1')).toMatchObject({ seq: 2 });
    });

    test('[G2] the same client_id in another conversation or by another sender is another event', async () => {
      const { log } = harness();
      await append(log, 'c1', message('a', 'ann', 'x'), message('b', 'bob', 'x'));
      await append(log, 'c2', message('c', 'ann', 'x'));
      expect((await log.byClientId('c1', 'bob', 'x'))?.payload.message).toBe('b');
      expect((await log.byClientId('c2', 'ann', 'x'))?.payload.message).toBe('c');
      expect(await log.byClientId('c2', 'bob', 'x')).toBeUndefined();
    });

    test('[G3] a conflict inside a batch keeps the prefix and stores nothing behind it', async () => {
      const { log } = harness();
      const [original] = await append(log, 'c1', message('first', 'ann', 'dup'));
      const batch = [message('before'), message('again', 'ann', 'dup'), message('behind')];
      const result = await log.append('c1', await log.head('c1'), batch);
      expect(result.conflict).toEqual({ on: 'client_id', original });
      expect(result.stored.map(({ seq, payload }) => [seq, payload.message])).toEqual([[2, 'before']]);
      expect((await readAll(log, 'c1')).map(({ payload }) => payload.message)).toEqual(['first', 'before']);
      expect(await log.heads(['c1'])).toEqual(new Map([['c1', await log.head('c1')]]));
      // What was refused can be appended behind.
      expect(await append(log, 'c1', batch[2]!)).toMatchObject([{ seq: 3, n: 3 }]);
    });

    test('[G2] a batch that holds the same client_id twice stores it once', async () => {
      const { log } = harness();
      const { stored, conflict } = await log.append('c1', empty, [message('a', 'ann', 'x'), message('b', 'ann', 'x')]);
      expect(stored).toHaveLength(1);
      expect(conflict).toEqual({ on: 'client_id', original: stored[0] });
    });

    test('[G3] of batches at the same place one wins whole, the others conflict on seq', async () => {
      const { log, openSecond } = harness();
      const second = await openSecond();
      const [before] = await append(log, 'c1', message('before'));
      const at = { seq: 1, n: 1, id: before?.id };
      const texts = (i: number) => [0, 1, 2].map(k => message(`${i}.${k}`, `user${i}`));
      const results = await Promise.all([0, 1, 2, 3, 4, 5].map(i => (i % 2 ? second : log).append('c1', at, texts(i))));
      const winners = results.filter(({ conflict }) => !conflict);
      expect(winners).toHaveLength(1);
      for (const result of results) {
        if (result !== winners[0]) expect(result).toEqual({ stored: [], conflict: { on: 'seq' } });
      }
      expect((await readAll(log, 'c1')).slice(1)).toEqual(winners[0]?.stored);
    });

    test('a conflict in one conversation does not touch what is appended to others at the same moment', async () => {
      const { log } = harness();
      const [original] = await append(log, 'c0', message('first', 'ann', 'dup'));
      const at = await log.head('c0');
      const results = await Promise.all([
        log.append('c1', empty, [message('one')]),
        log.append('c0', at, [message('prefix'), message('again', 'ann', 'dup'), message('behind')]),
        log.append('c2', empty, [message('two'), message('three')]),
        log.append('c0', empty, [message('late')]),
      ]);
      expect(results.map(({ stored }) => stored.length)).toEqual([1, 1, 2, 0]);
      expect(results.map(({ conflict }) => conflict)).toEqual([
        undefined,
        { on: 'client_id', original },
        undefined,
        { on: 'seq' },
      ]);
      expect(await readAll(log, 'c2')).toEqual(results[2]?.stored);
    });

    test('[G3] an append behind the true head throws instead of leaving a hole', async () => {
      const { log } = harness();
      await append(log, 'c1', message('one'));
      const healthy = log.append('c2', empty, [message('fine')]);
      await expect(log.append('c1', { seq: 2, n: 2 }, [message('far')])).rejects.toThrow();
      await expect(log.append('unknown', { seq: 1, n: 1 }, [message('far')])).rejects.toThrow();
      expect((await healthy).stored).toHaveLength(1);
      expect(await log.head('c1')).toMatchObject({ seq: 1 });
      expect(await log.head('unknown')).toEqual(empty);
      expect((await log.changes('', 100)).changes.map(({ conversation_id }) => conversation_id).sort()).toEqual([
        'c1',
        'c2',
      ]);
    });

    test('stores every field and every character exactly', async () => {
      const { log, reopen } = harness();
      const text = `👩‍👩‍👧‍👦 שלום \u202Eright to left\u202C Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A é é \u{10FFFF}\uFFFD "'\\\n\t\u2028 ${'長'.repeat(7_900)}`;
      const events: NewEvent[] = [
        newEvent(
          'message',
          { message: text, reply_to: 'c1.1.abc', mentions: ['u1', 'u2'], mentions_all: true },
          'ann',
          '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
        ),
        newEvent('edit', { message: '', target_seq: 1, target_id: 'c1.1.abc' }, 'Ann'),
        newEvent('react', { target_seq: 1, target_id: 'c1.1.abc', emoji: '👩🏽‍🚀' }, 'u-_.~1'),
        newEvent('muted', { user_id: 'u1', muted_until: null, version: 9 }, 'ann', '~9'),
        newEvent('updated', { name: null, topic: '', slow_mode_ms: 0, history: 'joined' }, 'ann'),
      ];
      const { stored } = await log.append('c1.-_', empty, events);
      expect(stored).toMatchObject(events);
      expect(await log.range('c1.-_', 0, 9)).toEqual(stored);
      const again = await reopen();
      expect(await again.range('c1.-_', 0, 9)).toEqual(stored);
    });

    test('closing waits for what was begun, and refuses what comes afterwards', async () => {
      const { log, reopen } = harness();
      const begun = Array.from({ length: 20 }, (_, i) => log.append(`c${i}`, empty, [message('last')]));
      await Promise.all([log.close(), log.close()]);
      for (const { stored } of await Promise.all(begun)) expect(stored).toHaveLength(1);
      await expect(log.append('c1', empty, [message('late')])).rejects.toMatchObject({ code: 'unavailable' });
      await expect(log.head('c1')).rejects.toMatchObject({ code: 'unavailable' });
      await expect(log.ping()).rejects.toThrow();
      const again = await reopen();
      await again.ping();
      expect((await again.heads(begun.map((_, i) => `c${i}`))).size).toBe(20);
    });
  });
