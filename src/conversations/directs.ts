import type { Actor } from '../actor.ts';
import { ParleyError } from '../errors.ts';
import { type Clock, isoDate } from '../ports/clock.ts';
import type { ConversationStore, UserStore } from '../ports/storage.ts';
import type { RecordEvent } from './change.ts';
import { findPeople } from './find-people.ts';
import { newId } from './new-id.ts';
import type { Outbox } from './outbox.ts';

export interface DirectsParts {
  users: UserStore;
  storage: ConversationStore;
  outbox: Outbox;
  clock: Clock;
  record: RecordEvent;
}

/** The id of the direct conversation with a person, which is made the first time. */
export type FindOrCreateDirect = (actor: Actor, user_id: string) => Promise<string>;

/** One conversation per pair, whoever begins and however many do at once. Throws `not_found` and `invalid_input`. */
export const createFindOrCreateDirect =
  ({ users, storage, outbox, clock, record }: DirectsParts): FindOrCreateDirect =>
  async (actor, user_id) => {
    if (user_id === actor.user_id) {
      throw new ParleyError('invalid_input', {
        message: 'user_id: must be somebody else',
        details: { user_id: 'must be somebody else' },
      });
    }
    const direct_key = [actor.user_id, user_id].sort().join(':');
    const found = await storage.findDirect(direct_key);
    if (found) {
      // Whoever made it may have died before its first events were in the log.
      await outbox.complete(found.id);
      return found.id;
    }
    await findPeople(users, [user_id], 'user_id');
    const settings = { name: null, topic: '', slow_mode_ms: 0, history: 'all' } as const;
    const { row, existed } = await storage.create(
      {
        id: newId(),
        kind: 'direct',
        ...settings,
        created_by: actor.user_id,
        created_at: isoDate(clock.now()),
        name_key: null,
        direct_key,
        client_id: null,
      },
      {
        members: [actor.user_id, user_id].map(member => ({ user_id: member, role: 'member', state: 'active' })),
        events: [
          { kind: 'created', from: actor.user_id, payload: { conversation_kind: 'direct', ...settings } },
          { kind: 'joined', from: actor.user_id, payload: { user_id, role: 'member' } },
        ],
      },
    );
    await outbox.complete(row.id);
    if (!existed) record('conversation_created', { conversation_id: row.id, by: actor.user_id, kind: 'direct' });
    return row.id;
  };
