import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ConversationChange, Storage, UserRow } from '../../src/ports/storage.ts';
import { openSqliteStorage } from '../../src/storage/sql/open.ts';

export const temporaryFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-sql-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

/** A real store in a folder of its own, both gone when the test is. */
export const openStorage = async () => {
  const file = join(await temporaryFolder(), 'parley.db');
  const storage = await openSqliteStorage({ file });
  onTestFinished(() => storage.close());
  return { storage, file };
};

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
