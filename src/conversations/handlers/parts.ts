import type { Handlers } from '../../invoke.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { ConversationStore, MemberRow, UserStore } from '../../ports/storage.ts';
import type { Member, OperationName, User } from '../../protocol/index.ts';
import type { Access } from '../access.ts';
import type { Change } from '../change.ts';
import type { Departure } from '../departure.ts';
import type { FindOrCreateDirect } from '../directs.ts';
import type { Outbox } from '../outbox.ts';
import type { ConversationPresenter, Names } from '../present.ts';
import type { MemberState } from '../projection.ts';
import type { States } from '../state.ts';

/** What the handlers of this feature are made of; each takes of it only what it uses. */
export interface HandlerParts {
  users: UserStore;
  storage: ConversationStore;
  log: Log;
  states: States;
  access: Access;
  outbox: Outbox;
  change: Change;
  departure: Departure;
  findOrCreateDirect: FindOrCreateDirect;
  findRoomId: (name: string) => Promise<string | undefined>;
  presenter: ConversationPresenter;
  people: Names;
  clock: Clock;
  record: (event: string, facts: Record<string, unknown>) => void;
}

export type ConversationOperationName = Extract<OperationName, `conversation:${string}`>;
export type Some<N extends ConversationOperationName> = Handlers<N>;

/** A page of a list where the caller names no limit. */
export const defaultLimit = 100;

export const presentMember = (
  member: Pick<MemberRow | MemberState, 'user_id' | 'role' | 'joined_seq' | 'muted_until'>,
  names: Map<string, User>,
): Member => ({
  user: names.get(member.user_id) ?? { id: member.user_id, username: '', full_name: '' },
  role: member.role,
  joined_seq: member.joined_seq,
  muted_until: member.muted_until,
});
