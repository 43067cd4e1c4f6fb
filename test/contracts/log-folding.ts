import { describe, expect, test } from 'vitest';
import { maxWindow } from '../../src/ports/log.ts';
import { append, type LogHarness, message, newEvent, readAll } from './log-harness.ts';

const react = (target_seq: number, emoji: string, from: string, kind: 'react' | 'unreact' = 'react') =>
  newEvent(kind, { target_seq, emoji }, from);
const edit = (target_seq: number, text: string, mentions?: string[]) =>
  newEvent('edit', { target_seq, message: text, mentions }, 'ann');

export const folding = (harness: () => LogHarness) =>
  describe('folding', () => {
    test('a message reads as it was last edited, its log as it was written', async () => {
      const { log } = harness();
      const first = newEvent('message', { message: 'one @bob', mentions: ['bob'], reply_to: 'x.1.y' }, 'ann');
      await append(log, 'c1', first, message('two'));
      await append(log, 'c1', edit(1, 'uno'), edit(1, 'eins @cid', ['cid']), edit(2, 'zwei'));
      const events = await readAll(log, 'c1');
      expect(events.map(({ payload }) => payload.message)).toEqual(['one @bob', 'two', 'uno', 'eins @cid', 'zwei']);
      const [one, two] = await log.messages('c1', 0, 10, 'ann');
      expect(one?.event.payload).toEqual({ message: 'eins @cid', mentions: ['cid'], reply_to: 'x.1.y' });
      expect(one?.edited_at).toBe(events[3]?.date);
      expect({ ...one?.event, payload: null }).toEqual({ ...events[0], payload: null });
      expect(two?.event.payload.message).toBe('zwei');
      await append(log, 'c1', edit(1, 'nobody'));
      expect((await log.messageAt('c1', 1, 'ann'))?.event.payload).toEqual({ message: 'nobody', reply_to: 'x.1.y' });
    });

    test('reactions are a set per person, in the order in which each emoji was first used', async () => {
      const { log } = harness();
      await append(log, 'c1', message('hello'), message('silent'));
      await append(log, 'c1', react(1, '👍', 'ann'), react(1, '🎉', 'bob'), react(1, '👍', 'bob'));
      await append(log, 'c1', react(1, '👍', 'bob'), react(1, '🎉', 'cid', 'unreact'));
      const seenBy = async (viewer: string) => (await log.messageAt('c1', 1, viewer))?.reactions;
      expect(await seenBy('ann')).toEqual([
        { emoji: '👍', count: 2, me: true },
        { emoji: '🎉', count: 1, me: false },
      ]);
      expect(await log.reaction('c1', 1, 'bob', '🎉')).toEqual({ mine: true, kinds: 2 });
      expect(await log.reaction('c1', 1, 'cid', '🎉')).toEqual({ mine: false, kinds: 2 });
      await append(log, 'c1', react(1, '👍', 'ann', 'unreact'), react(1, '🎉', 'bob', 'unreact'));
      expect(await seenBy('bob')).toEqual([{ emoji: '👍', count: 1, me: true }]);
      // An emoji that nobody uses any more begins anew.
      await append(log, 'c1', react(1, '🎉', 'ann'));
      expect((await seenBy('ann'))?.map(({ emoji }) => emoji)).toEqual(['👍', '🎉']);
      expect((await log.messageAt('c1', 2, 'ann'))?.reactions).toEqual([]);
    });

    test('a message says up to which event its reactions are counted, also when none is left', async () => {
      const { log } = harness();
      await append(log, 'c1', message('hello'), message('silent'));
      const countedAt = async () => (await log.messages('c1', 0, 10, 'ann')).map(one => one.reactions_seq);
      expect(await countedAt()).toEqual([undefined, undefined]);
      await append(log, 'c1', react(1, '👍', 'ann'), edit(1, 'edited'), react(1, '🎉', 'bob'), edit(2, 'edited'));
      expect(await countedAt()).toEqual([5, undefined]);
      await append(log, 'c1', react(1, '👍', 'ann', 'unreact'), react(1, '🎉', 'bob', 'unreact'));
      expect(await countedAt()).toEqual([8, undefined]);
      expect(await log.messageAt('c1', 1, 'ann')).toMatchObject({ reactions: [], reactions_seq: 8 });
      expect((await log.latestMessages(['c1'], 'ann')).get('c1')?.reactions_seq).toBeUndefined();
    });

    test('emoji that differ in their modifiers only are different', async () => {
      const { log } = harness();
      await append(log, 'c1', message('hello'), ...['👍', '👍🏽', '❤', '❤️'].map(emoji => react(1, emoji, 'ann')));
      expect((await log.messageAt('c1', 1, 'bob'))?.reactions).toHaveLength(4);
    });

    test('folds belong to their conversation, and to messages only', async () => {
      const { log } = harness();
      await append(log, 'c1', message('here'), newEvent('joined', { user_id: 'bob' }, 'bob'));
      await append(log, 'c2', message('there'));
      await append(log, 'c1', edit(1, 'edited'), react(1, '👍', 'ann'), edit(2, 'no message'), react(2, '👍', 'ann'));
      await append(log, 'c1', edit(99, 'nothing there'), react(99, '👍', 'ann'));
      expect(await log.messageAt('c2', 1, 'ann')).toMatchObject({
        event: { payload: { message: 'there' } },
        reactions: [],
      });
      expect((await log.messages('c1', 0, 10, 'ann')).map(({ event }) => event.payload.message)).toEqual(['edited']);
      expect(await log.reaction('c1', 2, 'ann', '👍')).toEqual({ mine: false, kinds: 0 });
    });

    test('a batch folds what it stored, and nothing of what it did not', async () => {
      const { log } = harness();
      await append(log, 'c1', message('hello', 'ann', 'dup'));
      const at = await log.head('c1');
      await log.append('c1', at, [edit(1, 'stored'), message('again', 'ann', 'dup'), edit(1, 'not stored')]);
      expect((await log.messageAt('c1', 1, 'ann'))?.event.payload.message).toBe('stored');
    });

    test('a message with 10,000 reactions reads like any other', async () => {
      const { log, reopen } = harness();
      await append(log, 'c1', message('popular'));
      for (let from = 0; from < 10_000; from += 500) {
        const batch = Array.from({ length: 500 }, (_, i) => react(1, ['👍', '🎉', '❤️'][i % 3]!, `u${from + i}`));
        await append(log, 'c1', ...batch);
      }
      await append(log, 'c1', message('next'));
      const expected = [
        { emoji: '👍', count: 3_340, me: false },
        { emoji: '🎉', count: 3_340, me: true },
        { emoji: '❤️', count: 3_320, me: false },
      ];
      for (const opened of [async () => log, reopen]) {
        const instance = await opened();
        const page = await instance.messages('c1', 0, 10, 'u9501');
        expect(page.map(({ event }) => event.payload.message)).toEqual(['popular', 'next']);
        expect(page[0]?.reactions).toEqual(expected);
        expect(await instance.reaction('c1', 1, 'u9501', '🎉')).toEqual({ mine: true, kinds: 3 });
      }
    });

    test('folding what is held already is the same as reading it, in the order of the log', async () => {
      const { log, openSecond } = harness();
      const joined = newEvent('joined', { user_id: 'bob' }, 'bob');
      const held = await append(log, 'c1', message('one'), joined, message('two'), message('three'));
      await append(log, 'c1', edit(1, 'uno', ['bob']), edit(1, 'eins'), react(3, '👍', 'ann'), react(3, '👍', 'bob'));
      await append(log, 'c1', react(3, '🎉', 'bob'), react(1, '🎉', 'bob'), react(1, '🎉', 'bob', 'unreact'));
      const messages = held.filter(({ kind }) => kind === 'message');
      for (const reader of [log, await openSecond()]) {
        for (const viewer of ['ann', 'cid']) {
          const read = await reader.messages('c1', 0, 10, viewer);
          expect(await reader.fold('c1', messages, viewer)).toEqual(read);
          expect(await reader.fold('c1', messages.toReversed(), viewer)).toEqual(read);
          expect(await reader.fold('c1', [messages[1]!], viewer)).toEqual([read[1]]);
        }
      }
      expect(await log.fold('c1', [], 'ann')).toEqual([]);
      const [one] = await log.fold('c1', messages, 'ann');
      expect(one).toMatchObject({ event: { payload: { message: 'eins' } }, reactions: [] });
    });

    test('what is held is folded as it is now: a text erased meanwhile is not given out', async () => {
      const { log } = harness();
      const held = await append(log, 'c1', message('first secret'), message('second secret'), message('stays'));
      await append(log, 'c1', edit(1, 'first secret, edited'), react(1, '👍', 'bob'));
      await append(log, 'c1', newEvent('unsend', { target_seq: 1 }, 'ann'));
      await log.erase('c1', 2);
      const folded = await log.fold('c1', held, 'bob');
      expect(folded).toEqual(await log.messages('c1', 0, 10, 'bob'));
      expect(JSON.stringify(folded)).not.toContain('secret');
      expect(folded.map(({ event }) => event.payload)).toEqual([
        { unsent: true },
        { unsent: true },
        { message: 'stays' },
      ]);
    });

    test('at most a window is folded at once', async () => {
      const { log } = harness();
      const held = await append(log, 'c1', ...Array.from({ length: maxWindow + 1 }, (_, i) => message(`${i}`)));
      const folded = await log.fold('c1', held, 'ann');
      expect(folded.map(({ event }) => event)).toEqual(held.slice(0, maxWindow));
    });
  });
