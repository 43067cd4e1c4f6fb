import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fill, refusal, start } from './rig.ts';

test('only the author edits, as long as the message is there', async () => {
  const { call, send, group, add } = await start();
  const [ann, bob, eve] = [await add(), await add(), await add()];
  const id = await group(ann, bob);
  const sent = await send(bob, id, 'first');
  const edited = await call(bob, 'message:edit', { id: sent.id, message: 'second', client_id: 'e' });
  expect(edited).toMatchObject({ id: sent.id, seq: sent.seq, message: 'second', event: { seq: sent.seq + 1 } });
  expect(await call(bob, 'message:edit', { id: sent.id, message: 'third', client_id: 'e' })).toMatchObject({
    message: 'second',
    event: edited.event,
    duplicate: true,
  });
  expect(await refusal(call(ann, 'message:edit', { id: sent.id, message: 'x' }))).toBe('forbidden');
  expect(await refusal(call(eve, 'message:edit', { id: sent.id, message: 'x' }))).toBe('not_found');
  for (const wrong of ['nonsense', `${id}.zz.none`, `${sent.id}x`, edited.event?.id ?? '']) {
    expect(await refusal(call(bob, 'message:edit', { id: wrong, message: 'x' })), wrong).toBe('not_found');
  }
  await call(bob, 'message:unsend', { id: sent.id });
  expect(await refusal(call(bob, 'message:edit', { id: sent.id, message: 'x' }))).toBe('message_unsent');
  expect(await refusal(call(ann, 'message:react', { id: sent.id, emoji: '👍' }))).toBe('message_unsent');
});

test('unsending erases the text everywhere: history, sync, edits, resends, previews, files', async () => {
  const { call, send, group, add, folder, log, index, indexer, notifier } = await start();
  const [ann, bob] = [await add(), await add()];
  const id = await group(ann, bob);
  const canary = 'wombatcanary';
  const input = { conversation_id: id, message: `${canary}1 @${bob.username}`, client_id: 'c' };
  const sent = await call(ann, 'message:send', input);
  const edit = { id: sent.id, message: `${canary}2`, client_id: 'e' };
  await call(ann, 'message:edit', edit);
  await call(ann, 'message:react', { id: sent.id, emoji: '👍' });
  await send(bob, id, 'reply', { reply_to: sent.id });
  await indexer.catchUp();
  await notifier.catchUp();
  expect((await call(bob, 'message:search', { q: canary })).items).toHaveLength(1);
  const unsent = await call(ann, 'message:unsend', { id: sent.id });
  expect(unsent).toMatchObject({ id: sent.id, message: '', unsent: true, mentions: [], reactions: [] });
  const cursors = { [id]: { epoch: log.epoch, seq: 0 } };
  const everything = [
    await call(bob, 'message:history', { conversation_id: id }),
    await call(bob, 'sync', { cursors }),
    await call(bob, 'message:get', { id: sent.id }),
    await call(ann, 'message:send', input),
    await call(ann, 'message:edit', edit),
    // The index lags still: it may only say where to look.
    await call(bob, 'message:search', { q: canary }),
    await call(bob, 'notification:list', {}),
    await call(bob, 'conversation:list', {}),
  ];
  expect(JSON.stringify(everything)).not.toContain(canary);
  expect(everything[3]).toMatchObject({ id: sent.id, duplicate: true, message: '', unsent: true, reactions: [] });
  expect(everything[4]).toMatchObject({ duplicate: true, message: '', unsent: true });
  await indexer.catchUp();
  const hits = await index.find({ q: canary, floors: new Map([[id, 1]]), limit: 5 });
  expect(hits.hits).toEqual([]);
  // Erased from files within moments (the log's write-ahead log is truncated behind its commit).
  await expect.poll(() => filesHold(folder, canary), { timeout: 5_000 }).toEqual([]);
  expect(await call(ann, 'message:unsend', { id: sent.id })).not.toHaveProperty('event');
});

const filesHold = (folder: string, text: string) =>
  readdirSync(folder).filter(name => readFileSync(join(folder, name)).includes(text));

