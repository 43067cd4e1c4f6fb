import { expect, test } from 'vitest';
import type { Actor } from '../../src/actor.ts';
import { createSync } from '../../src/messages/sync.ts';
import type { NewEvent } from '../../src/ports/log.ts';
import type { Output } from '../../src/protocol/index.ts';
import { fill, type Instance, start } from './rig.ts';

type Cursors = Record<string, { epoch: string; seq: number; id?: string }>;

const talk = (from: string, count: number, size = 10): NewEvent[] =>
  Array.from({ length: count }, (_, at) => ({
    ...{ kind: 'message', from, client_id: `m${at}` },
    payload: { message: `${at} `.padEnd(size, 'x') },
  }));

/** Syncs until there is no more, as a device does; checks each answer's bounds. */
const converge = async (call: Instance['call'], actor: Actor, cursors: Cursors, since?: number) => {
  const held: Record<string, number[]> = {};
  const answers: Output<'sync'>[] = [];
  for (let rounds = 0; rounds < 200; rounds++) {
    const answer: Output<'sync'> = await call(actor, 'sync', { cursors, since });
    answers.push(answer);
    const events = Object.values(answer.conversations).flatMap(({ events: some }) => some);
    expect(events.length).toBeLessThanOrEqual(1_000);
    expect(JSON.stringify(events).length).toBeLessThan(256 * 1024 + 2);
    cursors = { ...cursors };
    for (const [id, { events: some, floor, reset, limited }] of Object.entries(answer.conversations)) {
      const cursor = cursors[id] ?? { epoch: '', seq: 0 };
      if (reset) held[id] = [];
      let at = reset || limited ? floor - 1 : cursor.seq;
      for (const { seq } of some) {
        expect(seq).toBe(++at);
        held[id] = [...(held[id] ?? []), seq];
      }
      const last = some.at(-1);
      cursors[id] = { epoch: last?.epoch ?? cursor.epoch, seq: at, id: last?.id };
    }
    for (const id of answer.left) delete cursors[id];
    since = answer.since;
    if (!answer.more) return { held, answers, cursors, since };
  }
  throw new Error('never ends');
};

test('[G5] [G6] converges from any cursor over several long conversations, none of them starved', async () => {
  const { call, room, add, log, states } = await start();
  const ann = await add();
  const ids = [await room(ann), await room(ann), await room(ann), 'lobby'];
  const sizes = [2_300, 40, 300, 7];
  for (const [at, id] of ids.entries()) {
    await fill(log, id, talk(ann.user_id, sizes[at] ?? 0));
    states.drop(id);
  }
  const cursors = Object.fromEntries(ids.map(id => [id, { epoch: log.epoch, seq: 0 }]));
  const { held, answers } = await converge(call, ann, cursors, 99);
  for (const [at, id] of ids.entries()) expect(held[id]).toHaveLength((sizes[at] ?? 0) + 1);
  for (const id of ids) expect(answers[0]?.conversations[id]?.events.length, id).toBeGreaterThan(0);
});

test('at most 256 KiB in one answer, and large events come one by one', async () => {
  const { call, room, add, log, states } = await start();
  const ann = await add();
  const id = await room(ann);
  // Three bytes each in UTF-8.
  await fill(
    log,
    id,
    talk(ann.user_id, 40, 10).map(event => ({ ...event, payload: { message: '漢'.repeat(8_000) } })),
  );
  states.drop(id);
  const { held, answers } = await converge(call, ann, { [id]: { epoch: log.epoch, seq: 0 } });
  expect(held[id]).toHaveLength(41);
  for (const { conversations } of answers) {
    expect(Buffer.byteLength(JSON.stringify(conversations[id]?.events))).toBeLessThan(256 * 1024);
  }
});

test('a cursor of another epoch, ahead of the log, or on another event is reset; one at the head is not', async () => {
  const { call, send, add, log } = await start();
  const ann = await add();
  const first = await send(ann, 'lobby', '1');
  const last = await send(ann, 'lobby', '2');
  const sync = async (cursor: Cursors[string]) =>
    (await call(ann, 'sync', { cursors: { lobby: cursor }, since: 0 })).conversations['lobby'];
  const all = [1, 2, 3];
  for (const cursor of [
    { epoch: 'another', seq: 2 },
    { epoch: log.epoch, seq: 4 },
    { epoch: log.epoch, seq: last.seq, id: first.id },
    { epoch: log.epoch, seq: first.seq, id: last.id },
    { epoch: log.epoch, seq: first.seq, id: 'lobby.2.other' },
  ]) {
    const answer = await sync(cursor);
    expect([answer?.reset, answer?.events.map(({ seq }) => seq)], JSON.stringify(cursor)).toEqual([true, all]);
  }
  expect(await sync({ epoch: log.epoch, seq: first.seq, id: first.id })).toEqual({
    ...{ head: 3, floor: 1, events: [expect.objectContaining({ id: last.id })] },
  });
  expect(await sync({ epoch: log.epoch, seq: 3, id: last.id })).toEqual({ head: 3, floor: 1, events: [] });
});

