import { describe, expect, test } from 'vitest';
import type { Actor } from '../../src/actor.ts';
import { Projection } from '../../src/conversations/projection.ts';
import type { MemberRow } from '../../src/ports/storage.ts';
import { addUser, addUsers, call, codeOf, openStores, readLog, startInstance } from './rig.ts';

const setUp = async () => {
  const stores = await openStores();
  const here = await startInstance(stores, { lobby: true });
  const [owner, anna, ben, carl, root] = [
    ...(await addUsers(stores.storage, 4)),
    await addUser(stores.storage, 'admin'),
  ] as [Actor, Actor, Actor, Actor, Actor];
  const { handlers } = here;
  const room = () => handlers['conversation:create'](owner, { kind: 'room', name: 'Room' }, call);
  const group = (...members: Actor[]) =>
    handlers['conversation:create'](
      owner,
      { kind: 'group', name: 'Group', members: members.map(each => each.user_id) },
      call,
    );
  return { ...stores, here, handlers, owner, anna, ben, carl, root, room, group };
};

describe('creating', () => {
  test('[G2] the same client_id gives the same conversation, also at once and with other members', async () => {
    const { log, here, handlers, owner, anna } = await setUp();
    const input = { kind: 'room', name: 'Once', client_id: 'c1' } as const;
    const twice = await Promise.all([
      handlers['conversation:create'](owner, input, call),
      handlers['conversation:create'](owner, input, call),
    ]);
    expect(twice[0].id).toBe(twice[1].id);
    const again = await handlers['conversation:create'](owner, { ...input, members: ['nobody'] }, call);
    expect(again.id).toBe(twice[0].id);
    expect((await readLog(log, again.id)).map(event => event.kind)).toEqual(['created']);
    expect(here.recorded.filter(event => event === 'conversation_created')).toHaveLength(1);
    expect((await handlers['conversation:create'](anna, { ...input, name: 'Mine' }, call)).id).not.toBe(again.id);
  });

  test('the log begins with the owner and who was invited', async () => {
    const { log, group, owner, anna, ben } = await setUp();
    const made = await group(anna, ben, owner, anna);
    expect(made).toMatchObject({ kind: 'group', role: 'owner', head: 3, floor: 1, unread: 0, history: 'joined' });
    const events = await readLog(log, made.id);
    expect(events.map(({ kind, from, payload }) => [kind, from, payload.user_id, payload.role])).toEqual([
      ['created', owner.user_id, undefined, undefined],
      ['joined', owner.user_id, anna.user_id, 'member'],
      ['joined', owner.user_id, ben.user_id, 'member'],
    ]);
    expect(events[0]?.payload).toMatchObject({ conversation_kind: 'group', name: 'Group', history: 'joined' });
  });

  test('names of rooms are unique as they read, the lobby’s is taken, unknown people are named', async () => {
    const { handlers, here, owner, room } = await setUp();
    const { id } = await room();
    const create = (name: string) => codeOf(handlers['conversation:create'](owner, { kind: 'room', name }, call));
    expect(await create('ＲＯＯＭ ')).toBe('name_taken');
    expect(await create('lobby')).toBe('name_taken');
    expect(await here.findRoomId(' rOOm')).toBe(id);
    expect(await here.findRoomId('Lobby')).toBe('lobby');
    const unknown = handlers['conversation:create'](owner, { kind: 'group', name: 'G', members: ['ghost'] }, call);
    await expect(unknown).rejects.toMatchObject({ code: 'not_found', details: { members: expect.any(String) } });
  });

  test('a pair has one direct conversation, whoever begins; nobody has one with themselves or a ghost', async () => {
    const { log, handlers, owner, anna } = await setUp();
    const both = await Promise.all([
      handlers['conversation:direct'](owner, { user_id: anna.user_id }, call),
      handlers['conversation:direct'](anna, { user_id: owner.user_id }, call),
    ]);
    expect(both[0].id).toBe(both[1].id);
    expect(both.map(each => each.peer?.id)).toEqual([anna.user_id, owner.user_id]);
    expect(both.map(each => each.role)).toEqual(['member', 'member']);
    expect((await readLog(log, both[0].id)).map(event => event.kind)).toEqual(['created', 'joined']);
    await expect(
      (async () => handlers['conversation:direct'](anna, { user_id: anna.user_id }, call))(),
    ).rejects.toMatchObject({ code: 'invalid_input', details: { user_id: expect.any(String) } });
    expect(await codeOf(handlers['conversation:direct'](anna, { user_id: 'ghost' }, call))).toBe('not_found');
  });
});

