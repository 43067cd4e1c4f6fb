import { describe, expect, test } from 'vitest';
import type { Storage } from '../../src/ports/storage.ts';
import {
  addConversation,
  addSession,
  addUser,
  date,
  join,
  joined,
  newId,
  notification,
} from '../storage/contract/rows.ts';
import { useMariadb } from './servers.ts';

const { database, open } = useMariadb();

/** Two instances over one database; `either` is now the one and now the other. */
const twoInstances = async () => {
  const url = await database();
  const [a, b] = [await open(url), await open(url)];
  let turn = 0;
  return { a, b, either: (): Storage => (turn++ % 2 === 0 ? a : b) };
};

const times = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

/** Many, of which so many at a time that a busy machine still serves each within its deadline. */
const timesByTen = async (count: number, work: (index: number) => Promise<unknown>) => {
  let next = 0;
  await times(10, async () => {
    while (next < count) await work(next++);
  });
};

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('two instances that create', () => {
  test('[G2] the same client_id or pair fifty times at once makes one, and everybody gets it', async () => {
    const { a, either } = await twoInstances();
    const owner = await addUser(a);
    for (const over of [{ client_id: 'same' }, { kind: 'direct', direct_key: 'a b' }, { id: 'lobby' }] as const) {
      const all = await times(50, () => addConversation(either(), owner.id, over));
      expect(new Set(all.map(({ row }) => row.id)).size).toBe(1);
      expect(all.filter(({ existed }) => !existed)).toHaveLength(1);
      expect(all.every(({ row }) => row.version === 2)).toBe(true);
    }
    expect(await a.conversations.userVersion(owner.id)).toBe(3);
    expect(await a.conversations.outbox({ limit: 99 })).toHaveLength(6);
  });

  test('a room’s name fifty times at once is taken once; the same request again is still answered with its room', async () => {
    const { a, either } = await twoInstances();
    const owner = await addUser(a);
    const room = { kind: 'room', name_key: 'café' } as const;
    const all = await Promise.allSettled(upTo(50).map(() => addConversation(either(), owner.id, room)));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of all) if (result.status === 'rejected') expect(result.reason.code).toBe('name_taken');

    const same = await times(50, () =>
      addConversation(either(), owner.id, { kind: 'room', name_key: 'other', client_id: 'c' }),
    );
    expect(new Set(same.map(({ row }) => row.id)).size).toBe(1);
    expect(same.filter(({ existed }) => !existed)).toHaveLength(1);
  });

  test('where the first of many fails late, another one succeeds', async () => {
    const { a, either } = await twoInstances();
    const owner = await addUser(a);
    // Every second one names a member who does not exist: it holds the name until it is rolled back.
    const all = await Promise.allSettled(
      upTo(40).map(index =>
        either().conversations.create(
          {
            ...{ id: newId(), kind: 'room', name: 'x', topic: '', slow_mode_ms: 0, history: 'all', direct_key: null },
            ...{ created_by: owner.id, created_at: date(), name_key: 'one', client_id: null },
          },
          {
            members: [{ user_id: index % 2 === 0 ? owner.id : '~nobody', role: 'owner', state: 'active' }],
            events: [joined(owner.id)],
          },
        ),
      ),
    );
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const codes = new Set(all.map(result => (result.status === 'rejected' ? result.reason.code : 'ok')));
    expect([...codes].filter(code => code !== 'ok' && code !== 'not_found' && code !== 'name_taken')).toEqual([]);
  });
});

