import { describe, expect, test } from 'vitest';
import type { Actor } from '../../src/actor.ts';
import { type Action, assertMay, may, type Subject, type Target } from '../../src/conversations/may.ts';
import type { MemberState } from '../../src/conversations/projection.ts';
import { type ConversationKind, operationNames, operations } from '../../src/protocol/index.ts';

const now = Date.parse('2024-06-01T12:00:00.000Z');
const later = '2024-06-01T13:00:00.000Z';
const before = '2024-06-01T11:00:00.000Z';
const kinds: ConversationKind[] = ['lobby', 'room', 'group', 'direct'];

/** Who asks; the last two are server-wide admins. */
const standings = ['owner', 'admin', 'member', 'muted', 'stranger', 'banned', 'root', 'banned root'] as const;
type Standing = (typeof standings)[number];

const memberOf = (standing: Standing, kind: ConversationKind): MemberState | undefined => {
  const outside = standing === 'stranger' || (standing === 'root' && kind !== 'lobby');
  if (outside) return undefined;
  const banned = standing.startsWith('banned');
  return {
    user_id: 'me',
    role: standing === 'owner' || standing === 'admin' ? standing : 'member',
    muted_until: standing === 'muted' ? later : before,
    joined_seq: 1,
    banned,
    active: !banned,
  };
};

const subjectOf = (kind: ConversationKind, member: MemberState | undefined, over: Partial<Subject> = {}): Subject => ({
  kind,
  deleted: false,
  slow_mode_ms: 0,
  member: user_id => (user_id === 'me' ? member : undefined),
  lastMessageAt: () => undefined,
  ...over,
});

const actorOf = (standing: Standing): Actor => ({
  ...{ user_id: 'me', session_id: 's', username: 'me', full_name: 'Me' },
  role: standing.endsWith('root') ? 'admin' : 'user',
});

const target: Target = { user_id: 'them', role: 'member', active: true };

/**
 * The law, written a second time and otherwise: for each action and kind, the answers to owner, admin, member, muted, stranger,
 * banned, server-wide admin (outside; in the lobby inside), and such a one who is banned. y: may; f: forbidden; n: not_found;
 * b: banned; m: muted; -: cannot be (nobody owns the lobby; nobody is banned from a direct).
 */
const law: Record<Action, Record<ConversationKind, string>> = {
  'conversation:get': { lobby: '--yy-nyn', room: 'yyyyynyn', group: 'yyyynnnn', direct: '--yyn-n-' },
  'conversation:join': { lobby: '--yy-byb', room: 'yyyyybyb', group: 'yyyynnnn', direct: '--yyn-n-' },
  'conversation:leave': { lobby: '--ff-nfn', room: 'yyyynnnn', group: 'yyyynnnn', direct: '--ffn-n-' },
  'conversation:members': { lobby: '--yy-nyn', room: 'yyyynnnn', group: 'yyyynnnn', direct: '--yyn-n-' },
  'conversation:update': { lobby: '--ff-nyy', room: 'yyfffnyy', group: 'yyffnnnn', direct: '--ffn-n-' },
  'conversation:delete': { lobby: '--ff-nfn', room: 'yffffnyy', group: 'yfffnnnn', direct: '--ffn-n-' },
  'conversation:invite': { lobby: '--ff-nfn', room: 'yyyyfnfn', group: 'yyffnnnn', direct: '--ffn-n-' },
  'conversation:kick': { lobby: '--ff-nfn', room: 'yyfffnyy', group: 'yyffnnnn', direct: '--ffn-n-' },
  'conversation:ban': { lobby: '--ff-nyy', room: 'yyfffnyy', group: 'yyffnnnn', direct: '--ffn-n-' },
  'conversation:unban': { lobby: '--ff-nyy', room: 'yyfffnyy', group: 'yyffnnnn', direct: '--ffn-n-' },
  'conversation:bans': { lobby: '--ff-nyy', room: 'yyfffnyy', group: 'yyffnnnn', direct: '--ffn-n-' },
  'conversation:role': { lobby: '--ff-nfn', room: 'yffffnyy', group: 'yfffnnnn', direct: '--ffn-n-' },
  'conversation:mute': { lobby: '--ff-nyy', room: 'yyfffnyy', group: 'yyffnnnn', direct: '--ffn-n-' },
  'message:history': { lobby: '--yy-nyn', room: 'yyyynnnn', group: 'yyyynnnn', direct: '--yyn-n-' },
  'message:get': { lobby: '--yy-nyn', room: 'yyyynnnn', group: 'yyyynnnn', direct: '--yyn-n-' },
  'message:readers': { lobby: '--yy-nyn', room: 'yyyynnnn', group: 'yyyynnnn', direct: '--yyn-n-' },
  'message:send': { lobby: '--ym-byb', room: 'yyymfbfb', group: 'yyymnnnn', direct: '--ymn-n-' },
  'message:edit': { lobby: '--ym-nyn', room: 'yyymnnnn', group: 'yyymnnnn', direct: '--ymn-n-' },
  'message:unsend': { lobby: '--yy-nyn', room: 'yyyynnnn', group: 'yyyynnnn', direct: '--yyn-n-' },
  'message:unsend_other': { lobby: '--ff-nyy', room: 'yyffnnyy', group: 'yyffnnnn', direct: '--ffn-n-' },
  'message:react': { lobby: '--ym-nyn', room: 'yyymnnnn', group: 'yyymnnnn', direct: '--ymn-n-' },
  'message:unreact': { lobby: '--yy-nyn', room: 'yyyynnnn', group: 'yyyynnnn', direct: '--yyn-n-' },
  'message:mention_all': { lobby: '--ff-nyy', room: 'yyffnnyy', group: 'yyyynnnn', direct: '--yyn-n-' },
  'receipt:read': { lobby: '--yy-nyn', room: 'yyyynnnn', group: 'yyyynnnn', direct: '--yyn-n-' },
  'receipt:delivered': { lobby: '--yy-nyn', room: 'yyyynnnn', group: 'yyyynnnn', direct: '--yyn-n-' },
  'typing:start': { lobby: '--ym-nyn', room: 'yyymnnnn', group: 'yyymnnnn', direct: '--ymn-n-' },
  'typing:stop': { lobby: '--yy-nyn', room: 'yyyynnnn', group: 'yyyynnnn', direct: '--yyn-n-' },
};
const codes = { y: undefined, f: 'forbidden', n: 'not_found', b: 'banned', m: 'muted' } as const;
const actions = Object.keys(law) as Action[];

