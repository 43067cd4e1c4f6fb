import { expect, test } from 'vitest';
import type { Actor } from '../../src/actor.ts';
import { createMemoryPublisher } from '../../src/cluster/memory-publisher.ts';
import { eventId, type Log, type StoredEvent } from '../../src/ports/log.ts';
import type { PublicationListener, Publisher } from '../../src/ports/publisher.ts';
import { addUsers, call, codeOf, openStores, readLog, startInstance } from './rig.ts';

/* What an instance makes of events that another one says it has appended. */

/** A publisher to which a test says what comes from elsewhere. */
const createToldPublisher = () => {
  const memory = createMemoryPublisher();
  const listeners = new Set<PublicationListener>();
  const publisher: Publisher = {
    ...memory,
    subscribe(listener) {
      const stop = memory.subscribe(listener);
      listeners.add(listener);
      return () => {
        stop();
        listeners.delete(listener);
      };
    },
  };
  const tell = (events: StoredEvent[]) => {
    for (const listener of listeners) listener(events[0]?.conversation_id ?? '', events, 'elsewhere');
  };
  return { publisher, tell };
};

/** Counts what a log is asked. */
const counting = (log: Log) => {
  const counts: Record<string, number> = {};
  const counted = new Proxy(log, {
    get(target, name: keyof Log) {
      const value = target[name];
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        counts[name] = (counts[name] ?? 0) + 1;
        return (value as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  return { log: counted, counts };
};

const twoInstances = async () => {
  const stores = await openStores();
  const here = await startInstance(stores);
  const { publisher, tell } = createToldPublisher();
  const { log, counts } = counting(stores.log);
  const there = await startInstance({ ...stores, log }, { publisher });
  const [owner, member] = (await addUsers(stores.storage, 2)) as [Actor, Actor];
  const room = await here.handlers['conversation:create'](owner, { kind: 'room', name: 'Room' }, call);
  await here.handlers['conversation:join'](member, { conversation_id: room.id }, call);
  await there.states.load(room.id);
  here.published.length = 0;
  /** What was published here since the last time, of this conversation. */
  const pass = () => tell(here.published.splice(0));
  return { ...stores, here, there, counts, tell, pass, owner, member, id: room.id };
};

test('an append behind messages that it was told of needs no look at the log, and meets no conflict', async () => {
  const { log, here, there, counts, pass, owner, member, id } = await twoInstances();
  for (const name of Object.keys(counts)) counts[name] = 0;
  for (let round = 0; round < 5; round += 1) {
    await here.send(owner, id, `here ${round}`);
    pass();
    await there.send(member, id, `there ${round}`);
    await here.states.verify(id);
  }
  expect(counts).toMatchObject({ append: 5 });
  expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(5);
  expect((await readLog(log, id)).filter(({ kind }) => kind === 'message')).toHaveLength(10);
});

test('[G9] what moves rights is read from the log, whatever it is told', async () => {
  const { log, here, there, tell, owner, member, id } = await twoInstances();
  const before = there.states.peek(id)?.head;
  await here.handlers['conversation:kick'](owner, { conversation_id: id, user_id: member.user_id }, call);
  const [removed] = here.published.splice(0) as [StoredEvent];
  tell([{ ...removed, kind: 'role', payload: { user_id: member.user_id, role: 'owner' } }]);
  expect(there.states.peek(id)?.head).toEqual(before);
  expect(await codeOf(there.send(member, id, 'still here?'))).toBe('forbidden');
  expect((await readLog(log, id)).at(-1)?.kind).toBe('removed');
});

test('[G3] what was never appended leaves no hole and keeps nobody from sending', async () => {
  const { log, there, tell, owner, id } = await twoInstances();
  const { seq, n } = await log.head(id);
  const message = { conversation_id: id, kind: 'message', from: owner.user_id, payload: { message: 'never' } } as const;
  const invented = [1, 2].map(
    (more): StoredEvent => ({
      ...message,
      ...{ id: eventId(id, seq + more, 'invented'), client_id: `never ${more}`, date: new Date().toISOString() },
      ...{ seq: seq + more, n: n + more },
    }),
  );
  tell(invented);
  await there.send(owner, id, 'true');
  const events = await readLog(log, id);
  expect(events.at(-1)).toMatchObject({ seq: seq + 1, client_id: 'true' });
  expect(there.states.peek(id)?.head.seq).toBe(seq + 1);
});

test('[G3] events of another instance that come late, again or with a gap are no harm', async () => {
  const { log, here, there, tell, owner, member, id } = await twoInstances();
  for (let round = 0; round < 4; round += 1) await here.send(owner, id, `here ${round}`);
  const [first, second, third, fourth] = here.published.splice(0) as [
    StoredEvent,
    StoredEvent,
    StoredEvent,
    StoredEvent,
  ];
  tell([second, third]);
  tell([first]);
  tell([first, second]);
  await there.send(member, id, 'there');
  tell([fourth]);
  await there.send(member, id, 'again');
  const events = await readLog(log, id);
  expect(events.slice(-6).map(({ client_id }) => client_id)).toEqual([
    ...['here 0', 'here 1', 'here 2', 'here 3', 'there', 'again'],
  ]);
});
