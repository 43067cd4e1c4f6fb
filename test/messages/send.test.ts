import { expect, test } from 'vitest';
import { newClientId, refusal, start } from './rig.ts';

test('sends to a conversation, to a person and to a room by its name', async () => {
  const { call, add, log } = await start();
  const [ann, bob] = [await add(), await add()];
  const lobby = await call(ann, 'message:send', { conversation_id: 'lobby', message: 'hello', client_id: 'a' });
  expect(lobby).toMatchObject({ kind: 'message', message: 'hello', seq: 2, n: 1, epoch: log.epoch, client_id: 'a' });
  expect(lobby).toMatchObject({ from: { id: ann.user_id, username: ann.username }, mentions: [], reactions: [] });
  const direct = await call(ann, 'message:send', { to: bob.user_id, message: 'psst', client_id: 'a' });
  const back = await call(bob, 'message:send', { to: ann.user_id, message: 'yes?', client_id: 'a' });
  expect(back.conversation_id).toBe(direct.conversation_id);
  const room = await call(ann, 'conversation:create', { kind: 'room', name: 'The  Garden' });
  const inRoom = await call(ann, 'message:send', { room: 'the garden', message: 'green', client_id: 'a' });
  expect(inRoom.conversation_id).toBe(room.id);
  expect(await refusal(call(bob, 'message:send', { room: 'The Garden', message: 'x', client_id: 'b' }))).toBe(
    'forbidden',
  );
  expect(await refusal(call(bob, 'message:send', { room: 'nowhere', message: 'x', client_id: 'b' }))).toBe('not_found');
  expect(await refusal(call(bob, 'message:send', { to: bob.user_id, message: 'x', client_id: 'b' }))).toBe(
    'invalid_input to',
  );
  expect(await refusal(call(bob, 'message:send', { to: 'nobody', message: 'x', client_id: 'b' }))).toMatch(
    /^not_found|^invalid_input/,
  );
});

test('[S19] who may not know of a conversation learns nothing by sending', async () => {
  const { send, group, add } = await start();
  const [ann, eve] = [await add(), await add()];
  const id = await group(ann);
  expect(await refusal(send(eve, id, 'x'))).toBe('not_found');
  expect(await refusal(send(eve, 'unknownunknown12', 'x'))).toBe('not_found');
});

test('[G2] a resend is answered with the original, as it is now, and delivered again', async () => {
  const { call, send, add, published } = await start();
  const ann = await add();
  const first = await call(ann, 'message:send', { conversation_id: 'lobby', message: 'one', client_id: 'same' });
  await send(ann, 'lobby', 'two');
  await call(ann, 'message:edit', { id: first.id, message: 'one, edited' });
  await call(ann, 'message:react', { id: first.id, emoji: '👍' });
  published.length = 0;
  const again = await call(ann, 'message:send', { conversation_id: 'lobby', message: 'other', client_id: 'same' });
  expect(again).toMatchObject({ id: first.id, seq: first.seq, message: 'one, edited', duplicate: true });
  expect(again.reactions).toEqual([{ emoji: '👍', count: 1, me: true }]);
  expect(again.edited_at).toBeDefined();
  expect(published.map(event => event.id)).toEqual([first.id]);
});

test('[G2] the original is found after a kick, a mute and with a reply that is out of sight by now', async () => {
  const { call, send, group, add } = await start();
  const [ann, bob] = [await add(), await add()];
  const id = await group(ann, bob);
  const base = await send(ann, id, 'base');
  const input = { conversation_id: id, message: 'mine', client_id: 'k', reply_to: base.id };
  const sent = await call(bob, 'message:send', input);
  const until = new Date(Date.now() + 60_000).toISOString();
  await call(ann, 'conversation:mute', { conversation_id: id, user_id: bob.user_id, muted_until: until });
  expect(await refusal(send(bob, id, 'new'))).toBe('muted muted_until');
  expect(await call(bob, 'message:send', input)).toMatchObject({ id: sent.id, duplicate: true });
  await call(ann, 'conversation:kick', { conversation_id: id, user_id: bob.user_id });
  expect(await refusal(send(bob, id, 'new'))).toBe('not_found');
  const afterKick = await call(bob, 'message:send', input);
  expect(afterKick).toMatchObject({ id: sent.id, duplicate: true });
  expect(afterKick.reply_preview).toBeUndefined();
  await call(ann, 'conversation:invite', { conversation_id: id, user_ids: [bob.user_id] });
  await call(ann, 'conversation:mute', { conversation_id: id, user_id: bob.user_id, muted_until: null });
  expect(await call(bob, 'message:send', input)).toMatchObject({ id: sent.id, duplicate: true });
});

test('a client_id that served another command is refused by its name', async () => {
  const { call, send, add } = await start();
  const ann = await add();
  const sent = await send(ann, 'lobby', 'x');
  await call(ann, 'message:edit', { id: sent.id, message: 'y', client_id: 'edit-1' });
  const reused = call(ann, 'message:send', { conversation_id: 'lobby', message: 'z', client_id: 'edit-1' });
  expect(await refusal(reused)).toBe('invalid_input client_id');
});