describe('two instances that change', () => {
  test('[G3] versions, counters and outbox have no gap while cursors are written and people come and go everywhere', async () => {
    const { a, b, either } = await twoInstances();
    const people = await times(8, () => addUser(a));
    const rooms = await times(4, index => addConversation(a, people[index]!.id));
    const flip = (id: string, user_id: string) =>
      either().conversations.change(id, [user_id], (_row, members) => {
        const joins = members.get(user_id)?.state !== 'active';
        return {
          members: [{ user_id, state: joins ? 'active' : 'left' }],
          events: [joins ? joined(user_id) : { kind: 'left', from: user_id, payload: { user_id } }],
        };
      });
    let writing = true;
    const cursors = async (storage: Storage, reverse: boolean) => {
      for (let seq = 1; writing; seq++) {
        const writes = rooms.flatMap(({ row }) =>
          people.map(({ id }) => ({ conversation_id: row.id, user_id: id, read_seq: seq, read_n: seq })),
        );
        await storage.conversations.writeCursors(reverse ? writes.reverse() : writes);
      }
    };
    /** Follows one person's changes as a device does: what has once been passed never appears later. */
    const followed = new Map<number, string>();
    const follow = async () => {
      for (let since = 0; writing; ) {
        for (const { member } of await b.conversations.changesOfUser(people[7]!.id, since, 5)) {
          expect(member.user_version).toBeGreaterThan(since);
          since = member.user_version;
          followed.set(since, member.conversation_id);
        }
      }
    };
    const others = [cursors(a, false), cursors(b, true), follow()];
    await timesByTen(96, index => flip(rooms[index % 4]!.row.id, people[4 + (index % 3 === 0 ? 3 : index % 4)]!.id));
    writing = false;
    await Promise.all(others);

    let changes = 0;
    for (const { row } of rooms) {
      const { version = 0 } = (await a.conversations.find(row.id)) ?? {};
      const outbox = await a.conversations.outbox({ conversation_id: row.id, limit: 999 });
      expect(outbox.map(entry => entry.version)).toEqual(upTo(version));
      changes += version - 2;
    }
    expect(changes).toBe(96);
    const versions = await a.conversations.userVersions(people.map(({ id }) => id));
    expect([...versions.values()].reduce((sum, version) => sum + version, 0)).toBe(96 + 4);
    // Every row's last change was seen, unless it was the last of all and came after the last look.
    const latest = await a.conversations.changesOfUser(people[7]!.id, 0, 99);
    const unseen = latest.filter(({ member }) => !followed.has(member.user_version));
    for (const { member } of unseen) expect(member.user_version).toBeGreaterThan(Math.max(0, ...followed.keys()));
  });

  test('a person’s first cursor, and a change that makes the same row: both are there', async () => {
    const { a, b } = await twoInstances();
    const owner = await addUser(a);
    await addConversation(a, owner.id, { id: 'lobby', kind: 'lobby' });
    const people = await times(30, () => addUser(a));
    await timesByTen(30, async index => {
      const user_id = people[index]!.id;
      await Promise.all([
        a.conversations.change('lobby', [user_id], (_row, members) => ({
          members: [{ user_id, state: 'banned', ...(members.size > 0 && { role: 'member' }) }],
          events: [{ kind: 'banned', from: owner.id, payload: { user_id } }],
        })),
        b.conversations.writeCursors([{ conversation_id: 'lobby', user_id, read_seq: 7, read_n: 5 }]),
      ]);
    });
    for (const { id } of people) {
      const expected = { state: 'banned', read_seq: 7, read_n: 5, user_version: 1 };
      expect(await a.conversations.member('lobby', id)).toMatchObject(expected);
    }
  });

  test('cursors from both sides at once end at the highest, joinings included', async () => {
    const { a, either } = await twoInstances();
    const people = await times(20, () => addUser(a));
    const { row } = await addConversation(a, people[0]!.id);
    const versions = await times(20, async index =>
      index === 0 ? 2 : ((await join(a, row.id, people[index]!.id))?.outbox[0]?.version ?? 0),
    );
    const seqs = Array.from({ length: 30 }, (_, index) => ((index * 11) % 31) + 1);
    await Promise.all([
      ...seqs.map(seq =>
        either().conversations.writeCursors(
          people.map(({ id }) => ({ conversation_id: row.id, user_id: id, read_seq: seq, delivered_seq: 100 - seq })),
        ),
      ),
      ...people.map(({ id }, index) => either().conversations.setJoined(row.id, id, versions[index]!, 20, 9)),
    ]);
    const expected = { joined_seq: 20, read_seq: Math.max(...seqs), read_n: 9, delivered_seq: 100 - Math.min(...seqs) };
    for (const { id } of people) expect(await a.conversations.member(row.id, id)).toMatchObject(expected);
  });
});

describe('two instances and one person', () => {
  test('[S06] twenty rotations at once: one rotates, the others get the same generation', async () => {
    const { a, either } = await twoInstances();
    const { id: user_id } = await addUser(a);
    const id = await addSession(a, user_id);
    const expires = date(Date.now() + 60_000);
    const all = await times(20, () => either().sessions.rotate(id, 0, 10_000, date(), expires));
    expect(all.filter(({ outcome }) => outcome === 'rotated')).toHaveLength(1);
    expect(all.filter(({ outcome }) => outcome === 'grace')).toHaveLength(19);
    for (const result of all) expect(result).toMatchObject({ generation: 1 });
  });

  test('each session is revoked by one of many, while others rotate and expire', async () => {
    const { a, either } = await twoInstances();
    const { id: user_id } = await addUser(a);
    const ids = await times(10, () => addSession(a, user_id));
    const expires = date(Date.now() + 60_000);
    const [revoked] = await Promise.all([
      times(10, () => either().sessions.revoke({ user_id })),
      times(10, index => either().sessions.rotate(ids[index]!, 0, 10_000, date(), expires)),
      times(5, () => either().sessions.deleteExpired(date())),
    ]);
    expect(revoked.flat().toSorted()).toEqual(ids.toSorted());
    expect(await a.sessions.ofUser(user_id)).toEqual([]);
  });

  test('no session outlives the account, even where somebody signs in as it is erased', async () => {
    const { a, b } = await twoInstances();
    const people = await times(20, () => addUser(a));
    await timesByTen(20, async index => {
      const { id } = people[index]!;
      await Promise.all([
        a.users.erase(id, date()),
        times(3, () => addSession(b, id).catch(error => expect(error).toMatchObject({ code: 'not_found' }))),
      ]);
      expect(await a.sessions.ofUser(id)).toEqual([]);
    });
  });

  test('[G4] twenty recorders of the same events on both sides notify once', async () => {
    const { a, either } = await twoInstances();
    const rows = () => [notification('u', 4), notification('u', 5), notification('v', 5)];
    const all = await times(20, index => either().notifications.record('n', 'c', 4 + (index % 2), rows()));
    expect(all.flat()).toHaveLength(3);
    expect(await a.notifications.position('n', 'c')).toBe(5);
    await times(20, index => either().notifications.setStamp('n', String(index)));
    expect(await a.notifications.stamp('n')).toMatch(/^\d+$/);
  });
});
