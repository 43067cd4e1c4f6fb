import type { ChatClient, Member, Role, Summary } from 'parley/client';
import { useApp } from '../app/context.ts';
import { useSelected } from '../ui/state.ts';

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

/** In the lobby, the role `admin` is that of the server's administrators. */
const isServerAdmin = (lobby: Summary | undefined) => lobby?.role === 'admin';

/** The caller's in a conversation of theirs, at this moment. */
export const standingOf = (
  { user, conversation }: Pick<ChatClient, 'user' | 'conversation'>,
  { kind, role }: Pick<Summary, 'kind' | 'role'>,
): Standing => {
  const isPublic = kind === 'room' || kind === 'lobby';
  const hasPower = isPublic && isServerAdmin(conversation('lobby').summary.get());
  return { user_id: user.get()?.id ?? '', kind, power: hasPower ? serverAdmin : role ? rank[role] : 0 };
};

/** As `standingOf`; draws again when that changes. */
export const useStanding = (conversation: Pick<Summary, 'kind' | 'role'>): Standing => {
  const { client } = useApp();
  useSelected(client.conversation('lobby').summary, isServerAdmin);
  return standingOf(client, conversation);
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
