import { expect, test } from 'vitest';
import { refusal, start } from './rig.ts';

test('unread is exact after every operation, and cursors never move back', async () => {
  const { call, send, group, add, log } = await start();
  const [ann, bob] = [await add(), await add()];
  const id = await group(ann, bob);
  /** Counted from the log itself. */
  const unreadOf = async (read_seq: number) => {
    const events = await log.range(id, read_seq, (await log.head(id)).seq);
    return events.filter(({ kind }) => kind === 'message').length;
  };
  const check = async (expected: number) => {
    const { unread, read_seq } = await call(bob, 'conversation:get', { conversation_id: id });
    expect([unread, await unreadOf(read_seq)]).toEqual([expected, expected]);
  };
  await check(0);
  const first = await send(ann, id, '1');
  const second = await send(ann, id, '2');
  await check(2);
  await call(ann, 'message:react', { id: first.id, emoji: '👍' });
  await call(ann, 'message:edit', { id: first.id, message: '1!' });
  await check(2);
  expect(await call(bob, 'receipt:read', { conversation_id: id, seq: first.seq })).toEqual({
    ...{ conversation_id: id, read_seq: first.seq, delivered_seq: first.seq, unread: 1 },
  });
  await check(1);
  expect(await call(bob, 'receipt:read', { conversation_id: id, seq: 0 })).toMatchObject({
    read_seq: first.seq,
    unread: 1,
  });
  expect(await call(bob, 'receipt:delivered', { conversation_id: id, seq: second.seq })).toMatchObject({
    ...{ read_seq: first.seq, delivered_seq: second.seq, unread: 1 },
  });
  await call(ann, 'message:unsend', { id: second.id });
  await check(1);
  const { seq: head } = await log.head(id);
  expect(await call(bob, 'receipt:read', { conversation_id: id, seq: 999_999 })).toMatchObject({
    read_seq: head,
    unread: 0,
  });
  await send(ann, id, '3');
  await check(1);
  await send(bob, id, '4');
  await check(0);
  const again = await send(ann, id, '5');
  expect(await call(bob, 'receipt:read', { conversation_id: id, seq: again.seq })).toMatchObject({ unread: 0 });
});

test('a cursor is clamped to the floor, and who joins has nothing unread', async () => {
  const { call, send, group, add } = await start();
  const [ann, bob] = [await add(), await add()];
  const id = await group(ann);
  for (let at = 0; at < 3; at++) await send(ann, id, `${at}`);
  await call(ann, 'conversation:invite', { conversation_id: id, user_ids: [bob.user_id] });
  await send(ann, id, 'seen');
  const { floor, unread } = await call(bob, 'conversation:get', { conversation_id: id });
  expect(unread).toBe(1);
  expect(await call(bob, 'receipt:read', { conversation_id: id, seq: 1 })).toMatchObject({
    read_seq: floor,
    unread: 1,
  });
});

test('[S25] receipts of strangers are refused; those of members are told', async () => {
  const { call, send, group, room, add, cluster } = await start();
  const [ann, bob, eve] = [await add(), await add(), await add()];
  const id = await group(ann, bob);
  const { seq } = await send(ann, id, 'x');
  const told: unknown[] = [];
  cluster.on('receipts', notice => void told.push(notice));
  expect(await refusal(call(eve, 'receipt:read', { conversation_id: id, seq }))).toBe('not_found');
  expect(await refusal(call(eve, 'receipt:delivered', { conversation_id: await room(ann), seq: 1 }))).toBe('not_found');
  expect(told).toEqual([]);
  await call(bob, 'receipt:read', { conversation_id: id, seq });
  expect(told).toEqual([
    { conversation_id: id, receipts: [{ user_id: bob.user_id, read_seq: seq, delivered_seq: seq }] },
  ]);
});

test('readers: neither the author nor who joined behind the message, each person in one list', async () => {
  const { call, send, group, add, cursors } = await start();
  const [ann, bob, cat, dan, late] = [await add(), await add(), await add(), await add(), await add()];
  const id = await group(ann, bob, cat, dan);
  const sent = await send(ann, id, 'x');
  await cursors.flush();
  expect(await call(ann, 'message:readers', { id: sent.id })).toEqual({
    ...{ id: sent.id, read: [], read_count: 0, delivered: [], delivered_count: 0 },
  });
  await call(bob, 'receipt:read', { conversation_id: id, seq: sent.seq });
  await call(cat, 'receipt:delivered', { conversation_id: id, seq: sent.seq });
  await call(ann, 'conversation:invite', { conversation_id: id, user_ids: [late.user_id] });
  const readers = await call(dan, 'message:readers', { id: sent.id });
  expect(readers).toMatchObject({ read_count: 1, delivered_count: 1 });
  expect([readers.read[0]?.id, readers.delivered[0]?.id]).toEqual([bob.user_id, cat.user_id]);
});