describe('may', () => {
  test.each(actions)('[S18] %s, by everybody, everywhere', action => {
    const answers = Object.fromEntries(
      kinds.map(kind => [
        kind,
        standings
          .map((standing, i) => {
            if (law[action][kind][i] === '-') return '-';
            const code = may(actorOf(standing), action, subjectOf(kind, memberOf(standing, kind)), target, now);
            return Object.entries(codes).find(([, value]) => value === code)?.[0] ?? code;
          })
          .join(''),
      ]),
    );
    expect(answers).toEqual(law[action]);
  });

  test('[S18] every operation of the contract that concerns a conversation is decided here', () => {
    const decided = new Set<string>(actions);
    const elsewhere = ['create', 'direct', 'list', 'directory', 'member'].map(name => `conversation:${name}`);
    const concerned = operationNames.filter(name => /^(conversation|message|receipt|typing):/.test(name));
    expect(concerned.filter(name => !decided.has(name))).toEqual([...elsewhere, 'message:search']);
  });

  test('[S18] a refusal is always one that the operation is documented with', () => {
    const undocumented = actions.flatMap(action => {
      const operation = operations[action as keyof typeof operations];
      if (!operation) return [];
      const known = new Set<string>(operation.errors);
      return kinds.flatMap(kind =>
        [...law[action][kind]]
          .map(letter => codes[letter as keyof typeof codes])
          .filter(code => code !== undefined && !known.has(code))
          .map(code => `${action} in ${kind}: ${code}`),
      );
    });
    expect(undocumented).toEqual([]);
  });

  test('[S19] what is deleted is unknown to everybody', () => {
    for (const action of actions)
      for (const kind of kinds)
        for (const standing of standings) {
          const subject = subjectOf(kind, memberOf(standing, kind), { deleted: true });
          expect(may(actorOf(standing), action, subject, target, now)).toBe('not_found');
        }
  });

  const power = { member: 1, admin: 2, owner: 3, root: 4 } as const;
  type Power = keyof typeof power;
  const onOthers: Action[] = ['conversation:kick', 'conversation:ban', 'conversation:mute', 'message:unsend_other'];

  test.each(onOthers)('[S18] %s: only those of a lower rank, never oneself', action => {
    for (const by of ['admin', 'owner', 'root'] as const)
      for (const on of ['member', 'admin', 'owner', 'root'] satisfies Power[]) {
        const subject = subjectOf('room', memberOf(by, 'room'));
        const them: Target = {
          ...{ user_id: 'them', active: true, server_admin: on === 'root' },
          role: on === 'root' ? 'member' : on,
        };
        const expected = power[by] > power[on] ? undefined : 'forbidden';
        expect([by, on, may(actorOf(by), action, subject, them, now)]).toEqual([by, on, expected]);
        expect(may(actorOf(by), action, subject, { ...them, role: 'member', user_id: 'me' }, now)).toBe('forbidden');
      }
  });

  test('a server-wide admin has no protection and no power in a group', () => {
    const root = { ...target, server_admin: true };
    expect(may(actorOf('admin'), 'conversation:kick', subjectOf('group', memberOf('admin', 'group')), root, now)).toBe(
      undefined,
    );
    const inside = { ...actorOf('root') };
    const member = memberOf('member', 'group');
    expect(may(inside, 'conversation:kick', subjectOf('group', member), target, now)).toBe('forbidden');
  });

  test('slow mode holds members back for what is left of it, moderators never, and only their messages', () => {
    const slow = (standing: Standing, kind: ConversationKind = 'room', last = now - 4_000) =>
      subjectOf(kind, memberOf(standing, kind), { slow_mode_ms: 10_000, lastMessageAt: () => last });
    expect(may(actorOf('member'), 'message:send', slow('member'), undefined, now)).toBe('slow_mode');
    expect(may(actorOf('member'), 'message:react', slow('member'), undefined, now)).toBeUndefined();
    expect(may(actorOf('admin'), 'message:send', slow('admin'), undefined, now)).toBeUndefined();
    expect(may(actorOf('owner'), 'message:send', slow('owner'), undefined, now)).toBeUndefined();
    expect(may(actorOf('root'), 'message:send', slow('root', 'lobby'), undefined, now)).toBeUndefined();
    expect(
      may(actorOf('member'), 'message:send', slow('member', 'room', now - 10_000), undefined, now),
    ).toBeUndefined();
    const refusal = () => assertMay(actorOf('member'), 'message:send', slow('member'), undefined, now);
    expect(refusal).toThrow(expect.objectContaining({ code: 'slow_mode', retry_after_ms: 6_000 }));
  });

  test('who is muted learns until when', () => {
    const subject = subjectOf('room', memberOf('muted', 'room'));
    expect(() => assertMay(actorOf('muted'), 'message:send', subject, undefined, now)).toThrow(
      expect.objectContaining({ code: 'muted', details: { muted_until: later } }),
    );
  });
});
