import { notFound, ParleyError } from '../../errors.ts';
import { isoDate } from '../../ports/clock.ts';
import { findPeople } from '../find-people.ts';
import { newId } from '../new-id.ts';
import { lobbyNameKey, roomNameKey } from '../room-name.ts';
import type { HandlerParts, Some } from './parts.ts';

type Parts = Pick<
  HandlerParts,
  'users' | 'storage' | 'outbox' | 'presenter' | 'findOrCreateDirect' | 'clock' | 'record'
>;

export const createCreation = ({
  users,
  storage,
  outbox,
  presenter,
  findOrCreateDirect,
  clock,
  record,
}: Parts): Some<'conversation:create' | 'conversation:direct'> => ({
  async 'conversation:create'(actor, { kind, name, topic = '', members = [], client_id }) {
    const { user_id } = actor;
    // Before anything is refused, as the members of the first time may be gone by now (G2).
    const earlier = client_id === undefined ? undefined : await storage.findByClientId(user_id, client_id);
    if (earlier) {
      await outbox.complete(earlier.id);
      return presenter.one(actor, earlier.id);
    }
    const invited = [...(await findPeople(users, members, 'members')).keys()].filter(id => id !== user_id);
    const name_key = kind === 'room' ? roomNameKey(name) : null;
    if (name_key === lobbyNameKey) throw new ParleyError('name_taken', { details: { name: 'is taken' } });
    const settings = { name, topic, slow_mode_ms: 0, history: kind === 'room' ? 'all' : 'joined' } as const;
    const { row, existed } = await storage.create(
      {
        id: newId(),
        kind,
        ...settings,
        created_by: user_id,
        created_at: isoDate(clock.now()),
        name_key,
        direct_key: null,
        client_id: client_id ?? null,
      },
      {
        members: [
          { user_id, role: 'owner', state: 'active' },
          ...invited.map(id => ({ user_id: id, role: 'member', state: 'active' }) as const),
        ],
        events: [
          { kind: 'created', from: user_id, payload: { conversation_kind: kind, ...settings } },
          ...invited.map(id => ({ kind: 'joined', from: user_id, payload: { user_id: id, role: 'member' } }) as const),
        ],
      },
    );
    await outbox.complete(row.id);
    if (!existed) record('conversation_created', { conversation_id: row.id, by: user_id, kind });
    if (row.deleted_at !== null) throw notFound();
    return presenter.one(actor, row.id);
  },

  async 'conversation:direct'(actor, { user_id }) {
    return presenter.one(actor, await findOrCreateDirect(actor, user_id));
  },
});
