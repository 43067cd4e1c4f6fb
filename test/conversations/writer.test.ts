import { describe, expect, test } from 'vitest';
import { ParleyError } from '../../src/errors.ts';
import { faultyLog } from './faulty-log.ts';
import { addUser, addUsers, call, codeOf, openStores, readLog, startInstance } from './rig.ts';

const roomOf = async (count: number) => {
  const stores = await openStores();
  const log = faultyLog(stores.log);
  const { storage } = stores;
  const here = await startInstance({ log, storage });
  const people = await addUsers(storage, count);
  const [owner] = people;
  if (!owner) throw new Error('nobody');
  const room = await here.handlers['conversation:create'](owner, { kind: 'room', name: 'Room' }, call);
  for (const person of people.slice(1)) {
    await here.handlers['conversation:join'](person, { conversation_id: room.id }, call);
  }
  return { log, storage, here, people, owner, id: room.id };
};

describe('the writer', () => {
  test('[G3] two instances hammering one conversation leave one gapless log, each sender in order', async () => {
    const { log, storage, here, people, id } = await roomOf(8);
    const there = await startInstance({ log, storage });
    const acks = await Promise.all(
      people.map(async (person, index) => {
        const instance = index % 2 === 0 ? here : there;
        const sent = Array.from({ length: 60 }, (_, i) => instance.send(person, id, `${index}-${i}`));
        return (await Promise.all(sent)).map(ack => ack?.event);
      }),
    );
    const events = await readLog(log, id);
    for (const [index, person] of people.entries()) {
      const own = events.filter(event => event.kind === 'message' && event.from === person.user_id);
      expect(own.map(event => event.client_id)).toEqual(Array.from({ length: 60 }, (_, i) => `${index}-${i}`));
      expect(acks[index]?.map(event => [event?.id, event?.seq])).toEqual(own.map(event => [event.id, event.seq]));
    }
    expect(here.batches.reduce((a, b) => a + b, 0)).toBeGreaterThan(here.batches.length * 4);
  });

  test('[G7] an ack here comes before whatever is sent there after it', async () => {
    const { log, storage, here, owner, people, id } = await roomOf(2);
    const there = await startInstance({ log, storage });
    const other = people[1] ?? owner;
    let last = 0;
    for (let i = 0; i < 30; i++) {
      const instance = i % 2 === 0 ? here : there;
      const ack = await instance.send(i % 3 === 0 ? owner : other, id, `m${i}`);
      expect(ack?.event.seq).toBeGreaterThan(last);
      last = ack?.event.seq ?? 0;
    }
  });

  test('[G2] one client_id through two instances at once is one message; both are told of the same', async () => {
    const { log, storage, here, owner, id } = await roomOf(1);
    const there = await startInstance({ log, storage });
    for (let i = 0; i < 20; i++) {
      const [a, b] = await Promise.all([here.send(owner, id, `c${i}`), there.send(owner, id, `c${i}`)]);
      expect(a?.event).toEqual(b?.event);
      expect([a?.duplicate, b?.duplicate].filter(Boolean)).toHaveLength(1);
    }
    const messages = (await readLog(log, id)).filter(event => event.kind === 'message');
    expect(messages).toHaveLength(20);
  });

  test('[G2] a client_id twice in one batch is one message, and belongs to its sender alone', async () => {
    const { log, here, owner, people, id } = await roomOf(2);
    const other = people[1] ?? owner;
    const acks = await Promise.all([
      here.send(owner, id, 'same', 'first'),
      here.send(other, id, 'same', 'mine'),
      here.send(owner, id, 'same', 'second'),
    ]);
    expect(acks.map(ack => ack?.duplicate)).toEqual([false, false, true]);
    expect(acks[2]?.event.id).toBe(acks[0]?.event.id);
    const messages = (await readLog(log, id)).filter(event => event.kind === 'message');
    expect(messages.map(event => event.payload.message)).toEqual(['first', 'mine']);
  });

  test('[G2] resends within a batch get their originals, are published again, and fail no neighbour', async () => {
    const { log, here, owner, id } = await roomOf(1);
    const first = await Promise.all(Array.from({ length: 20 }, (_, i) => here.send(owner, id, `m${i * 2}`)));
    here.published.length = 0;
    const all = await Promise.all(Array.from({ length: 40 }, (_, i) => here.send(owner, id, `m${i}`)));
    for (const [i, ack] of all.entries()) {
      expect(ack?.duplicate).toBe(i % 2 === 0);
      if (i % 2 === 0) expect(ack?.event.id).toBe(first[i / 2]?.event.id);
    }
    expect(new Set(here.published.map(event => event.id))).toEqual(new Set(all.map(ack => ack?.event.id)));
    expect((await readLog(log, id)).filter(event => event.kind === 'message')).toHaveLength(40);
  });

  test('a refusal in a batch fails no neighbour; nothing to do is answered as such', async () => {
    const { here, owner, id } = await roomOf(1);
    const refused = here.writer.append(id, {
      from: owner.user_id,
      client_id: 'refused',
      decide() {
        throw new ParleyError('forbidden');
      },
    });
    const nothing = here.writer.append(id, { from: owner.user_id, client_id: 'nothing', decide: () => undefined });
    const sent = here.send(owner, id, 'sent');
    expect(await codeOf(refused)).toBe('forbidden');
    expect(await nothing).toBeUndefined();
    expect((await sent)?.event.payload.message).toBe('sent');
    expect(await codeOf(here.send(owner, 'unknown', 'x'))).toBe('not_found');
  });

  test('a decision sees what stands before it in its own batch', async () => {
    const { here, owner, id } = await roomOf(1);
    const seen: { seq: number; unsent: boolean }[] = [];
    await Promise.all([
      here.send(owner, id, 'a'),
      here.writer.append(id, {
        from: owner.user_id,
        decide: () => ({ kind: 'unsend', payload: { target_seq: 2, target_id: 'x' } }),
      }),
      here.writer.append(id, {
        from: owner.user_id,
        decide(state) {
          seen.push({ seq: state.head.seq, unsent: state.isUnsent(2) });
          return undefined;
        },
      }),
    ]);
    expect(seen[0]).toEqual({ seq: 3, unsent: true });
  });

  test('[G10] a refusal that rests on an event of its own batch falls with it', async () => {
    const { log, storage, here, people, owner, id } = await roomOf(2);
    // Reads and appends on the real log, past the faults of the first.
    const there = await startInstance({ log: { ...log, append: log.real.append }, storage });
    const member = people[1] ?? owner;
    const sent = await here.send(owner, id, 'target');
    const target_seq = sent?.event.seq ?? 0;
    log.before = [
      () => there.send(owner, id, 'in between'),
      async () => there.handlers['conversation:kick'](owner, { conversation_id: id, user_id: member.user_id }, call),
    ];
    const unsend = here.writer.append(id, {
      from: member.user_id,
      client_id: 'unsend',
      decide(state) {
        if (!state.member(member.user_id)?.active) throw new ParleyError('forbidden');
        return { kind: 'unsend', payload: { target_seq, target_id: sent?.event.id } };
      },
    });
    const edit = here.writer.append(id, {
      from: owner.user_id,
      client_id: 'edit',
      decide(state) {
        if (state.isUnsent(target_seq)) throw new ParleyError('message_unsent');
        return { kind: 'edit', payload: { target_seq, target_id: sent?.event.id, message: 'edited' } };
      },
    });
    expect(await codeOf(unsend)).toBe('forbidden');
    expect(await codeOf(edit)).toBe('ok');
    expect(log.before).toEqual([]);
  });

  test('[G3] a chain that does not fit behind what waits is stored whole and in order, or not at all', async () => {
    const { log, here, owner, id } = await roomOf(1);
    const chain = (length: number) =>
      here.writer.appendChain(
        id,
        Array.from({ length }, (_, i) => ({
          ...{ kind: 'message', from: owner.user_id, client_id: `chain${i}`, payload: {} },
        })),
      );
    log.plan = ['refused'];
    const sends = Array.from({ length: 150 }, (_, i) => codeOf(here.send(owner, id, `m${i}`)));
    expect(await codeOf(chain(100))).toBe('unavailable');
    await Promise.all(sends);
    await here.writer.idle();
    expect((await readLog(log, id)).filter(event => event.client_id.startsWith('chain'))).toEqual([]);
    const again = await chain(100);
    expect(again.map(event => event.client_id)).toEqual(Array.from({ length: 100 }, (_, i) => `chain${i}`));
    expect(await chain(100)).toEqual(again);
  });

  test.each(['unacked', 'lost', 'partly'] as const)('[G10] an append that is %s ends as one ok', async fault => {
    const { log, here, owner, id } = await roomOf(1);
    log.plan = [fault, fault];
    const acks = await Promise.all(Array.from({ length: 5 }, (_, i) => here.send(owner, id, `m${i}`)));
    const messages = (await readLog(log, id)).filter(event => event.kind === 'message');
    expect(messages.map(event => event.client_id)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
    expect(acks.map(ack => [ack?.event.id, ack?.duplicate])).toEqual(messages.map(event => [event.id, false]));
    expect(new Set(here.published.map(event => event.id))).toEqual(new Set((await readLog(log, id)).map(e => e.id)));
  });

  test('[G10] a write that lands after it was looked for and tried again is there once', async () => {
    const { log, here, owner, id } = await roomOf(1);
    log.plan = ['late', 'lost'];
    const sent = here.send(owner, id, 'slow');
    while (log.appends < 4) await new Promise(resolve => setTimeout(resolve, 1));
    await log.land();
    const ack = await sent;
    expect(ack?.duplicate).toBe(false);
    const messages = (await readLog(log, id)).filter(event => event.kind === 'message');
    expect(messages.map(event => event.id)).toEqual([ack?.event.id]);
  });

  test('[G10] a log that stays silent: unknown within 5 s, never a definite error; a resend then settles it', async () => {
    const { log, here, owner, id } = await roomOf(1);
    log.always = 'lost';
    const startedAt = Date.now();
    expect(await codeOf(here.send(owner, id, 'm'))).toBe('unknown_outcome');
    expect(Date.now() - startedAt).toBeLessThan(5_000);
    log.always = undefined;
    expect((await here.send(owner, id, 'm'))?.duplicate).toBe(false);
    expect((await readLog(log, id)).filter(event => event.kind === 'message')).toHaveLength(1);
  });

  test('[G10] who may no longer send learns `unknown` while an earlier attempt may still land', async () => {
    const { log, here, owner, id } = await roomOf(1);
    log.plan = ['late'];
    let attempts = 0;
    const answer = here.writer.append(id, {
      from: owner.user_id,
      client_id: 'm',
      decide() {
        if (++attempts > 1) throw new ParleyError('muted');
        return { kind: 'message', payload: { message: 'm' } };
      },
    });
    expect(await codeOf(answer)).toBe('unknown_outcome');
    await log.land();
    const resend = here.writer.append(id, {
      from: owner.user_id,
      client_id: 'm',
      decide() {
        throw new ParleyError('muted');
      },
    });
    expect((await resend)?.duplicate).toBe(true);
  });

  test('[G10] a log that refuses: `unavailable`, nothing stored, and the next send works', async () => {
    const { log, here, owner, id } = await roomOf(1);
    log.plan = ['refused'];
    expect(await codeOf(here.send(owner, id, 'm'))).toBe('unavailable');
    expect((await here.send(owner, id, 'm'))?.duplicate).toBe(false);
    expect((await readLog(log, id)).filter(event => event.kind === 'message')).toHaveLength(1);
  });

  test('conversations do not wait for each other', async () => {
    const { log, here, owner, id } = await roomOf(1);
    const other = await here.handlers['conversation:create'](owner, { kind: 'room', name: 'Other' }, call);
    log.plan = ['late'];
    const slow = here.send(owner, id, 'slow');
    while (log.plan.length > 0) await new Promise(resolve => setImmediate(resolve));
    const first = await Promise.race([
      slow.then(() => 'slow'),
      here.send(owner, other.id, 'quick').then(() => 'quick'),
    ]);
    expect(first).toBe('quick');
    await slow;
    await here.writer.idle();
  });

  test('members that do not fit in memory are read again', async () => {
    const { log, storage } = await openStores();
    const here = await startInstance({ log, storage }, { maxMembers: 4 });
    const owner = await addUser(storage);
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      const room = await here.handlers['conversation:create'](owner, { kind: 'room', name: `Room ${i}` }, call);
      ids.push(room.id);
    }
    expect(ids.filter(id => here.states.peek(id))).toHaveLength(2);
    await Promise.all(ids.flatMap(id => [1, 2, 3].map(i => here.send(owner, id, `m${i}`))));
    for (const id of ids) expect((await readLog(log, id)).map(event => event.kind)).toHaveLength(4);
  });
});
