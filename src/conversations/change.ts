import type { Actor } from '../actor.ts';
import { notFound } from '../errors.ts';
import type { ConversationChange, ConversationRow, ConversationStore, MemberRow } from '../ports/storage.ts';
import type { Subject } from './may.ts';
import type { Outbox } from './outbox.ts';
import { type MemberState, memberOfRow } from './projection.ts';

/** What a decision about members is taken on: the rows, locked, in the order in which their events will stand in the log. */
export interface View {
  conversation: ConversationRow;
  /** The rows as `may` wants them. Knows only the users that were asked for. */
  subject: Subject;
  members: Map<string, MemberRow>;
  /** How many active owners there are. */
  owners: number;
}

/** Told of each thing that happened, for the log and the counters. */
export type RecordEvent = (event: string, facts: Record<string, unknown>) => void;

export interface ChangeParts {
  storage: ConversationStore;
  outbox: Outbox;
  record: RecordEvent;
}

/**
 * Changes a conversation or its members: decides on the locked rows, commits, and resolves when the events are in the log (G9).
 * `decide` is synchronous, without side effects, and throws to refuse; a change without events only waits for what was pending,
 * so that a resend of a command that took effect is answered when its event is in the log. Throws `not_found` for an unknown id.
 */
export type Change = (
  actor: Actor,
  conversation_id: string,
  user_ids: string[],
  decide: (view: View) => ConversationChange,
) => Promise<void>;

export const createChange =
  ({ storage, outbox, record }: ChangeParts): Change =>
  async (actor, conversation_id, user_ids, decide) => {
    const asked = [...new Set([actor.user_id, ...user_ids])];
    const changed = await storage.change(conversation_id, asked, (conversation, members, owners) =>
      decide({ conversation, members, owners, subject: subjectOf(conversation, members) }),
    );
    if (!changed) throw notFound();
    await outbox.complete(conversation_id);
    for (const { event } of changed.outbox) {
      record(`conversation_${event.kind}`, {
        conversation_id,
        by: actor.user_id,
        ...(event.payload.user_id !== undefined && { user_id: event.payload.user_id }),
      });
    }
  };

/** Nothing to do: it is so already. */
export const noChange: ConversationChange = { events: [] };

const subjectOf = (conversation: ConversationRow, members: Map<string, MemberRow>): Subject => ({
  kind: conversation.kind,
  deleted: conversation.deleted_at !== null,
  slow_mode_ms: conversation.slow_mode_ms,
  member(user_id): MemberState | undefined {
    const row = members.get(user_id);
    if (row) return memberOfRow(row, conversation.kind);
    if (conversation.kind !== 'lobby') return undefined;
    return { user_id, role: 'member', muted_until: null, joined_seq: 0, banned: false, active: true };
  },
  lastMessageAt: () => undefined,
});
