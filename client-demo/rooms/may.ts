import type { Member, Role, Summary } from 'parley/client';
import { useApp } from '../app/context.ts';
import { useObservable } from '../ui/state.ts';

/*
 * What is offered to whom. The server decides by the same rules; this only keeps away what it would refuse.
 */

/** As who somebody looks at a conversation. */
export interface Standing {
  readonly user_id: string;
  readonly kind: Summary['kind'];
  /** Server-wide administrators have power over everybody in what is public. */
  readonly power: number;
}

const rank: Record<Role, number> = { member: 1, admin: 2, owner: 3 };
const serverAdmin = 4;

/** The caller's in a conversation of theirs. In the lobby, the role `admin` is that of the server's administrators. */
export const useStanding = (conversation: Summary, user_id: string): Standing => {
  const { client } = useApp();
  const isServerAdmin = useObservable(client.conversation('lobby').summary)?.role === 'admin';
  const { kind, role } = conversation;
  const isPublic = kind === 'room' || kind === 'lobby';
  return { user_id, kind, power: isPublic && isServerAdmin ? serverAdmin : role ? rank[role] : 0 };
};

const isNamed = ({ kind }: Standing) => kind === 'room' || kind === 'group';

/** Change its settings, see and lift bans. */
export const mayModerate = (mine: Standing) => mine.kind !== 'direct' && mine.power >= rank.admin;

/** Delete it, give roles. */
export const mayOwn = (mine: Standing) => isNamed(mine) && mine.power >= rank.owner;

/** A room is public; a group's door is its admins'. */
export const mayInvite = (mine: Standing) =>
  mine.kind === 'room' || (mine.kind === 'group' && mine.power >= rank.admin);

export const mayLeave = isNamed;

/** Mute and ban. Only those of a lower rank, hence never oneself. */
export const mayRestrain = (mine: Standing, { user, role }: Member) =>
  mayModerate(mine) &&
  user.id !== mine.user_id &&
  (mine.kind === 'lobby' && role === 'admin' ? serverAdmin : rank[role]) < mine.power;

export const mayRemove = (mine: Standing, member: Member) => isNamed(mine) && mayRestrain(mine, member);
