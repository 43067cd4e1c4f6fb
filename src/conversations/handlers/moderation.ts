import type { Actor } from '../../actor.ts';
import { notFound, ParleyError } from '../../errors.ts';
import type { ConversationChange, UserRow } from '../../ports/storage.ts';
import type { Role } from '../../protocol/index.ts';
import { noChange, type View } from '../change.ts';
import { type Action, assertMay } from '../may.ts';
import { defaultLimit, type HandlerParts, presentMember, type Some } from './parts.ts';

type Parts = Pick<HandlerParts, 'users' | 'storage' | 'states' | 'access' | 'change' | 'people' | 'clock'>;
type Operations =
  | 'conversation:kick'
  | 'conversation:ban'
  | 'conversation:unban'
  | 'conversation:bans'
  | 'conversation:role'
  | 'conversation:mute'
  | 'conversation:member';

interface About {
  conversation_id: string;
  user_id: string;
}

/** What happens to a member; decided after the caller's right was checked. */
type Deed = (view: View, user_id: string) => ConversationChange;

export const createModeration = ({
  users,
  storage,
  states,
  access,
  change,
  people,
  clock,
}: Parts): Some<Operations> => {
  /** Does `deed` to somebody if the actor may do all of `actions` to them; repeating it is no error. */
  const moderate = async (actor: Actor, actions: Action[], { conversation_id, user_id }: About, deed: Deed) => {
    // The caller's own right first: who may not do this learns nothing about the person.
    for (const action of actions) await access.permit(actor, action, conversation_id);
    const target = await users.find(user_id);
    if (!target || target.erased_at !== null) throw unknownUser();
    await change(actor, conversation_id, [user_id], view => {
      for (const action of actions) assertMayTo(actor, action, view, target);
      return deed(view, user_id);
    });
  };

  const assertMayTo = (actor: Actor, action: Action, { subject }: View, { id, role }: UserRow) => {
    const member = subject.member(id) ?? { user_id: id, role: 'member', active: false };
    assertMay(actor, action, subject, { ...member, server_admin: role === 'admin' }, clock.now());
  };

  const setRole =
    (from: string, role: Role): Deed =>
    ({ members, owners }, user_id) => {
      const row = members.get(user_id);
      if (row?.state !== 'active') throw unknownUser();
      if (row.role === role) return noChange;
      if (row.role === 'owner' && owners <= 1) throw new ParleyError('last_owner');
      return { members: [{ user_id, role }], events: [{ kind: 'role', from, payload: { user_id, role } }] };
    };

  const setMute =
    (from: string, until: string | null): Deed =>
    ({ subject }, user_id) => {
      const member = subject.member(user_id);
      if (!member?.active) throw unknownUser();
      // A date that is over mutes nobody.
      const muted_until = until !== null && Date.parse(until) > clock.now() ? new Date(until).toISOString() : null;
      if (member.muted_until === muted_until) return noChange;
      return {
        members: [{ user_id, muted_until }],
        events: [{ kind: 'muted', from, payload: { user_id, muted_until } }],
      };
    };

  const memberNow = async ({ conversation_id, user_id }: About) => {
    const member = (await states.load(conversation_id))?.member(user_id);
    if (!member?.active) throw unknownUser();
    return presentMember(member, await people.get([user_id]));
  };

  return {
    async 'conversation:kick'(actor, about) {
      await moderate(actor, ['conversation:kick'], about, ({ members }, user_id) => {
        const state = members.get(user_id)?.state;
        if (state === 'removed') return noChange;
        if (state !== 'active') throw unknownUser();
        return {
          members: [{ user_id, state: 'removed', role: 'member' }],
          events: [{ kind: 'removed', from: actor.user_id, payload: { user_id } }],
        };
      });
      return about;
    },

    async 'conversation:ban'(actor, about) {
      await moderate(actor, ['conversation:ban'], about, ({ members }, user_id) => {
        if (members.get(user_id)?.state === 'banned') return noChange;
        return {
          members: [{ user_id, state: 'banned', role: 'member' }],
          events: [{ kind: 'banned', from: actor.user_id, payload: { user_id } }],
        };
      });
      return about;
    },

    async 'conversation:unban'(actor, about) {
      await moderate(actor, ['conversation:unban'], about, ({ members }, user_id) => {
        if (members.get(user_id)?.state !== 'banned') return noChange;
        return {
          members: [{ user_id, state: 'none' }],
          events: [{ kind: 'unbanned', from: actor.user_id, payload: { user_id } }],
        };
      });
      return about;
    },

    async 'conversation:bans'(actor, { conversation_id, after, limit = defaultLimit }) {
      await access.permit(actor, 'conversation:bans', conversation_id);
      const rows = await storage.page(conversation_id, 'banned', after, limit + 1);
      const shown = rows.slice(0, limit);
      const names = await people.get(shown.map(row => row.user_id));
      return {
        items: shown.map(row => ({ user: presentMember(row, names).user, seq: row.joined_seq })),
        has_more: rows.length > limit,
        ...(rows.length > limit && { next: shown.at(-1)?.user_id }),
      };
    },

    async 'conversation:role'(actor, { role, ...about }) {
      await moderate(actor, ['conversation:role'], about, setRole(actor.user_id, role));
      return memberNow(about);
    },

    async 'conversation:mute'(actor, { muted_until, ...about }) {
      await moderate(actor, ['conversation:mute'], about, setMute(actor.user_id, muted_until));
      return memberNow(about);
    },

    async 'conversation:member'(actor, { role, muted_until, ...about }) {
      const actions: Action[] = [];
      const deeds: Deed[] = [];
      if (role !== undefined) {
        actions.push('conversation:role');
        deeds.push(setRole(actor.user_id, role));
      }
      if (muted_until !== undefined) {
        actions.push('conversation:mute');
        deeds.push(setMute(actor.user_id, muted_until));
      }
      await moderate(actor, actions, about, together(deeds));
      return memberNow(about);
    },
  };
};

/** Several deeds as one change. */
const together =
  (deeds: Deed[]): Deed =>
  (view, user_id) => {
    const changes = deeds.map(deed => deed(view, user_id));
    return {
      members: changes.flatMap(each => each.members ?? []),
      events: changes.flatMap(each => each.events),
    };
  };

/** The same whether there is no such person or they are no member. */
const unknownUser = () => notFound();
