import type { Member, Message, Summary, User } from 'parley/client';
import { folded } from './emoji-data.ts';

/** The name that is being written behind an `@`: where it begins, and what there is of it. */
export interface MentionQuery {
  readonly start: number;
  readonly query: string;
}

/** As the server finds names: behind these letters an `@` is part of an address or a path. */
const token = /(?<![\p{L}\p{M}\p{N}._+@/-])@([\p{L}\p{M}\p{N}._-]{0,20})$/u;

export const mentionAt = (text: string, caret: number): MentionQuery | undefined => {
  const match = token.exec(text.slice(0, caret));
  return match ? { start: match.index, query: match[1] ?? '' } : undefined;
};

/** In a group of more than this many only its admins call everybody. */
const maxCalledByAnybody = 100;

/** Whether `@all` calls everybody: it disturbs, so where anybody can come in it is the admins' alone. */
export const mayCallAll = ({ kind, role }: Pick<Summary, 'kind' | 'role'>, members: number) => {
  if (kind === 'direct' || role === null) return false;
  return role !== 'member' || (kind === 'group' && members <= maxCalledByAnybody);
};

/** Whoever spoke last comes first, then the members; nobody twice, nor oneself or who is gone. */
export const peopleToMention = (messages: readonly Message[], members: readonly Member[], me: User): User[] => {
  const all = [...messages.map(({ from }) => from).reverse(), ...members.map(({ user }) => user)];
  const byId = new Map(all.map(user => [user.id, user]));
  byId.delete(me.id);
  return [...byId.values()].filter(({ username }) => username !== '');
};

/** Those of whose username, or any word of whose name, begins so. */
export const matching = (people: readonly User[], query: string): User[] => {
  const start = folded(query);
  const words = ({ username, full_name }: User) => folded(`${username} ${full_name}`).split(/[\s._-]+/u);
  return people.filter(user => folded(user.username).startsWith(start) || words(user).some(w => w.startsWith(start)));
};
