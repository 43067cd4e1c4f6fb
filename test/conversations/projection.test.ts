import { expect, test } from 'vitest';
import { Projection } from '../../src/conversations/projection.ts';
import type { NewEvent, Payload } from '../../src/ports/log.ts';
import type { ConversationRow, MemberRow } from '../../src/ports/storage.ts';

const clock = { now: () => 1_000_000 };
const row = (over: Partial<ConversationRow> = {}): ConversationRow => ({
  ...{ id: 'c', kind: 'room', name: 'Room', topic: '', slow_mode_ms: 0, history: 'all', created_by: 'owner' },
  ...{ created_at: '2024-01-01T00:00:00.000Z', version: 1, deleted_at: null },
  ...over,
});
const member = (user_id: string, over: Partial<MemberRow> = {}): MemberRow => ({
  ...{ conversation_id: 'c', user_id, role: 'member', state: 'active', muted_until: null, joined_seq: 0 },
  ...{ read_seq: 0, read_n: 0, delivered_seq: 0, user_version: 0 },
  ...over,
});
const event = (kind: NewEvent['kind'], payload: Payload, from = 'owner') => ({ kind, from, payload });
const at = (seq: number) => ({ seq, n: 0, id: `c.${seq}.x` });

test('rows that are ahead of the log are not set back by the events they already hold', () => {
  const state = Projection.of(
    row({ version: 4, topic: 'new' }),
    [member('a', { state: 'banned' }), member('b')],
    at(1),
    clock,
  );
  state.apply(event('joined', { user_id: 'a', role: 'member', version: 2 }), at(2));
  expect(state.member('a')).toMatchObject({ active: false, banned: true });
  state.apply(event('joined', { user_id: 'b', role: 'member', version: 3 }), at(3));
  expect(state.member('b')).toMatchObject({ active: true, joined_seq: 3 });
  state.apply(event('updated', { topic: 'old', version: 4 }), at(4));
  expect(state.topic).toBe('new');
  state.apply(event('unbanned', { user_id: 'a', version: 5 }), at(5));
  expect(state.member('a')).toBeUndefined();
  expect(state).toMatchObject({ version: 5, head: { seq: 5 } });
});

test('a draft takes events without touching what it stands on', () => {
  const state = Projection.of(row({ slow_mode_ms: 5_000 }), [member('a')], at(1), clock);
  const draft = state.draft();
  draft.apply(event('removed', { user_id: 'a', version: 2 }), at(2));
  draft.apply(event('joined', { user_id: 'b', version: 3 }), at(3));
  draft.apply(event('message', { message: 'x' }, 'b'), at(4));
  draft.apply(event('unsend', { target_seq: 4 }, 'b'), at(5));
  draft.apply(event('deleted', { version: 4 }), at(6));
  expect(draft.member('a')).toBeUndefined();
  expect(draft.member('b')?.active).toBe(true);
  expect([draft.lastMessageAt('b'), draft.isUnsent(4), draft.deleted]).toEqual([1_000_000, true, true]);
  expect(state.member('a')?.active).toBe(true);
  expect(state.member('b')).toBeUndefined();
  expect([state.lastMessageAt('b'), state.isUnsent(4), state.deleted, state.head.seq]).toEqual([
    undefined,
    false,
    false,
    1,
  ]);
});

test('in the lobby everybody is a member but the banned, and only sanctions are remembered', () => {
  const state = Projection.of(row({ kind: 'lobby' }), [], at(1), clock);
  const { weight } = state;
  expect(state.member('anybody')).toMatchObject({ active: true, role: 'member' });
  state.apply(event('banned', { user_id: 'a', version: 2 }), at(2));
  expect(state.member('a')).toMatchObject({ active: false, banned: true });
  expect(state.weight).toBe(weight + 1);
  state.apply(event('unbanned', { user_id: 'a', version: 3 }), at(3));
  expect(state.member('a')?.active).toBe(true);
  expect(state.weight).toBe(weight);
});
