import { expect, test } from 'vitest';
import type { Actor } from '../../src/actor.ts';
import type { StoredEvent } from '../../src/ports/log.ts';
import { faultyLog } from './faulty-log.ts';
import { addUsers, call, codeOf, openStores, readLog, startInstance } from './rig.ts';

const setUp = async () => {
  const stores = await openStores();
  const log = faultyLog(stores.log);
  const { storage } = stores;
  const here = await startInstance({ log, storage });
  const there = await startInstance({ log, storage });
  const people = await addUsers(storage, 6);
  const owner = people[0] as Actor;
  const { id } = await here.handlers['conversation:create'](owner, { kind: 'room', name: 'Room' }, call);
  /** What is left of somebody's joining when the process dies between the SQL commit and the log. */
  const joinAndDie = ({ user_id }: Actor) =>
    storage.conversations.change(id, [user_id], () => ({
      members: [{ user_id, role: 'member', state: 'active' }],
      events: [{ kind: 'joined', from: user_id, payload: { user_id, role: 'member' } }],
    }));
  return { log, storage, here, there, people, owner, id, joinAndDie };
};

const gate = () => {
  const controller = new AbortController();
  return {
    open: () => controller.abort(),
    passed: new Promise(resolve => controller.signal.addEventListener('abort', resolve)),
  };
};

const versions = (events: StoredEvent[]) =>
  events.flatMap(({ payload: { version } }) => (version === undefined ? [] : [version]));

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

test('a change whose process died before the log is completed by the sweep, its place told to SQL', async () => {
  const { log, storage, here, there, people, owner, id, joinAndDie } = await setUp();
  await here.send(owner, id, 'a');
  const joining = people.slice(1, 4);
  for (const person of joining) await joinAndDie(person);
  expect((await log.head(id)).seq).toBe(2);
  await there.outbox.sweep();
  const events = await readLog(log, id);
  expect(events.slice(2).map(event => [event.kind, event.payload.user_id])).toEqual(
    joining.map(({ user_id }) => ['joined', user_id]),
  );
  expect(versions(events)).toEqual(upTo(4));
  for (const [index, { user_id }] of joining.entries()) {
    const row = await storage.conversations.member(id, user_id);
    expect(row).toMatchObject({ joined_seq: 3 + index, read_seq: 3 + index, read_n: 1 });
  }
  expect(await storage.conversations.outbox({ limit: 10 })).toEqual([]);
  expect(there.published.map(event => event.seq)).toEqual([3, 4, 5]);
  await there.outbox.sweep();
  expect((await log.head(id)).seq).toBe(5);
});

test('loading a conversation completes what is pending first', async () => {
  const { log, there, people, id, joinAndDie } = await setUp();
  const person = people[1] as Actor;
  await joinAndDie(person);
  const state = await there.states.load(id);
  expect(state?.member(person.user_id)).toMatchObject({ active: true, joined_seq: 2 });
  expect((await readLog(log, id)).map(event => event.kind)).toEqual(['created', 'joined']);
});

test('an instance that has the state in memory learns of what another left behind', async () => {
  const { here, people, id, joinAndDie } = await setUp();
  const person = people[1] as Actor;
  await joinAndDie(person);
  await here.outbox.sweep();
  expect(here.states.peek(id)?.member(person.user_id)).toMatchObject({ active: true, joined_seq: 2 });
  expect(await codeOf(here.send(person, id, 'x'))).toBe('ok');
});

test('[G3] many completing at once, among sends, append each entry once and in the order of versions', async () => {
  const { log, here, there, people, owner, id, joinAndDie } = await setUp();
  const joining = people.slice(1);
  const work: Promise<unknown>[] = [];
  for (let i = 0; i < 40; i++) {
    work.push((i % 2 ? here : there).send(owner, id, `m${i}`));
    const person = joining[Math.floor(i / 8)];
    if (person && i % 8 === 0) work.push(joinAndDie(person));
    if (i % 3 === 0) work.push(here.outbox.complete(id), there.outbox.complete(id));
    if (i % 10 === 0) there.states.drop(id);
    if (i % 5 === 0) await Promise.all(work.splice(0));
  }
  await Promise.all(work);
  await here.outbox.sweep();
  const events = await readLog(log, id);
  expect(versions(events)).toEqual(upTo(6));
  expect(events.filter(event => event.kind === 'message')).toHaveLength(40);
});

test('[G9] whoever asks while a pass runs waits for one that begins after the asking', async () => {
  const { log, storage, people, id, joinAndDie } = await setUp();
  const looked = gate();
  const answered = gate();
  let gated = false;
  const conversations = {
    ...storage.conversations,
    async outbox(which: { conversation_id?: string; limit: number }) {
      const entries = await storage.conversations.outbox(which);
      if (gated) {
        looked.open();
        await answered.passed;
      }
      return entries;
    },
  };
  const late = await startInstance({ log, storage: { ...storage, conversations } });
  await late.states.load(id);
  gated = true;
  const first = late.outbox.complete(id);
  await looked.passed;
  await joinAndDie(people[1] as Actor);
  const second = late.outbox.complete(id);
  answered.open();
  await first;
  await second;
  expect((await readLog(log, id)).map(event => event.kind)).toEqual(['created', 'joined']);
});

test('[G9] [G10] a kick whose event did not reach the log is answered as retryable, repeated, and completed', async () => {
  const { log, storage, here, people, owner, id } = await setUp();
  const { user_id } = people[1] as Actor;
  await here.handlers['conversation:join'](people[1] as Actor, { conversation_id: id }, call);
  const about = { conversation_id: id, user_id };
  log.always = 'refused';
  expect(await codeOf(here.handlers['conversation:kick'](owner, about, call))).toBe('unavailable');
  expect(await codeOf(here.handlers['conversation:kick'](owner, about, call))).toBe('unavailable');
  log.always = undefined;
  expect(await here.handlers['conversation:kick'](owner, about, call)).toEqual(about);
  const removed = (await readLog(log, id)).filter(event => event.kind === 'removed');
  expect(removed.map(event => event.payload.user_id)).toEqual([user_id]);
  expect(await storage.conversations.outbox({ limit: 10 })).toEqual([]);
});

test.each(['lost', 'unacked', 'partly'] as const)(
  '[G10] entries whose append is %s are in the log once, in order',
  async fault => {
    const { log, here, there, people, owner } = await setUp();
    log.plan = [fault];
    const created = here.handlers['conversation:create'](
      owner,
      { kind: 'group', name: 'Group', members: people.map(person => person.user_id), client_id: 'c' },
      call,
    );
    expect(await codeOf(created)).toBe('unknown_outcome');
    const group = await there.handlers['conversation:create'](
      owner,
      { kind: 'group', name: 'Group', client_id: 'c' },
      call,
    );
    const events = await readLog(log, group.id);
    expect(versions(events)).toEqual(upTo(6));
    expect(events.map(event => event.kind)).toEqual(['created', ...Array.from({ length: 5 }, () => 'joined')]);
  },
);

test('sweeping goes on by itself until it is stopped', async () => {
  const { log, there, people, id, joinAndDie } = await setUp();
  await joinAndDie(people[1] as Actor);
  there.outbox.start();
  await expect.poll(async () => (await log.head(id)).seq, { timeout: 4_000 }).toBe(2);
  await there.outbox.stop();
  expect(there.errors).toEqual([]);
});