test('moderators unsend what others said, by rank; of directs nobody does', async () => {
  const { call, send, room, add } = await start();
  const [owner, bob, eve, admin] = [await add(), await add(), await add(), await add(undefined, 'admin')];
  const id = await room(owner, bob, eve);
  const [one, two, three] = [await send(bob, id, '1'), await send(bob, id, '2'), await send(owner, id, '3')];
  expect(await refusal(call(eve, 'message:unsend', { id: one.id }))).toBe('forbidden');
  expect(await call(owner, 'message:unsend', { id: one.id })).toMatchObject({ unsent: true, message: '' });
  expect(await refusal(call(bob, 'message:unsend', { id: three.id }))).toBe('forbidden');
  expect(await call(admin, 'message:unsend', { id: two.id })).toMatchObject({ unsent: true });
  const lobby = await send(bob, 'lobby', 'x');
  expect(await refusal(call(eve, 'message:unsend', { id: lobby.id }))).toBe('forbidden');
  expect(await call(admin, 'message:unsend', { id: lobby.id })).toMatchObject({ unsent: true });
  const direct = await call(bob, 'message:send', { to: eve.user_id, message: 'x', client_id: 'd' });
  expect(await refusal(call(eve, 'message:unsend', { id: direct.id }))).toBe('forbidden');
  expect(await refusal(call(admin, 'message:unsend', { id: direct.id }))).toBe('not_found');
});

test('a reaction counts once, from two devices at once too, and makes no event where nothing changes', async () => {
  const { call, send, add, log } = await start();
  const [ann, bob] = [await add(), await add()];
  const { id } = await send(ann, 'lobby', 'x');
  const both = await Promise.all([1, 2, 3].map(() => call(bob, 'message:react', { id, emoji: '🎉' })));
  expect(both.filter(({ event }) => event)).toHaveLength(1);
  for (const { reactions } of both) expect(reactions).toEqual([{ emoji: '🎉', count: 1, me: true }]);
  await call(ann, 'message:react', { id, emoji: '🎉', client_id: 'r' });
  expect(await call(ann, 'message:react', { id, emoji: '🎉', client_id: 'r' })).toMatchObject({
    duplicate: true,
    reactions: [{ emoji: '🎉', count: 2, me: true }],
  });
  const { seq } = await log.head('lobby');
  const gone = await Promise.all([1, 2].map(() => call(bob, 'message:unreact', { id, emoji: '🎉' })));
  expect(gone.filter(({ event }) => event)).toHaveLength(1);
  expect(await call(bob, 'message:unreact', { id, emoji: '👀' })).not.toHaveProperty('event');
  expect((await log.head('lobby')).seq).toBe(seq + 1);
  expect((await call(ann, 'message:get', { id })).reactions).toEqual([{ emoji: '🎉', count: 1, me: true }]);
});

test('a message takes 50 different emoji, and more of those it has', async () => {
  const { call, send, add, log, states } = await start();
  const [ann, bob] = [await add(), await add()];
  const { id, seq } = await send(ann, 'lobby', 'x');
  const emoji = (at: number) => String.fromCodePoint(0x1f600 + at);
  await fill(
    log,
    'lobby',
    Array.from({ length: 50 }, (_, at) => ({
      ...{ kind: 'react' as const, from: ann.user_id, client_id: `r${at}` },
      payload: { emoji: emoji(at), target_seq: seq, target_id: id },
    })),
  );
  states.drop('lobby');
  expect(await refusal(call(bob, 'message:react', { id, emoji: emoji(60) }))).toBe('limit_reached reactions');
  expect((await call(bob, 'message:react', { id, emoji: emoji(7) })).event).toBeDefined();
  await call(ann, 'message:unreact', { id, emoji: emoji(3) });
  expect((await call(bob, 'message:react', { id, emoji: emoji(60) })).reactions).toHaveLength(50);
});

test('[S23] who joined later neither sees, edits nor reacts to what was before', async () => {
  const { call, send, group, add } = await start();
  const [ann, bob] = [await add(), await add()];
  const id = await group(ann, bob);
  const mine = await send(bob, id, 'mine');
  await call(bob, 'conversation:leave', { conversation_id: id });
  expect(await refusal(call(bob, 'message:unsend', { id: mine.id }))).toBe('not_found');
  await call(ann, 'conversation:invite', { conversation_id: id, user_ids: [bob.user_id] });
  expect(await refusal(call(bob, 'message:get', { id: mine.id }))).toBe('not_found');
  expect(await refusal(call(bob, 'message:readers', { id: mine.id }))).toBe('not_found');
  expect(await refusal(call(bob, 'message:edit', { id: mine.id, message: 'x' }))).toBe('not_found');
  expect(await refusal(call(bob, 'message:react', { id: mine.id, emoji: '👍' }))).toBe('not_found');
});