describe('coming and going', () => {
  test('joining is public in rooms only; [S19] a group looks like no conversation to a stranger', async () => {
    const { handlers, here, room, group, anna, ben } = await setUp();
    const { id } = await room();
    expect(await handlers['conversation:join'](anna, { name: 'ROOM' }, call)).toMatchObject({ id, role: 'member' });
    expect(await handlers['conversation:join'](anna, { conversation_id: id }, call)).toMatchObject({ head: 2 });
    const closed = await group(anna);
    const errors = await Promise.all(
      [closed.id, 'unknown'].map(async conversation_id => {
        const about = { conversation_id, user_id: anna.user_id };
        const attempts: (() => unknown)[] = [
          () => handlers['conversation:join'](ben, { conversation_id }, call),
          () => handlers['conversation:get'](ben, { conversation_id }, call),
          () => handlers['conversation:leave'](ben, { conversation_id }, call),
          () => handlers['conversation:members'](ben, { conversation_id }, call),
          () => handlers['conversation:update'](ben, { conversation_id, topic: 'x' }, call),
          () => handlers['conversation:delete'](ben, { conversation_id }, call),
          () => handlers['conversation:invite'](ben, { conversation_id, user_ids: ['ghost'] }, call),
          () => handlers['conversation:kick'](ben, about, call),
          () => handlers['conversation:ban'](ben, about, call),
          () => handlers['conversation:unban'](ben, about, call),
          () => handlers['conversation:bans'](ben, { conversation_id }, call),
          () => handlers['conversation:role'](ben, { ...about, role: 'admin' }, call),
          () => handlers['conversation:mute'](ben, { ...about, muted_until: null }, call),
          () => here.access.see(ben, conversation_id),
          () => here.send(ben, conversation_id, 'x'),
        ];
        return Promise.all(
          attempts.map(attempt =>
            Promise.resolve(attempt()).then(
              () => 'ok',
              (error: Error) => JSON.stringify({ ...error, message: error.message }),
            ),
          ),
        );
      }),
    );
    expect(errors[0]).toEqual(errors[1]);
    expect(new Set(errors[0]).size).toBe(1);
    expect(errors[0]?.[0]).toContain('not_found');
  });

  test('the floor of a group is the latest joining, unless its history is open; leaving is the end of seeing', async () => {
    const { handlers, here, group, owner, anna } = await setUp();
    const { id } = await group();
    await here.send(owner, id, 'before');
    const invite = () =>
      handlers['conversation:invite'](owner, { conversation_id: id, user_ids: [anna.user_id] }, call);
    expect((await invite()).items).toMatchObject([{ user: { id: anna.user_id }, role: 'member', joined_seq: 3 }]);
    expect((await invite()).items).toHaveLength(1);
    expect(await handlers['conversation:get'](anna, { conversation_id: id }, call)).toMatchObject({
      ...{ head: 3, floor: 3, read_seq: 3, unread: 0, last_message: null, role: 'member' },
    });
    await here.send(owner, id, 'after');
    expect(await handlers['conversation:get'](anna, { conversation_id: id }, call)).toMatchObject({
      ...{ unread: 1, last_message: { seq: 4 } },
    });
    await handlers['conversation:leave'](anna, { conversation_id: id }, call);
    expect(await codeOf(handlers['conversation:get'](anna, { conversation_id: id }, call))).toBe('not_found');
    expect(await codeOf(here.access.see(anna, id))).toBe('not_found');
    expect(await handlers['conversation:leave'](anna, { conversation_id: id }, call)).toEqual({ conversation_id: id });
    await invite();
    expect((await here.access.see(anna, id)).floor).toBe(6);
    await handlers['conversation:update'](owner, { conversation_id: id, history: 'all' }, call);
    expect((await here.access.see(anna, id)).floor).toBe(1);
  });

  test('[S24] the last owner stays, hands over, or takes the conversation along when alone', async () => {
    const { log, handlers, here, room, owner, anna } = await setUp();
    const { id } = await room();
    const leave = (actor: Actor) => codeOf(handlers['conversation:leave'](actor, { conversation_id: id }, call));
    const role = (by: Actor, of: Actor, to: 'owner' | 'admin' | 'member') =>
      codeOf(handlers['conversation:role'](by, { conversation_id: id, user_id: of.user_id, role: to }, call));
    await handlers['conversation:join'](anna, { conversation_id: id }, call);
    expect(await leave(owner)).toBe('last_owner');
    expect(await role(owner, owner, 'member')).toBe('last_owner');
    expect(await role(anna, anna, 'owner')).toBe('forbidden');
    expect(await role(owner, anna, 'owner')).toBe('ok');
    expect(await leave(owner)).toBe('ok');
    expect(await leave(anna)).toBe('ok');
    expect((await readLog(log, id)).map(event => event.kind)).toEqual([
      'created',
      'joined',
      'role',
      'left',
      'left',
      'deleted',
    ]);
    expect(await codeOf(handlers['conversation:get'](anna, { conversation_id: id }, call))).toBe('not_found');
    expect(await codeOf(here.send(anna, id, 'x'))).toBe('not_found');
    expect(await here.findRoomId('Room')).toBeUndefined();
    expect((await room()).id).not.toBe(id);
  });

  test('owners who leave at the same moment leave an owner behind, or nobody', async () => {
    const { storage, handlers, group, owner, anna, ben } = await setUp();
    const { id } = await group(anna, ben);
    const about = { conversation_id: id, user_id: anna.user_id };
    await handlers['conversation:role'](owner, { ...about, role: 'owner' }, call);
    const codes = await Promise.all(
      [owner, anna].map(each => codeOf(handlers['conversation:leave'](each, { conversation_id: id }, call))),
    );
    expect(codes.sort()).toEqual(['last_owner', 'ok']);
    const rows = await storage.conversations.membersOf(id);
    expect(rows.filter(row => row.state === 'active' && row.role === 'owner')).toHaveLength(1);
  });

  test('who joins while the last one leaves is not left in a deleted conversation', async () => {
    const { log, storage, handlers, room, owner, anna } = await setUp();
    const { id } = await room();
    const conversations = {
      ...storage.conversations,
      async countActive(ids: string[]) {
        const counts = await storage.conversations.countActive(ids);
        await handlers['conversation:join'](anna, { conversation_id: id }, call);
        return counts;
      },
    };
    const there = await startInstance({ log, storage: { ...storage, conversations } });
    expect(await codeOf(there.handlers['conversation:leave'](owner, { conversation_id: id }, call))).toBe('last_owner');
    expect((await handlers['conversation:get'](anna, { conversation_id: id }, call)).role).toBe('member');
  });

  test('an erased account leaves everything, and its conversations to whoever came first', async () => {
    const { storage, handlers, here, room, group, owner, anna, ben } = await setUp();
    const [open, closed] = [await room(), await group(anna, ben)];
    await handlers['conversation:role'](
      owner,
      { conversation_id: closed.id, user_id: ben.user_id, role: 'admin' },
      call,
    );
    const direct = await handlers['conversation:direct'](owner, { user_id: anna.user_id }, call);
    await here.departure.leaveAll(owner);
    await here.departure.leaveAll(owner);
    expect((await storage.conversations.find(open.id))?.deleted_at).not.toBeNull();
    expect((await storage.conversations.member(closed.id, ben.user_id))?.role).toBe('owner');
    expect(await storage.conversations.idsOfUser(owner.user_id)).toEqual([direct.id]);
  });

  test('nobody leaves the lobby or a direct conversation', async () => {
    const { handlers, owner, anna } = await setUp();
    const { id } = await handlers['conversation:direct'](owner, { user_id: anna.user_id }, call);
    for (const conversation_id of [id, 'lobby']) {
      expect(await codeOf(handlers['conversation:leave'](anna, { conversation_id }, call))).toBe('forbidden');
    }
  });
});

