import { usernameKey } from '../../accounts/username-key.ts';
import { notFound, ParleyError } from '../../errors.ts';
import { lobbyId } from '../../protocol/index.ts';
import { noChange } from '../change.ts';
import { findPeople } from '../find-people.ts';
import { assertMay } from '../may.ts';
import { defaultLimit, type HandlerParts, presentMember, type Some } from './parts.ts';

type Parts = Pick<
  HandlerParts,
  'users' | 'storage' | 'states' | 'access' | 'change' | 'departure' | 'findRoomId' | 'presenter' | 'people' | 'clock'
>;

export const createMembership = ({
  users,
  storage,
  states,
  access,
  change,
  departure,
  findRoomId,
  presenter,
  people,
  clock,
}: Parts): Some<'conversation:join' | 'conversation:leave' | 'conversation:invite' | 'conversation:members'> => ({
  async 'conversation:join'(actor, { conversation_id, name }) {
    const { user_id } = actor;
    const id = conversation_id ?? (name === undefined ? undefined : await findRoomId(name));
    if (id === undefined) throw notFound();
    await change(actor, id, [], ({ conversation, subject, members }) => {
      assertMay(actor, 'conversation:join', subject, undefined, clock.now());
      if (conversation.kind === 'lobby' || members.get(user_id)?.state === 'active') return noChange;
      return {
        members: [{ user_id, role: 'member', state: 'active' }],
        events: [{ kind: 'joined', from: user_id, payload: { user_id, role: 'member' } }],
      };
    });
    return presenter.one(actor, id);
  },

  async 'conversation:leave'(actor, { conversation_id }) {
    await departure.leave(actor, conversation_id);
    return { conversation_id };
  },

  async 'conversation:invite'(actor, { conversation_id, user_ids }) {
    await access.permit(actor, 'conversation:invite', conversation_id);
    const invited = [...(await findPeople(users, user_ids, 'user_ids')).keys()];
    await change(actor, conversation_id, invited, ({ subject, members }) => {
      assertMay(actor, 'conversation:invite', subject, undefined, clock.now());
      const banned = invited.find(id => members.get(id)?.state === 'banned');
      if (banned !== undefined) {
        throw new ParleyError('banned', {
          message: `user_ids: ${banned} is banned here`,
          details: { user_ids: `${banned} is banned here` },
        });
      }
      const joining = invited.filter(id => members.get(id)?.state !== 'active');
      return {
        members: joining.map(user_id => ({ user_id, role: 'member', state: 'active' })),
        events: joining.map(user_id => ({
          kind: 'joined',
          from: actor.user_id,
          payload: { user_id, role: 'member' },
        })),
      };
    });
    const state = await states.load(conversation_id);
    const names = await people.get(invited);
    return {
      items: invited.flatMap(id => {
        const member = state?.member(id);
        return member?.active ? [presentMember(member, names)] : [];
      }),
    };
  },

  async 'conversation:members'(actor, { conversation_id, after, limit = defaultLimit }) {
    const state = await access.permit(actor, 'conversation:members', conversation_id);
    if (conversation_id === lobbyId) {
      // Everybody; the page's keys are those of the accounts.
      const rows = await users.search('', after, limit + 1);
      const shown = rows.slice(0, limit);
      const items = shown.flatMap(({ id, role, username, full_name }) => {
        const member = state.member(id);
        if (!member?.active) return [];
        const names = new Map([[id, { id, username, full_name }]]);
        return [presentMember({ ...member, role: role === 'admin' ? 'admin' : 'member' }, names)];
      });
      const last = shown.at(-1);
      return {
        items,
        has_more: rows.length > limit,
        ...(rows.length > limit && last && { next: usernameKey(last.username) }),
      };
    }
    const rows = await storage.page(conversation_id, 'active', after, limit + 1);
    const shown = rows.slice(0, limit);
    const names = await people.get(shown.map(row => row.user_id));
    return {
      items: shown.map(row => ({
        ...presentMember(row, names),
        read_seq: row.read_seq,
        delivered_seq: row.delivered_seq,
      })),
      has_more: rows.length > limit,
      ...(rows.length > limit && { next: shown.at(-1)?.user_id }),
    };
  },
});