test('slow mode tells when to come back, and lets a resend through', async () => {
  const { call, send, room, add, time } = await start();
  const [ann, bob] = [await add(), await add()];
  const id = await room(ann, bob);
  await call(ann, 'conversation:update', { conversation_id: id, slow_mode_ms: 60_000 });
  const sent = await call(bob, 'message:send', { conversation_id: id, message: 'one', client_id: 'c1' });
  const refused = await send(bob, id, 'two').catch(error => error);
  expect(refused).toMatchObject({ code: 'slow_mode' });
  expect(refused.retry_after_ms).toBeGreaterThan(50_000);
  expect(await call(bob, 'message:send', { conversation_id: id, message: 'one', client_id: 'c1' })).toMatchObject({
    id: sent.id,
    duplicate: true,
  });
  await send(ann, id, 'owners are not slowed');
  time.offset = 61_000;
  await send(bob, id, 'two');
});

test('a reply shows what it answers to, as it is now, and only of the same conversation', async () => {
  const { call, send, group, add } = await start();
  const [ann, bob] = [await add(), await add()];
  const id = await group(ann, bob);
  const base = await send(ann, id, '😀'.repeat(100));
  const reply = await send(bob, id, 'indeed', { reply_to: base.id });
  expect(reply.reply_to).toBe(base.id);
  const { message = '' } = reply.reply_preview ?? {};
  expect([message.length <= 140, message.isWellFormed(), message.startsWith('😀😀')]).toEqual([true, true, true]);
  await call(ann, 'message:edit', { id: base.id, message: 'short now' });
  const preview = async () => (await call(bob, 'message:get', { id: reply.id })).reply_preview;
  expect(await preview()).toMatchObject({ id: base.id, message: 'short now', from: { id: ann.user_id } });
  await call(ann, 'message:unsend', { id: base.id });
  expect(await preview()).toMatchObject({ id: base.id, message: '', unsent: true });
  const elsewhere = await send(ann, 'lobby', 'elsewhere');
  for (const reply_to of [elsewhere.id, `${id}.zz.none`, `${base.id}x`, 'nonsense', `${id}.1.wrong`]) {
    expect(await refusal(send(bob, id, 'x', { reply_to })), reply_to).toBe('invalid_input reply_to');
  }
});

test('a reply never shows a message from before the viewer joined, nor to a group as a whole', async () => {
  const { call, send, group, add, log, presenter } = await start();
  const [ann, bob, eve] = [await add(), await add(), await add()];
  const id = await group(ann, bob);
  const secret = await send(ann, id, 'before eve');
  const live = async (reply_id: string) => {
    const stored = await log.at(id, (await call(ann, 'message:get', { id: reply_id })).seq);
    return (await presenter.events(stored ? [stored] : []))[0];
  };
  const early = await send(bob, id, 'reply 1', { reply_to: secret.id });
  expect(await live(early.id)).toMatchObject({ reply_preview: { message: 'before eve' } });
  await call(ann, 'conversation:invite', { conversation_id: id, user_ids: [eve.user_id] });
  const late = await send(bob, id, 'reply 2', { reply_to: secret.id });
  expect((await call(bob, 'message:get', { id: late.id })).reply_preview?.message).toBe('before eve');
  expect((await call(eve, 'message:get', { id: late.id })).reply_preview).toBeUndefined();
  expect(await live(late.id)).not.toHaveProperty('reply_preview');
  expect(await refusal(send(eve, id, 'x', { reply_to: secret.id }))).toBe('invalid_input reply_to');
});

test('mentions are the members whose names stand in the text', async () => {
  const { call, send, group, add } = await start();
  const [ann, bob, eve] = [await add(), await add('Łukasz.B'), await add()];
  const id = await group(ann, bob);
  const sent = await send(ann, id, `hi @łukasz.b. and @${eve.username}, not x@${bob.username}`);
  expect(sent.mentions).toEqual([{ id: bob.user_id, username: 'Łukasz.B', full_name: 'Full Łukasz.B' }]);
  const edited = await call(ann, 'message:edit', { id: sent.id, message: `@${ann.username}` });
  expect(edited.mentions.map(({ id: user_id }) => user_id)).toEqual([ann.user_id]);
  const inLobby = await send(ann, 'lobby', `@${eve.username} @nobody_here`);
  expect(inLobby.mentions.map(({ id: user_id }) => user_id)).toEqual([eve.user_id]);
});

test('@all counts for moderators, and for anybody in a small group or a direct conversation', async () => {
  const { call, send, group, room, add } = await start();
  const [ann, bob, admin] = [await add(), await add(), await add(undefined, 'admin')];
  const inGroup = await group(ann, bob);
  expect((await send(bob, inGroup, 'hey @all')).mentions_all).toBe(true);
  expect((await send(bob, inGroup, 'hey x@all.example')).mentions_all).toBeUndefined();
  const inRoom = await room(ann, bob);
  expect((await send(bob, inRoom, '@all')).mentions_all).toBeUndefined();
  expect((await send(ann, inRoom, '@all')).mentions_all).toBe(true);
  expect((await send(bob, 'lobby', '@all')).mentions_all).toBeUndefined();
  expect((await send(admin, 'lobby', '@all')).mentions_all).toBe(true);
  const direct = await call(ann, 'message:send', { to: bob.user_id, message: '@all', client_id: newClientId() });
  expect(direct.mentions_all).toBe(true);
});

test('text is stored exactly: emoji, right-to-left, combining marks, controls', async () => {
  const { call, send, add } = await start();
  const ann = await add();
  for (const text of [
    '👩‍👩‍👧‍👦🇩🇪',
    'مرحبا \u202Eabc\u202C',
    `e${'\u0301'.repeat(500)}`,
    '  \t spaced \n',
    '<b>&amp;</b>',
  ]) {
    const { id, message } = await send(ann, 'lobby', text);
    expect([message, (await call(ann, 'message:get', { id })).message]).toEqual([text, text]);
  }
});
