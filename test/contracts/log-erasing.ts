import { describe, expect, test } from 'vitest';
import type { Log } from '../../src/ports/log.ts';
import { append, empty, type LogHarness, message, newEvent, readAll } from './log-harness.ts';

const secret = 'the secret text';
const edit = (target_seq: number, text: string) =>
  newEvent('edit', { target_seq, message: text, mentions: ['bob'] }, 'ann');

/** A message at seq 1 with two edits and a reply, of another at seq 2 one edit. */
const talk = async (log: Log) => {
  const first = newEvent('message', { message: secret, mentions: ['bob'], reply_to: 'x.1.y' }, 'ann', 'first');
  await append(log, 'c1', first, message('stays'), edit(1, `${secret}, edited`), edit(2, 'stays, edited'));
  await append(log, 'c1', newEvent('react', { target_seq: 1, emoji: '👍' }, 'bob'), edit(1, `${secret}, twice`));
};

const expectErased = async (log: Log) => {
  const events = await readAll(log, 'c1');
  expect(JSON.stringify(events)).not.toContain('secret');
  for (const seq of [1, 3, 6]) {
    const { payload } = events[seq - 1]!;
    expect(payload).toMatchObject({ unsent: true });
    expect(payload).not.toHaveProperty('message');
    expect(payload).not.toHaveProperty('mentions');
  }
  expect(events[0]?.payload.reply_to).toBe('x.1.y');
  expect(events[2]?.payload.target_seq).toBe(1);
  const [gone, stays] = await log.messages('c1', 0, 10, 'bob');
  expect(gone?.event.payload).toEqual({ unsent: true, reply_to: 'x.1.y' });
  expect(gone).not.toHaveProperty('edited_at');
  expect(stays?.event.payload.message).toBe('stays, edited');
  expect(JSON.stringify([await log.at('c1', 1), await log.byClientId('c1', 'ann', 'first')])).not.toContain('secret');
};

export const erasing = (harness: () => LogHarness) =>
  describe('erasing', () => {
    test('an unsend erases the text of the message and of its edits', async () => {
      const { log, openSecond, reopen } = harness();
      await talk(log);
      const second = await openSecond();
      const [unsend] = await append(log, 'c1', newEvent('unsend', { target_seq: 1 }, 'ann'));
      expect(unsend).toMatchObject({ seq: 7, n: 2, kind: 'unsend' });
      await expectErased(log);
      await expectErased(second);
      await second.close();
      await expectErased(await reopen());
    });

    test('erasing by itself does the same, again and again, and adds no event', async () => {
      const { log, reopen } = harness();
      await talk(log);
      await log.erase('c1', 1);
      await expectErased(log);
      await log.erase('c1', 1);
      await log.erase('c1', 99);
      await log.erase('none', 1);
      expect(await log.head('c1')).toMatchObject({ seq: 6, n: 2 });
      await expectErased(await reopen());
    });

    test('[G2] the resend of an unsent message is answered with what is left of it', async () => {
      const { log } = harness();
      await talk(log);
      await log.erase('c1', 1);
      const { conflict } = await log.append('c1', await log.head('c1'), [message(secret, 'ann', 'first')]);
      expect(conflict).toMatchObject({ on: 'client_id', original: { seq: 1, payload: { unsent: true } } });
    });

    test('a message and its unsending in one batch leave no text', async () => {
      const { log } = harness();
      await append(log, 'c1', message(secret), newEvent('unsend', { target_seq: 1 }, 'ann'));
      expect((await log.messageAt('c1', 1, 'ann'))?.event.payload).toEqual({ unsent: true });
    });

    test('dropping a conversation deletes it and nothing else', async () => {
      const { log, reopen } = harness();
      await talk(log);
      await append(log, 'c2', message('stays'), newEvent('react', { target_seq: 1, emoji: '👍' }, 'bob'));
      await log.drop('c1');
      await log.drop('c1');
      for (const opened of [async () => log, reopen]) {
        const instance = await opened();
        expect(await instance.head('c1')).toEqual(empty);
        expect(await instance.heads(['c1', 'c2'])).toHaveProperty('size', 1);
        expect(await instance.range('c1', 0, 100)).toEqual([]);
        expect(await instance.byClientId('c1', 'ann', 'first')).toBeUndefined();
        expect(await instance.reaction('c1', 1, 'bob', '👍')).toEqual({ mine: false, kinds: 0 });
        expect(await instance.messageAt('c2', 1, 'bob')).toMatchObject({ reactions: [{ emoji: '👍', me: true }] });
      }
    });

    test('a long conversation is dropped whole', async () => {
      const { log } = harness();
      for (let k = 0; k < 6; k += 1) await append(log, 'c1', ...Array.from({ length: 900 }, (_, i) => message(`${i}`)));
      const [, other] = await Promise.all([log.drop('c1'), append(log, 'c2', message('meanwhile'))]);
      expect(other).toHaveLength(1);
      expect(await log.head('c1')).toEqual(empty);
      expect(await log.heads(['c1'])).toEqual(new Map());
    });
  });
