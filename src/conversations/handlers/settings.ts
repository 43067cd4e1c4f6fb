import { ParleyError } from '../../errors.ts';
import { isoDate } from '../../ports/clock.ts';
import { noChange } from '../change.ts';
import { assertMay } from '../may.ts';
import { lobbyNameKey, roomNameKey } from '../room-name.ts';
import type { HandlerParts, Some } from './parts.ts';

type Parts = Pick<HandlerParts, 'change' | 'presenter' | 'clock'>;

export const createSettings = ({
  change,
  presenter,
  clock,
}: Parts): Some<'conversation:update' | 'conversation:delete'> => ({
  async 'conversation:update'(actor, { conversation_id, ...wanted }) {
    await change(actor, conversation_id, [], ({ conversation, subject }) => {
      assertMay(actor, 'conversation:update', subject, undefined, clock.now());
      if (wanted.history === 'joined' && conversation.kind !== 'group') {
        throw new ParleyError('invalid_input', {
          message: 'history: only a group can hide what was said before one joined',
          details: { history: 'only a group can hide what was said before one joined' },
        });
      }
      const fields = Object.fromEntries(
        Object.entries(wanted).filter(
          ([field, value]) => value !== undefined && value !== conversation[field as keyof typeof wanted],
        ),
      ) as typeof wanted;
      if (Object.keys(fields).length === 0) return noChange;
      const name_key = fields.name !== undefined && conversation.kind === 'room' ? roomNameKey(fields.name) : undefined;
      if (name_key === lobbyNameKey) throw new ParleyError('name_taken', { details: { name: 'is taken' } });
      return {
        conversation: { ...fields, ...(name_key !== undefined && { name_key }) },
        events: [{ kind: 'updated', from: actor.user_id, payload: fields }],
      };
    });
    return presenter.one(actor, conversation_id);
  },

  async 'conversation:delete'(actor, { conversation_id }) {
    await change(actor, conversation_id, [], ({ conversation, subject, members }) => {
      // The owner repeats what took effect.
      const row = members.get(actor.user_id);
      if (conversation.deleted_at !== null && row?.state === 'active' && row.role === 'owner') return noChange;
      assertMay(actor, 'conversation:delete', subject, undefined, clock.now());
      return {
        conversation: { deleted_at: isoDate(clock.now()), ...(conversation.kind === 'room' && { name_key: null }) },
        events: [{ kind: 'deleted', from: actor.user_id, payload: {} }],
      };
    });
    return { conversation_id };
  },
});
