import type { ConversationRow, MemberRow } from '../../ports/storage.ts';

/** What the port knows of a table; keys, counters and versions of the store's own are left out. */
export const conversationColumns: (keyof ConversationRow)[] = [
  'id',
  'kind',
  'name',
  'topic',
  'slow_mode_ms',
  'history',
  'created_by',
  'created_at',
  'version',
  'deleted_at',
];

export const memberColumns: (keyof MemberRow)[] = [
  'conversation_id',
  'user_id',
  'role',
  'state',
  'muted_until',
  'joined_seq',
  'read_seq',
  'read_n',
  'delivered_seq',
  'user_version',
];
