import { randomBytes } from 'node:crypto';
import type { ConversationChange, NotificationRow, Storage, UserRow } from '../../../src/ports/storage.ts';

/** An empty store for one test, gone when that is. */
export type OpenStorage = () => Promise<{ storage: Storage }>;

export const newId = () => randomBytes(12).toString('base64url');
export const date = (ms = Date.now()) => new Date(ms).toISOString();

export const addUser = async (storage: Storage, over: Partial<UserRow> = {}) => {
  const id = newId();
  const user: UserRow = {
    id,
    username: `u${id}`,
    full_name: 'Some Body',
    email: null,
    password_hash: 'x',
    role: 'user',
    created_at: date(),
    last_seen_at: null,
    erased_at: null,
    ...over,
  };
  await storage.users.create(user, { username: user.username.toLowerCase(), email: user.email });
  return user;
};

export const joined = (user_id: string, by = user_id): ConversationChange['events'][number] => ({
  kind: 'joined',
  from: by,
  payload: { user_id, role: 'member' },
});

export const addConversation = async (
  storage: Storage,
  owner: string,
  over: Partial<Parameters<Storage['conversations']['create']>[0]> = {},
) =>
  storage.conversations.create(
    {
      id: newId(),
      kind: 'group',
      name: 'Some Group',
      topic: '',
      slow_mode_ms: 0,
      history: 'joined',
      created_by: owner,
      created_at: date(),
      name_key: null,
      direct_key: null,
      client_id: null,
      ...over,
    },
    {
      members: [{ user_id: owner, role: 'owner', state: 'active' }],
      events: [{ kind: 'created', from: owner, payload: {} }, joined(owner)],
    },
  );

export const addSession = async (storage: Storage, user_id: string, lifeMs = 60_000) => {
  const id = newId();
  const now = date();
  await storage.sessions.create({
    id,
    user_id,
    created_at: now,
    last_seen_at: now,
    expires_at: date(Date.now() + lifeMs),
    user_agent: 'test',
  });
  return id;
};

export const notification = (user_id: string, seq: number, over: Partial<NotificationRow> = {}): NotificationRow => ({
  id: `${String(seq).padStart(8, '0')}${newId()}`,
  user_id,
  kind: 'mention',
  conversation_id: 'c',
  seq,
  message_id: `c.${seq}.x`,
  from_id: 'someone',
  created_at: date(),
  read_at: null,
  ...over,
});

export const join = (storage: Storage, id: string, user_id: string) =>
  storage.conversations.change(id, [user_id], () => ({
    members: [{ user_id, state: 'active' }],
    events: [joined(user_id)],
  }));

/** By code point, as the store sorts. */
export const byText = (a: string, b: string) => (a < b ? -1 : 1);