describe('moderation', () => {
  test('kick, ban and lifting, each repeatable; who is banned can neither come nor be brought', async () => {
    const { handlers, here, room, owner, anna, ben } = await setUp();
    const { id } = await room();
    const about = { conversation_id: id, user_id: anna.user_id };
    await handlers['conversation:join'](anna, { conversation_id: id }, call);
    for (let i = 0; i < 2; i++) expect(await handlers['conversation:kick'](owner, about, call)).toEqual(about);
    expect(await codeOf(handlers['conversation:kick'](owner, { ...about, user_id: ben.user_id }, call))).toBe(
      'not_found',
    );
    for (let i = 0; i < 2; i++) expect(await handlers['conversation:ban'](owner, about, call)).toEqual(about);
    expect(await codeOf(handlers['conversation:join'](anna, { conversation_id: id }, call))).toBe('banned');
    expect(await codeOf(handlers['conversation:get'](anna, { conversation_id: id }, call))).toBe('not_found');
    const invite = handlers['conversation:invite'](
      owner,
      { conversation_id: id, user_ids: [ben.user_id, anna.user_id] },
      call,
    );
    await expect(invite).rejects.toMatchObject({
      code: 'banned',
      details: { user_ids: expect.stringContaining(anna.user_id) },
    });
    expect((await here.states.load(id))?.member(ben.user_id)).toBeUndefined();
    expect(await handlers['conversation:bans'](owner, { conversation_id: id }, call)).toEqual({
      items: [{ user: expect.objectContaining({ id: anna.user_id }), seq: 4 }],
      has_more: false,
    });
    for (let i = 0; i < 2; i++) expect(await handlers['conversation:unban'](owner, about, call)).toEqual(about);
    expect((await handlers['conversation:join'](anna, { conversation_id: id }, call)).role).toBe('member');
  });

  test('a mute outlasts leaving and coming back; one that is over is none', async () => {
    const { handlers, here, room, owner, anna } = await setUp();
    const { id } = await room();
    await handlers['conversation:join'](anna, { conversation_id: id }, call);
    const about = { conversation_id: id, user_id: anna.user_id };
    const muted_until = new Date(Date.now() + 60_000).toISOString();
    const muted = await handlers['conversation:mute'](owner, { ...about, muted_until }, call);
    expect(muted).toMatchObject({ role: 'member', muted_until });
    await handlers['conversation:leave'](anna, { conversation_id: id }, call);
    await handlers['conversation:join'](anna, { conversation_id: id }, call);
    expect(await codeOf(here.send(anna, id, 'x'))).toBe('muted');
    here.states.drop(id);
    expect(await codeOf(here.send(anna, id, 'x'))).toBe('muted');
    const over = new Date(Date.now() - 1_000).toISOString();
    expect(await handlers['conversation:mute'](owner, { ...about, muted_until: over }, call)).toMatchObject({
      muted_until: null,
    });
    expect(await codeOf(here.send(anna, id, 'x'))).toBe('ok');
  });

  test('role and mute together are one change, or none', async () => {
    const { log, handlers, room, owner, anna } = await setUp();
    const { id } = await room();
    await handlers['conversation:join'](anna, { conversation_id: id }, call);
    const about = { conversation_id: id, user_id: anna.user_id };
    const muted_until = new Date(Date.now() + 60_000).toISOString();
    const both = await handlers['conversation:member'](owner, { ...about, role: 'admin', muted_until }, call);
    expect(both).toMatchObject({ role: 'admin', muted_until });
    const { seq } = await log.head(id);
    const refused = handlers['conversation:member'](anna, { ...about, role: 'member', muted_until: null }, call);
    expect(await codeOf(refused)).toBe('forbidden');
    expect((await log.head(id)).seq).toBe(seq);
  });

  test('the lobby: server-wide admins ban and mute there, and nobody bans them', async () => {
    const { storage, handlers, here, anna, ben, root } = await setUp();
    const other = await addUser(storage, 'admin');
    const about = { conversation_id: 'lobby', user_id: anna.user_id };
    expect(await codeOf(here.send(anna, 'lobby', 'hello'))).toBe('ok');
    expect(await codeOf(handlers['conversation:ban'](ben, about, call))).toBe('forbidden');
    await handlers['conversation:ban'](root, about, call);
    expect(await codeOf(here.send(anna, 'lobby', 'again'))).toBe('banned');
    here.states.drop('lobby');
    expect(await codeOf(here.send(anna, 'lobby', 'again'))).toBe('banned');
    expect((await handlers['conversation:list'](anna, {}, call)).items).toEqual([]);
    expect((await handlers['conversation:bans'](root, { conversation_id: 'lobby' }, call)).items).toHaveLength(1);
    await handlers['conversation:unban'](root, about, call);
    expect(await codeOf(here.send(anna, 'lobby', 'back'))).toBe('ok');
    const onOther = { conversation_id: 'lobby', user_id: other.user_id };
    expect(await codeOf(handlers['conversation:ban'](root, onOther, call))).toBe('forbidden');
    const members = await handlers['conversation:members'](anna, { conversation_id: 'lobby' }, call);
    expect(new Map(members.items.map(each => [each.user.id, each.role])).get(root.user_id)).toBe('admin');
  });

  test('settings change for whom it concerns, and only what differs', async () => {
    const { log, handlers, room, group, owner, anna } = await setUp();
    const { id } = await room();
    const update = (fields: object) => handlers['conversation:update'](owner, { conversation_id: id, ...fields }, call);
    expect(await update({ name: 'Hall', topic: 'T' })).toMatchObject({ name: 'Hall', topic: 'T' });
    await update({ name: 'Hall' });
    const events = await readLog(log, id);
    expect(events.slice(1).map(({ kind, payload: { name, topic } }) => ({ kind, name, topic }))).toEqual([
      { kind: 'updated', name: 'Hall', topic: 'T' },
    ]);
    expect(await codeOf(update({ history: 'joined' }))).toBe('invalid_input');
    expect(await codeOf(update({ name: 'LOBBY' }))).toBe('name_taken');
    await group(anna);
    const second = await handlers['conversation:create'](owner, { kind: 'room', name: 'Room' }, call);
    const taken = handlers['conversation:update'](owner, { conversation_id: second.id, name: 'hall' }, call);
    expect(await codeOf(taken)).toBe('name_taken');
  });

  test('deleting is for everyone, and repeatable by who did it', async () => {
    const { storage, handlers, here, group, owner, anna } = await setUp();
    const { id } = await group(anna);
    expect(await codeOf(handlers['conversation:delete'](anna, { conversation_id: id }, call))).toBe('forbidden');
    for (let i = 0; i < 2; i++) {
      expect(await handlers['conversation:delete'](owner, { conversation_id: id }, call)).toEqual({
        conversation_id: id,
      });
    }
    expect(await codeOf(here.access.see(owner, id))).toBe('not_found');
    expect(await codeOf(handlers['conversation:delete'](anna, { conversation_id: id }, call))).toBe('not_found');
    expect(await storage.conversations.idsOfUser(anna.user_id)).toEqual([]);
  });
});

