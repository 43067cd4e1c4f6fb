import { expect, test } from 'vitest';
import type { Actor } from '../../src/actor.ts';
import { eventOfEntry } from '../../src/conversations/pending-entries.ts';
import type { StoredEvent } from '../../src/ports/log.ts';
import { addUser, addUsers, call, codeOf, type Instance, openStores, readLog, startInstance } from './rig.ts';

const twoInstances = async () => {
  const stores = await openStores();
  const here = await startInstance(stores);
  const there = await startInstance(stores);
  const [owner, member, other] = (await addUsers(stores.storage, 3)) as [Actor, Actor, Actor];
  const room = await here.handlers['conversation:create'](owner, { kind: 'room', name: 'Room' }, call);
  for (const person of [member, other]) {
    await here.handlers['conversation:join'](person, { conversation_id: room.id }, call);
  }
  return { ...stores, here, there, owner, member, other, id: room.id };
};

/** Sends until it is refused; the acks. */
const sendOn = async (instance: Instance, actor: Actor, id: string, prefix: string) => {
  const acks: StoredEvent[] = [];
  for (let i = 0; i < 10_000; i++) {
    const code = await codeOf(instance.send(actor, id, `${prefix}${i}`).then(ack => ack && acks.push(ack.event)));
    if (code !== 'ok') return { acks, code };
  }
  throw new Error('was never refused');
};

test.each([
  ['conversation:kick', 'removed', 'forbidden'],
  ['conversation:ban', 'banned', 'banned'],
] as const)(
  '[G9] [S22] %s while they send here and there: nothing of theirs behind its event',
  async (name, kind, code) => {
    const { log, here, there, owner, member, other, id } = await twoInstances();
    const sending = [sendOn(here, member, id, 'h'), sendOn(there, member, id, 't'), sendOn(there, member, id, 'u')];
    for (let i = 0; i < 20; i++) await here.send(other, id, `o${i}`);
    await here.handlers[name](owner, { conversation_id: id, user_id: member.user_id }, call);
    const headAtAck = await log.head(id);
    const ended = await Promise.all(sending);
    const events = await readLog(log, id);
    const revoked = events.find(event => event.kind === kind)?.seq ?? 0;
    expect(revoked).toBeGreaterThan(0);
    expect(headAtAck.seq).toBeGreaterThanOrEqual(revoked);
    const theirs = events.filter(event => event.kind === 'message' && event.from === member.user_id);
    expect(theirs.filter(event => event.seq > revoked)).toEqual([]);
    expect(theirs.map(event => event.id)).toEqual(
      ended
        .flatMap(({ acks }) => acks)
        .sort((a, b) => a.seq - b.seq)
        .map(event => event.id),
    );
    expect(theirs.length).toBeGreaterThan(3);
    expect(ended.map(each => each.code)).toEqual([code, code, code]);
  },
);

test('[G2] a resend after a mute, a kick, a ban and within slow mode is answered with the original', async () => {
  const { here, there, owner, member, id } = await twoInstances();
  const about = { conversation_id: id, user_id: member.user_id };
  const original = await here.send(member, id, 'first');
  const resent = async () => {
    for (const instance of [here, there]) {
      instance.published.length = 0;
      const again = await instance.send(member, id, 'first', 'another text');
      expect(again).toEqual({ event: original?.event, duplicate: true });
      expect(instance.published).toContainEqual(original?.event);
    }
  };
  const refused = async (code: string) => {
    for (const instance of [here, there]) expect(await codeOf(instance.send(member, id, `new ${code}`))).toBe(code);
  };
  await here.handlers['conversation:update'](owner, { conversation_id: id, slow_mode_ms: 60_000 }, call);
  await resent();
  await refused('slow_mode');
  const muted_until = new Date(Date.now() + 60_000).toISOString();
  await here.handlers['conversation:mute'](owner, { ...about, muted_until }, call);
  await resent();
  await refused('muted');
  await here.handlers['conversation:kick'](owner, about, call);
  await resent();
  await refused('forbidden');
  await here.handlers['conversation:ban'](owner, about, call);
  await resent();
  await refused('banned');
  await here.handlers['conversation:delete'](owner, { conversation_id: id }, call);
  await resent();
  await refused('not_found');
});

