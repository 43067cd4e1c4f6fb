import type { StoredEvent } from '../ports/log.ts';
import { lobbyId } from '../protocol/index.ts';
import type { Sockets } from './sockets.ts';

/** Who comes in by this event. */
export const enters = (event: StoredEvent): string | undefined => {
  if (event.kind === 'created') return event.from;
  if (event.kind === 'joined') return event.payload.user_id;
  // Whoever is not banned from the lobby is in it.
  if (event.kind === 'unbanned' && event.conversation_id === lobbyId) return event.payload.user_id;
  return undefined;
};

/** Who goes by it. */
const leaves = (event: StoredEvent): string | undefined =>
  event.kind === 'left' || event.kind === 'removed' || event.kind === 'banned'
    ? (event.payload.user_id ?? event.from)
    : undefined;

/** Whether nothing after this event is for that user, unless they come in again. */
export const isTheirEnd = (event: StoredEvent, user_id: string): boolean =>
  event.kind === 'deleted' || leaves(event) === user_id;

/** Whether sockets enter or leave by this event. */
export const movesMembers = (event: StoredEvent): boolean =>
  event.kind === 'deleted' || enters(event) !== undefined || leaves(event) !== undefined;

/** The sockets of whoever joins enter before the event is emitted, so that it reaches them. */
export const moveBefore = (sockets: Sockets, event: StoredEvent): void => {
  const user_id = enters(event);
  if (user_id === undefined) return;
  for (const local of sockets.ofUser(user_id)) sockets.enter(local, event.conversation_id);
};

/** The sockets of whoever goes leave after the event was emitted and before the next one (G9). */
export const moveAfter = (sockets: Sockets, event: StoredEvent): void => {
  if (event.kind === 'deleted') sockets.closeRoom(event.conversation_id);
  const user_id = leaves(event);
  if (user_id === undefined) return;
  for (const local of sockets.ofUser(user_id)) sockets.leave(local, event.conversation_id);
};

/** Who of those connected here enters, and where. */
export const newcomersIn = (sockets: Sockets, events: StoredEvent[]): { user_id: string; seq: number }[] =>
  events.flatMap(event => {
    const user_id = enters(event);
    return user_id !== undefined && sockets.ofUser(user_id).size > 0 ? [{ user_id, seq: event.seq }] : [];
  });