test('[G3] joins, kicks, bans and roles at once on two instances: SQL, log and memory agree', async () => {
  const { log, storage, here, room, owner } = await setUp();
  const there = await startInstance({ log, storage });
  const { id } = await room();
  const people = await addUsers(storage, 6);
  let random = 12345;
  const next = (below: number) => {
    random = (random * 1103515245 + 12345) % 2147483648;
    return random % below;
  };
  await Promise.all(
    Array.from({ length: 90 }, async (_, i) => {
      const { handlers } = next(2) ? here : there;
      const person = people[next(people.length)] as Actor;
      const about = { conversation_id: id, user_id: person.user_id };
      const deeds = [
        () => handlers['conversation:join'](person, { conversation_id: id }, call),
        () => handlers['conversation:leave'](person, { conversation_id: id }, call),
        () => handlers['conversation:kick'](owner, about, call),
        () => handlers['conversation:ban'](owner, about, call),
        () => handlers['conversation:unban'](owner, about, call),
        () => handlers['conversation:role'](owner, { ...about, role: i % 2 ? 'admin' : 'member' }, call),
        () => here.send(person, id, `m${i}`),
      ];
      const code = await codeOf(Promise.resolve(deeds[next(deeds.length)]?.()));
      expect(['ok', 'not_found', 'forbidden', 'banned']).toContain(code);
    }),
  );
  const events = await readLog(log, id);
  const row = await storage.conversations.find(id);
  if (!row) throw new Error('no row');
  const rows = new Map((await storage.conversations.membersOf(id)).map(member => [member.user_id, member]));
  // Replayed from nothing, from the log alone.
  const replayed = Projection.of({ ...row, version: 0 }, [], { seq: 0, n: 0 }, { now: Date.now });
  for (const event of events) replayed.apply(event, { seq: event.seq, n: event.n, id: event.id }, event.date);
  expect(replayed.version).toBe(row.version);
  const standing = (member: MemberRow | undefined) =>
    member?.state === 'active' ? [member.role, member.joined_seq] : member?.state === 'banned' ? 'banned' : 'outside';
  for (const { user_id } of people) {
    const expected = standing(rows.get(user_id));
    for (const state of [replayed, await here.states.verify(id), await there.states.verify(id)]) {
      const member = state?.member(user_id);
      const known = member?.active ? [member.role, member.joined_seq] : member?.banned ? 'banned' : 'outside';
      expect(known).toEqual(expected);
    }
  }
});
