import type { Actor } from '../actor.ts';
import { ParleyError } from '../errors.ts';
import type { ConversationKind, ErrorCode, OperationName } from '../protocol/index.ts';
import type { ConversationState, MemberState } from './projection.ts';

type ConversationOperation = Extract<
  OperationName,
  `conversation:${string}` | `message:${string}` | `receipt:${string}` | `typing:${string}`
>;

/** Operations that concern no conversation yet, many of them, or are made of others (`member` is `role` and `mute`). */
type Elsewhere =
  | 'conversation:create'
  | 'conversation:direct'
  | 'conversation:list'
  | 'conversation:directory'
  | 'conversation:member'
  | 'message:search';

/** Everything that can be done to a conversation: the contract's operations, and two finer distinctions. */
export type Action = Exclude<ConversationOperation, Elsewhere> | 'message:unsend_other' | 'message:mention_all';

/** What a decision is taken on; rows of SQL can be made to look so, too. */
export type Subject = Pick<ConversationState, 'kind' | 'deleted' | 'slow_mode_ms' | 'member' | 'lastMessageAt'>;

/** Whom an action is about. */
export type Target = Pick<MemberState, 'user_id' | 'role' | 'active'> & {
  /** Has the server-wide role `admin`: nobody has power over them in a room or the lobby. */
  server_admin?: boolean;
};

/**
 * What is needed: to see the conversation, to be a member, or a member's role at least. Server-wide admins have power over
 * everybody in rooms and the lobby without being members, but it is no membership: what is said there they see by joining,
 * and of groups and directs they see nothing.
 */
type Need = 'sight' | 'membership' | 'admin' | 'owner';

interface Rule {
  /** By kind of conversation; where a kind is missing, nobody may. */
  need: Partial<Record<ConversationKind, Need>>;
  /** The answer to a stranger who sees the conversation (a room): `not_found` where it is about what only members know of. */
  stranger: 'forbidden' | 'not_found';
  /** The answer to a banned person of a room or the lobby. */
  banned: 'banned' | 'not_found';
  muted?: 'refused';
  slow?: 'refused';
  /** Only those of a lower rank can be the target; never oneself. */
  target?: 'lower';
}

const everywhere = (need: Need) => ({ lobby: need, room: need, group: need, direct: need });

const reading: Rule = { need: everywhere('membership'), stranger: 'not_found', banned: 'not_found' };
const moderating: Rule = {
  need: { lobby: 'admin', room: 'admin', group: 'admin' },
  stranger: 'forbidden',
  banned: 'not_found',
};
const touching: Rule = { ...reading, muted: 'refused' };

const rules: Record<Action, Rule> = {
  'conversation:get': { ...reading, need: { ...everywhere('membership'), room: 'sight' } },
  'conversation:join': { need: everywhere('sight'), stranger: 'forbidden', banned: 'banned' },
  'conversation:leave': { ...reading, need: { room: 'membership', group: 'membership' } },
  'conversation:members': reading,
  'conversation:update': moderating,
  'conversation:delete': { ...moderating, need: { room: 'owner', group: 'owner' } },
  // A room is public, so that an invitation gives nothing that was not there; a group's door is its admins'.
  'conversation:invite': { ...moderating, need: { room: 'membership', group: 'admin' } },
  'conversation:kick': { ...moderating, need: { room: 'admin', group: 'admin' }, target: 'lower' },
  'conversation:ban': { ...moderating, target: 'lower' },
  'conversation:unban': moderating,
  'conversation:bans': moderating,
  'conversation:role': { ...moderating, need: { room: 'owner', group: 'owner' } },
  'conversation:mute': { ...moderating, target: 'lower' },
  'message:history': reading,
  'message:get': reading,
  'message:readers': reading,
  'message:send': { ...touching, stranger: 'forbidden', banned: 'banned', slow: 'refused' },
  'message:edit': touching,
  'message:unsend': reading,
  'message:unsend_other': { ...reading, need: moderating.need, target: 'lower' },
  'message:react': touching,
  'message:unreact': reading,
  // Calling everybody disturbs: free among the few who were invited, the moderators' where anybody can come in.
  'message:mention_all': { ...reading, need: { ...everywhere('membership'), lobby: 'admin', room: 'admin' } },
  'receipt:read': reading,
  'receipt:delivered': reading,
  'typing:start': touching,
  'typing:stop': reading,
};

const roleRank = { member: 1, admin: 2, owner: 3 } as const;
const serverAdminRank = 4;
const neededRank = { sight: 0, membership: 1, admin: 2, owner: 3 } as const satisfies Record<Need, number>;

const isPublic = (kind: ConversationKind) => kind === 'room' || kind === 'lobby';

/**
 * Every rule of who may do what: undefined where the actor may, else the code to answer. Pure. Where the conversation must
 * not even be known to exist, the code is `not_found`, the same as for an unknown id. `now`: milliseconds since 1970.
 */
export const may = (
  actor: Actor,
  action: Action,
  state: Subject,
  target?: Target,
  now = Date.now(),
): ErrorCode | undefined => {
  if (state.deleted) return 'not_found';
  const rule = rules[action];
  const member = state.member(actor.user_id);
  const open = isPublic(state.kind);
  const membership = member?.active ? roleRank[member.role] : 0;
  if (!open && membership === 0) return 'not_found';
  const power = open && actor.role === 'admin' ? serverAdminRank : membership;
  const need = rule.need[state.kind];
  const byPower = need === 'admin' || need === 'owner';
  if (member?.banned && !(byPower && power === serverAdminRank)) return rule.banned;
  if (need === undefined) return membership === 0 && power === 0 ? rule.stranger : 'forbidden';
  if ((byPower ? power : membership) < neededRank[need]) return membership === 0 ? rule.stranger : 'forbidden';
  if (rule.target && target && (target.user_id === actor.user_id || rankOf(target, open) >= power)) return 'forbidden';
  if (rule.muted && isMuted(member, now)) return 'muted';
  if (rule.slow && power < roleRank.admin && slowModeLeft(actor, state, now) > 0) return 'slow_mode';
  return undefined;
};

const rankOf = (target: Target, open: boolean) => {
  if (open && target.server_admin) return serverAdminRank;
  return target.active ? roleRank[target.role] : 0;
};

const isMuted = (member: MemberState | undefined, now: number) =>
  member !== undefined && member.muted_until !== null && Date.parse(member.muted_until) > now;

const slowModeLeft = (actor: Actor, state: Subject, now: number) => {
  const last = state.slow_mode_ms > 0 ? state.lastMessageAt(actor.user_id) : undefined;
  return last === undefined ? 0 : Math.min(state.slow_mode_ms, last + state.slow_mode_ms - now);
};

/** Throws what `may` says, with the facts that belong to the code: until when one is muted, how long slow mode lasts. */
export const assertMay = (actor: Actor, action: Action, state: Subject, target?: Target, now = Date.now()): void => {
  const code = may(actor, action, state, target, now);
  if (code === undefined) return;
  if (code === 'muted') {
    const muted_until = state.member(actor.user_id)?.muted_until ?? '';
    throw new ParleyError('muted', { details: { muted_until } });
  }
  if (code === 'slow_mode') throw new ParleyError('slow_mode', { retry_after_ms: slowModeLeft(actor, state, now) });
  throw new ParleyError(code);
};