test('[G10] what was allowed on one instance is not refused on another that has not heard of it', async () => {
  const { here, there, owner, member, storage, id } = await twoInstances();
  const about = { conversation_id: id, user_id: member.user_id };
  const stranger = await addUser(storage);
  await there.states.load(id);
  expect(await codeOf(there.send(stranger, id, 'too early'))).toBe('forbidden');
  expect(await codeOf(there.access.see(stranger, id))).toBe('not_found');
  await here.handlers['conversation:join'](stranger, { conversation_id: id }, call);
  expect((await there.access.see(stranger, id)).member.active).toBe(true);
  expect(await codeOf(there.send(stranger, id, 'in time'))).toBe('ok');

  const muted_until = new Date(Date.now() + 60_000).toISOString();
  await here.handlers['conversation:mute'](owner, { ...about, muted_until }, call);
  expect(await codeOf(there.send(member, id, 'a'))).toBe('muted');
  await here.handlers['conversation:mute'](owner, { ...about, muted_until: null }, call);
  expect(await codeOf(there.send(member, id, 'a'))).toBe('ok');
});

test('[G9] who was removed elsewhere is no longer let in to read, within two seconds', async () => {
  const { here, there, owner, member, id } = await twoInstances();
  expect((await there.access.see(member, id)).floor).toBe(1);
  await here.handlers['conversation:kick'](owner, { conversation_id: id, user_id: member.user_id }, call);
  const deadline = Date.now() + 2_000;
  await expect
    .poll(() => codeOf(there.access.see(member, id)), { timeout: deadline - Date.now(), interval: 50 })
    .toBe('not_found');
});

test('slow mode counts from the last message wherever and whenever it was sent', async () => {
  const { here, there, owner, member, other, id } = await twoInstances();
  await there.send(member, id, 'before it was on');
  await here.handlers['conversation:update'](owner, { conversation_id: id, slow_mode_ms: 30_000 }, call);
  for (const instance of [here, there]) {
    const refusal = await instance.send(member, id, 'x').catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'slow_mode', retry_after_ms: expect.any(Number) });
  }
  const pipelined = await Promise.all(['o1', 'o2'].map(client_id => codeOf(there.send(other, id, client_id))));
  expect(pipelined).toEqual(['ok', 'slow_mode']);
  expect(await codeOf(here.send(other, id, 'o3'))).toBe('slow_mode');
  expect(await codeOf(here.send(owner, id, 'w1'))).toBe('ok');
  expect(await codeOf(here.send(owner, id, 'w2'))).toBe('ok');
  here.states.drop(id);
  expect(await codeOf(here.send(member, id, 'y'))).toBe('slow_mode');
  here.time.offset = 31_000;
  expect(await codeOf(here.send(member, id, 'y'))).toBe('ok');
});

test('switching slow mode on counts at once, for what is sent in the same moment too', async () => {
  const { storage, here, owner, member, id } = await twoInstances();
  await here.send(member, id, 'before');
  await storage.conversations.change(id, [], () => ({
    conversation: { slow_mode_ms: 60_000 },
    events: [{ kind: 'updated', from: owner.user_id, payload: { slow_mode_ms: 60_000 } }],
  }));
  const [entry] = await storage.conversations.outbox({ conversation_id: id, limit: 1 });
  if (!entry) throw new Error('no entry');
  const switched = here.writer.appendChain(id, [eventOfEntry(entry)]);
  expect(await codeOf(here.send(member, id, 'same moment'))).toBe('slow_mode');
  expect(await switched).toHaveLength(1);
});

test('a message of an instance whose clock is ahead holds nobody back for longer than slow mode', async () => {
  const { here, there, owner, member, id } = await twoInstances();
  await here.handlers['conversation:update'](owner, { conversation_id: id, slow_mode_ms: 5_000 }, call);
  await here.send(member, id, 'a');
  there.time.offset = -7_200_000;
  const refusal = await there.send(member, id, 'b').catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'slow_mode' });
  there.time.offset += 5_001;
  expect(await codeOf(there.send(member, id, 'b'))).toBe('ok');
});

test('a state that is read anew still knows what was unsent just before', async () => {
  const { here, there, member, id } = await twoInstances();
  const sent = await here.send(member, id, 'a');
  const target_seq = sent?.event.seq ?? 0;
  await here.writer.append(id, {
    from: member.user_id,
    decide: () => ({ kind: 'unsend', payload: { target_seq, target_id: sent?.event.id } }),
  });
  here.states.drop(id);
  for (const instance of [here, there]) {
    const state = await instance.states.load(id);
    expect(state?.isUnsent(target_seq)).toBe(true);
    expect(state?.unsentKnownAfter).toBe(0);
  }
});
