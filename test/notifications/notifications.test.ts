import { expect, test } from 'vitest';
import type { Actor } from '../../src/actor.ts';
import { addUser, type Instance, openStores, start, startInstance } from '../messages/rig.ts';

const inbox = async ({ call }: Pick<Instance, 'call'>, actor: Actor) => {
  const { items, unread } = await call(actor, 'notification:list', {});
  return { kinds: items.map(({ kind, preview }) => `${kind}: ${preview}`), unread, items };
};

test('tells of mentions, replies, directs and invitations: once, and never the author', async () => {
  const rig = await start();
  const { call, send, group, add, notifier, cluster } = rig;
  const [ann, bob] = [await add(), await add()];
  const told: string[] = [];
  cluster.on('notification', ({ user_id }) => void told.push(user_id));
  const id = await group(ann, bob);
  const mine = await send(bob, id, 'question');
  await send(ann, id, `hey @${bob.username} @${ann.username}`);
  await send(ann, id, 'answer', { reply_to: mine.id });
  await send(ann, id, `answer, @${bob.username}`, { reply_to: mine.id });
  await send(bob, id, 'talking to myself', { reply_to: mine.id });
  await send(ann, id, 'nobody in particular');
  await call(ann, 'message:send', { to: bob.user_id, message: `psst @${bob.username}`, client_id: 'd' });
  await notifier.catchUp();
  await notifier.catchUp();
  const expected = [
    `direct: psst @${bob.username}`,
    `mention: answer, @${bob.username}`,
    'reply: answer',
    `mention: hey @${bob.username} @${ann.username}`,
    'invite: ',
  ];
  expect((await inbox(rig, bob)).kinds).toEqual(expected);
  expect(await inbox(rig, ann)).toMatchObject({ kinds: [], unread: 0 });
  expect(told).toEqual(expected.map(() => bob.user_id));
});

test('@all reaches every member but the author, in the lobby every account', async () => {
  const rig = await start();
  const { send, group, add, notifier } = rig;
  const [ann, bob, eve, admin] = [await add(), await add(), await add(), await add(undefined, 'admin')];
  await send(ann, await group(ann, bob), '@all to the group');
  await send(admin, 'lobby', 'to everybody @all');
  await notifier.catchUp();
  const all = 'mention: to everybody @all';
  expect((await inbox(rig, bob)).kinds).toEqual([all, 'mention: @all to the group', 'invite: ']);
  expect((await inbox(rig, eve)).kinds).toEqual([all]);
  expect((await inbox(rig, admin)).kinds).toEqual([]);
});

test('previews are read from the log: edited, erased, or out of reach by now', async () => {
  const rig = await start();
  const { call, send, group, add, notifier } = rig;
  const [ann, bob] = [await add(), await add()];
  const id = await group(ann, bob);
  const [one, two] = [await send(ann, id, `@${bob.username} one`), await send(ann, id, `@${bob.username} two`)];
  await notifier.catchUp();
  await call(ann, 'message:edit', { id: one.id, message: 'x'.repeat(500) });
  await call(ann, 'message:unsend', { id: two.id });
  const [second, first] = (await inbox(rig, bob)).items;
  expect([second?.preview, first?.preview.length, first?.message_id]).toEqual(['', 140, one.id]);
  await call(ann, 'conversation:kick', { conversation_id: id, user_id: bob.user_id });
  expect((await inbox(rig, bob)).items.map(({ preview }) => preview)).toEqual(['', '', '']);
});

test('pages newest first, unread alone on demand, and reading some or all of one’s own', async () => {
  const rig = await start();
  const { call, add, notifier, notificationPresenter } = rig;
  const [ann, bob, eve] = [await add(), await add(), await add()];
  for (let at = 0; at < 5; at++) {
    await call(ann, 'message:send', { to: bob.user_id, message: `m${at}`, client_id: `c${at}` });
  }
  await notifier.catchUp();
  const { items } = await inbox(rig, bob);
  expect(items.map(({ preview }) => preview)).toEqual(['m4', 'm3', 'm2', 'm1', 'm0']);
  const [newest, second] = items;
  const ids = [newest?.id ?? '', second?.id ?? ''];
  expect(await call(eve, 'notification:read', { ids })).toEqual({ unread: 0 });
  expect(await call(bob, 'notification:read', { ids })).toEqual({ unread: 3 });
  const page = await call(bob, 'notification:list', { unread: true, limit: 2 });
  expect([page.items.map(({ preview }) => preview), page.has_more, page.unread]).toEqual([['m2', 'm1'], true, 3]);
  const rest = await call(bob, 'notification:list', { unread: true, limit: 2, after: page.next });
  expect([rest.items.map(({ preview }) => preview), rest.has_more]).toEqual([['m0'], false]);
  expect(await call(bob, 'notification:read', {})).toEqual({ unread: 0 });
  expect(await notificationPresenter.one(bob.user_id, ids[1] ?? '')).toMatchObject({ preview: 'm3', read: true });
  expect(await notificationPresenter.one(eve.user_id, ids[1] ?? '')).toBeUndefined();
  expect(await notificationPresenter.one(bob.user_id, 'unknown')).toBeUndefined();
});

test('each event notifies once: over restarts, a feed read again from the start, and two notifiers at once', async () => {
  const stores = await openStores();
  const [first, second] = [await startInstance(stores), await startInstance(stores)];
  const [ann, bob] = [await addUser(stores.storage), await addUser(stores.storage)];
  for (let at = 0; at < 30; at++) {
    await first.call(ann, 'message:send', { to: bob.user_id, message: `m${at}`, client_id: `c${at}` });
  }
  await Promise.all([first.notifier.catchUp(), second.notifier.catchUp()]);
  expect((await inbox(first, bob)).items).toHaveLength(30);
  await stores.storage.notifications.setStamp(`notifications ${stores.log.epoch}`, '');
  const third = await startInstance(stores);
  await third.notifier.catchUp();
  // A restored backup: the log is read anew from its first event.
  await stores.log.renewEpoch();
  const fourth = await startInstance(stores);
  await fourth.notifier.catchUp();
  await first.call(ann, 'message:send', { to: bob.user_id, message: 'last', client_id: 'last' });
  await fourth.notifier.catchUp();
  const { items } = await inbox(fourth, bob);
  expect(items.map(({ preview }) => preview)).toEqual([
    'last',
    ...Array.from({ length: 30 }, (_, at) => `m${29 - at}`),
  ]);
});

test('who joined after the message, or left before it was handled, is not told', async () => {
  const rig = await start();
  const { call, send, group, add, notifier } = rig;
  const [ann, bob, eve] = [await add(), await add(), await add()];
  const id = await group(ann, bob);
  await send(ann, id, `@${bob.username} @all`);
  await call(bob, 'conversation:leave', { conversation_id: id });
  await call(ann, 'conversation:invite', { conversation_id: id, user_ids: [eve.user_id] });
  await notifier.catchUp();
  expect((await inbox(rig, bob)).kinds).toEqual([]);
  expect((await inbox(rig, eve)).kinds).toEqual(['invite: ']);
});
