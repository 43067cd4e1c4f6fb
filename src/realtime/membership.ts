import type { StoredEvent } from '../ports/log.ts';
import { lobbyId } from '../protocol/index.ts';
import type { Sockets } from './sockets.ts';

const enters = (event: StoredEvent): string | undefined => {
  if (event.kind === 'created') return event.from;
  if (event.kind === 'joined') return event.payload.user_id;
  // Whoever is not banned from the lobby is in it.
  if (event.kind === 'unbanned' && event.conversation_id === lobbyId) return event.payload.user_id;
  return undefined;
};

const leaves = (event: StoredEvent): string | undefined =>
  event.kind === 'left' || event.kind === 'removed' || event.kind === 'banned'
    ? (event.payload.user_id ?? event.from)
    : undefined;

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

/** The first event by which somebody connected here enters. */
export const newcomersIn = (sockets: Sockets, events: StoredEvent[]): StoredEvent | undefined =>
  events.find(event => {
    const user_id = enters(event);
    return user_id !== undefined && sockets.ofUser(user_id).size > 0;
  });

/** A socket that is still being admitted must not enter by what was read before its user left. */
export const noteLeaving = (sockets: Sockets, events: StoredEvent[]): void => {
  for (const event of events) {
    const user_id = leaves(event);
    if (user_id === undefined) continue;
    for (const local of sockets.ofUser(user_id)) if (!local.live) local.left.add(event.conversation_id);
  }
};
