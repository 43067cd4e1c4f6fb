import { expect, test } from 'vitest';
import { createCursors } from '../../src/conversations/cursors.ts';
import { ParleyError } from '../../src/errors.ts';
import type { ConversationStore, CursorWrite } from '../../src/ports/storage.ts';
import { addUsers, call, codeOf, openStores, startInstance } from './rig.ts';

const setUp = async () => {
  const stores = await openStores();
  const here = await startInstance(stores);
  const people = await addUsers(stores.storage, 3);
  const [owner] = people;
  if (!owner) throw new Error('nobody');
  const { id } = await here.handlers['conversation:create'](
    owner,
    { kind: 'group', name: 'Group', members: people.map(person => person.user_id) },
    call,
  );
  const writes: CursorWrite[][] = [];
  const faults = { down: false };
  const storage: ConversationStore = {
    ...stores.storage.conversations,
    async writeCursors(batch) {
      if (faults.down) throw new ParleyError('unavailable');
      writes.push(batch);
      await stores.storage.conversations.writeCursors(batch);
    },
  };
  return { ...stores, here, people, owner, id, writes, faults, store: storage };
};

test('cursors never move back, stored or seen, whatever the order and however many at once', async () => {
  const { log, store, owner, id, writes } = await setUp();
  const cursors = createCursors({ storage: store, log, interval: 5 });
  const seen: number[] = [];
  const marks: Promise<void>[] = [];
  for (let i = 1; i <= 200; i++) {
    const seq = (i * 7919) % 200;
    marks.push(cursors.mark(id, owner.user_id, { read_seq: seq, read_n: seq, delivered_seq: seq }));
    if (i % 10 === 0) seen.push((await cursors.of(id, owner.user_id)).read_seq);
  }
  await Promise.all(marks);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(await cursors.of(id, owner.user_id)).toEqual({ read_seq: 199, read_n: 199, delivered_seq: 199 });
  expect((await store.member(id, owner.user_id))?.read_seq).toBe(199);
  expect(writes.length).toBeLessThan(100);
  await cursors.close();
});

test('an answer waits for the durable write, which several share', async () => {
  const { log, store, people, id, writes } = await setUp();
  const cursors = createCursors({ storage: store, log, interval: 400 });
  await Promise.all(people.map(({ user_id }) => cursors.mark(id, user_id, { read_seq: 4, read_n: 0 })));
  expect(writes).toHaveLength(1);
  const startedAt = performance.now();
  await Promise.all(people.map(({ user_id }) => cursors.mark(id, user_id, { read_seq: 5, read_n: 0 })));
  expect(performance.now() - startedAt).toBeGreaterThan(200);
  expect(writes).toHaveLength(2);
  for (const { user_id } of people) expect((await store.member(id, user_id))?.read_seq).toBe(5);
  await cursors.close();
});

test('[G10] a store that is down is told as such; what was marked is seen meanwhile and written later', async () => {
  const { log, store, owner, id, faults } = await setUp();
  const cursors = createCursors({ storage: store, log, interval: 5 });
  faults.down = true;
  expect(await codeOf(cursors.mark(id, owner.user_id, { read_seq: 9, read_n: 0 }))).toBe('unavailable');
  expect((await cursors.of(id, owner.user_id)).read_seq).toBe(9);
  faults.down = false;
  await cursors.flush();
  expect((await store.member(id, owner.user_id))?.read_seq).toBe(9);
  await cursors.close();
});

test('a read cursor without its count is looked up, and drawn back to the head', async () => {
  const { here, log, store, owner, id } = await setUp();
  await here.send(owner, id, 'a');
  await here.send(owner, id, 'b');
  const cursors = createCursors({ storage: store, log, interval: 5 });
  await cursors.mark(id, owner.user_id, { read_seq: 4 });
  expect(await cursors.of(id, owner.user_id)).toMatchObject({ read_seq: 4, read_n: 1 });
  await cursors.mark(id, owner.user_id, { read_seq: 1_000_000 });
  expect(await cursors.of(id, owner.user_id)).toMatchObject({ read_seq: 5, read_n: 2 });
  await cursors.close();
});

test('a row that was read just before the cursor was written shows the cursor all the same', async () => {
  const { log, store, owner, id } = await setUp();
  const cursors = createCursors({ storage: store, log, interval: 5 });
  const before = await store.member(id, owner.user_id);
  await cursors.mark(id, owner.user_id, { read_seq: 3, read_n: 0 });
  expect(cursors.overlay(id, owner.user_id, before).read_seq).toBe(3);
  await cursors.close();
});

test('closing writes what is pending', async () => {
  const { log, store, owner, id } = await setUp();
  const cursors = createCursors({ storage: store, log, interval: 60_000 });
  await cursors.mark(id, owner.user_id, { read_seq: 1, read_n: 0 });
  const second = cursors.mark(id, owner.user_id, { read_seq: 3, read_n: 0 });
  await cursors.close();
  await second;
  expect((await store.member(id, owner.user_id))?.read_seq).toBe(3);
});
