import { expect, test } from 'vitest';
import type { NewEvent } from '../../src/ports/log.ts';
import type { Output } from '../../src/protocol/index.ts';
import { fill, refusal, start } from './rig.ts';

type Page = Output<'message:history'>;

/** A lobby of 2,100 messages with about as many other events between; the seqs of the messages. */
const longLobby = async () => {
  const rig = await start();
  const ann = await rig.add();
  const events: NewEvent[] = [];
  const seqs: number[] = [];
  for (let at = 1; at <= 2_100; at++) {
    const seq = events.length + 2;
    seqs.push(seq);
    const target = { target_seq: seq, target_id: 'unused' };
    events.push({ kind: 'message', from: ann.user_id, client_id: `m${at}`, payload: { message: `message ${at}` } });
    for (let more = 0; more < at % 3; more++) {
      const kind = more === 0 ? 'react' : 'unreact';
      events.push({ kind, from: ann.user_id, client_id: `x${at}.${more}`, payload: { emoji: '👍', ...target } });
    }
  }
  await fill(rig.log, 'lobby', events);
  rig.states.drop('lobby');
  return { ...rig, ann, seqs };
};

test('pages to the end without holes or repetitions, by page, before and after', async () => {
  const { call, ann, seqs } = await longLobby();
  const byPage: number[] = [];
  for (let page: number | undefined = 1; page !== undefined; ) {
    const answer: Page = await call(ann, 'message:history', { page, limit: 97 });
    expect(answer).toMatchObject({ page, limit: 97, total: 2_100, has_more: answer.next !== undefined });
    byPage.unshift(...answer.items.map(({ seq }) => seq));
    page = answer.next === undefined ? undefined : Number(answer.next);
  }
  expect(byPage).toEqual(seqs);
  const backwards: number[] = [];
  for (let before: number | undefined = 1_000_000; before !== undefined; ) {
    const answer: Page = await call(ann, 'message:history', { before, limit: 100 });
    expect(answer).not.toHaveProperty('page');
    backwards.unshift(...answer.items.map(({ seq }) => seq));
    before = answer.next === undefined ? undefined : Number(answer.next);
  }
  expect(backwards).toEqual(seqs);
  const forwards: number[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const answer: Page = await call(ann, 'message:history', { after });
    forwards.push(...answer.items.map(({ seq }) => seq));
    after = answer.next === undefined ? undefined : Number(answer.next);
  }
  expect(forwards).toEqual(seqs);
});

test('[S44] edges: beyond the end, around a seq that is no message, exact page ends, the default limit', async () => {
  const { call, ann, seqs } = await longLobby();
  const seqsOf = async (input: object) => (await call(ann, 'message:history', input)).items.map(({ seq }) => seq);
  const empty = { items: [], has_more: false };
  expect(await call(ann, 'message:history', { page: 22, limit: 100 })).toMatchObject(empty);
  expect(await call(ann, 'message:history', { page: 1_000_000_000 })).toMatchObject({ ...empty, total: 2_100 });
  expect(await call(ann, 'message:history', { page: 21, limit: 100 })).toMatchObject({ has_more: false });
  expect(await seqsOf({})).toEqual(seqs.slice(-50));
  expect(await seqsOf({ before: 0 })).toEqual([]);
  expect(await seqsOf({ before: seqs[0] })).toEqual([]);
  expect(await seqsOf({ before: seqs[5], limit: 3 })).toEqual(seqs.slice(2, 5));
  expect(await seqsOf({ after: seqs[5], limit: 3 })).toEqual(seqs.slice(6, 9));
  expect(await seqsOf({ after: seqs.at(-1) })).toEqual([]);
  expect(await seqsOf({ after: 9_999_999 })).toEqual([]);
  const middle = await seqsOf({ around: seqs[1_000], limit: 11 });
  expect(middle).toHaveLength(11);
  expect(middle).toContain(seqs[1_000]);
  // The event behind message 1,001 (index 1,000) is a reaction.
  expect(await seqsOf({ around: (seqs[1_001] ?? 0) - 1, limit: 10 })).toEqual(seqs.slice(996, 1_006));
  expect(await seqsOf({ around: 0, limit: 10 })).toEqual(seqs.slice(0, 10));
  expect(await seqsOf({ around: 9_999_999, limit: 10 })).toEqual(seqs.slice(-10));
});

test('[S23] a group shows from the joining on, counts from there, and nothing to who left', async () => {
  const { call, send, group, add } = await start();
  const [ann, bob] = [await add(), await add()];
  const id = await group(ann);
  for (let at = 0; at < 5; at++) await send(ann, id, `before ${at}`);
  await call(ann, 'conversation:invite', { conversation_id: id, user_ids: [bob.user_id] });
  expect(await call(bob, 'message:history', { conversation_id: id })).toMatchObject({ items: [], total: 0 });
  for (let at = 0; at < 3; at++) await send(ann, id, `after ${at}`);
  const texts = async (input: object) =>
    (await call(bob, 'message:history', { conversation_id: id, ...input })).items.map(({ message }) => message);
  for (const input of [{}, { page: 1 }, { before: 99 }, { after: 0 }, { around: 2 }]) {
    expect(await texts(input)).toEqual(['after 0', 'after 1', 'after 2']);
  }
  expect(await texts({ limit: 2 })).toEqual(['after 1', 'after 2']);
  expect(await call(bob, 'message:history', { conversation_id: id, page: 2, limit: 2 })).toMatchObject({
    has_more: false,
    total: 3,
    items: [{ message: 'after 0' }],
  });
  await call(ann, 'conversation:update', { conversation_id: id, history: 'all' });
  expect((await texts({})).length).toBe(8);
  await call(bob, 'conversation:leave', { conversation_id: id });
  expect(await refusal(call(bob, 'message:history', { conversation_id: id }))).toBe('not_found');
  expect(await refusal(call(bob, 'message:history', { conversation_id: 'nosuchthing' }))).toBe('not_found');
});