test('[S23] below the floor is limited; who left, strangers and unknown ids are left; the lobby stays', async () => {
  const { call, send, group, add, log } = await start();
  const [ann, bob, eve] = [await add(), await add(), await add()];
  const id = await group(ann);
  await send(ann, id, 'before');
  await call(ann, 'conversation:invite', { conversation_id: id, user_ids: [bob.user_id] });
  await send(ann, id, 'after');
  const at = (seq: number) => ({ [id]: { epoch: log.epoch, seq }, lobby: { epoch: log.epoch, seq: 0 } });
  const answer = await call(bob, 'sync', { cursors: at(1), since: 0 });
  expect(answer.conversations[id]).toMatchObject({ limited: true, floor: 3 });
  expect(answer.conversations[id]?.events.map(({ kind }) => kind)).toEqual(['joined', 'message']);
  expect((await call(bob, 'sync', { cursors: at(2) })).conversations[id]).not.toHaveProperty('limited');
  expect((await call(bob, 'sync', { cursors: { [id]: { epoch: 'x', seq: 9 } } })).conversations[id]).toMatchObject({
    reset: true,
    events: [{ seq: 3 }, { seq: 4 }],
  });
  await call(bob, 'conversation:leave', { conversation_id: id });
  const unknown = { nosuch: { epoch: log.epoch, seq: 0 } };
  for (const actor of [bob, eve]) {
    const gone = await call(actor, 'sync', { cursors: { ...at(0), ...unknown }, since: 0 });
    expect([Object.keys(gone.conversations), gone.left.sort()]).toEqual([['lobby'], [id, 'nosuch'].sort()]);
  }
});

test('memberships: all on a new device, then only what changed since', async () => {
  const { call, send, group, room, add } = await start();
  const [ann, bob] = [await add(), await add()];
  const own = await room(bob);
  const fresh = await call(bob, 'sync', { cursors: {} });
  expect(fresh.joined.map(({ id }) => id).sort()).toEqual([own, 'lobby'].sort());
  expect(fresh).toMatchObject({ left: [], more: false });
  expect(await call(bob, 'sync', { cursors: {}, since: fresh.since })).toEqual({
    ...{ conversations: {}, joined: [], left: [], since: fresh.since, more: false },
  });
  const id = await group(ann, bob);
  await send(ann, id, 'welcome');
  const joined = await call(bob, 'sync', { cursors: {}, since: fresh.since });
  expect(joined.joined).toMatchObject([{ id, unread: 1, role: 'member', last_message: { message: 'welcome' } }]);
  await call(ann, 'conversation:kick', { conversation_id: id, user_id: bob.user_id });
  expect(await call(bob, 'sync', { cursors: {}, since: joined.since })).toMatchObject({ joined: [], left: [id] });
  expect((await call(bob, 'sync', { cursors: {} })).left).toEqual([]);
  // A version that the store never had: its backup was put back.
  expect((await call(bob, 'sync', { cursors: {}, since: 9_999 })).joined).toHaveLength(2);
});

test('a new device with hundreds of conversations gets them in pages', async () => {
  const { call, add, storage } = await start();
  const ann = await add();
  for (let at = 0; at < 230; at++) {
    await storage.conversations.create(
      {
        ...{ id: `room${at}`, kind: 'room', name: `R${at}`, topic: '', slow_mode_ms: 0, history: 'all' },
        ...{ created_by: ann.user_id, created_at: new Date().toISOString(), name_key: `r${at}`, direct_key: null },
        client_id: null,
      },
      { members: [{ user_id: ann.user_id, state: 'active', role: 'owner' }], events: [] },
    );
  }
  const { answers } = await converge(call, ann, {});
  const joined = answers.flatMap(answer => answer.joined.map(({ id }) => id));
  expect([answers.length, joined.length, new Set(joined).size]).toEqual([2, 231, 231]);
});

test('[G9] a removal that this instance does not know of yet holds from its event on', async () => {
  const { call, send, group, add, log, messageParts } = await start();
  const [ann, bob] = [await add(), await add()];
  const id = await group(ann, bob);
  const { floor, member, state } = await messageParts.access.see(bob, id);
  // As it was believed before: on another instance this lasts for up to a second.
  const access = {
    ...messageParts.access,
    see: async () => ({ floor, member, state: { ...stale, member: () => member } }),
  };
  const stale = { ...state, head: { ...state.head } };
  const sync = createSync({ ...messageParts, access });
  const cursors = { [id]: { epoch: log.epoch, seq: 2 } };
  const ask = () => sync(bob, { cursors, since: 0 }, { request_id: 't', address: '::1' });
  await send(ann, id, 'for both');
  expect((await ask()).conversations[id]?.events).toHaveLength(1);
  await call(ann, 'conversation:kick', { conversation_id: id, user_id: bob.user_id });
  await send(ann, id, 'between us');
  const after = await ask();
  expect([after.conversations, after.left]).toEqual([{}, [id]]);
});

test('[S29] ids that are names of Object.prototype are ids like others', async () => {
  const { call, add } = await start();
  const ann = await add();
  const cursors = JSON.parse('{"__proto__": {"epoch": "x", "seq": 0}, "constructor": {"epoch": "x", "seq": 0}}');
  const answer = await call(ann, 'sync', { cursors, since: 0 });
  expect(answer.conversations).toEqual({});
  expect(answer.left).toContain('constructor');
});
