import { DataTypes, type QueryInterface } from 'sequelize';
import type { Dialect } from '../dialect.ts';

const { BIGINT, INTEGER, STRING, TEXT } = DataTypes;

const required = (type: DataTypes.DataType) => ({ type, allowNull: false });
const optional = (type: DataTypes.DataType) => ({ type, allowNull: true });
const id = STRING(80);
const date = STRING(24);
const word = STRING(16);
const key = { ...required(id), primaryKey: true };
const counter = { ...required(INTEGER), defaultValue: 0 };
const place = { ...required(BIGINT), defaultValue: 0 };
const references = (model: string, onDelete: 'CASCADE' | 'RESTRICT' = 'RESTRICT') => ({
  references: { model, key: 'id' },
  onDelete,
});

/** Every step may find that it was done: a process can die before the migration is noted, and MySQL cannot roll DDL back. */
export const up = async (schema: QueryInterface, { table, referencesLock }: Dialect) => {
  const index = async (of: string, name: string, columns: string[], unique = false) => {
    const existing = (await schema.showIndex(of)) as { name: string }[];
    if (!existing.some(index => index.name === name)) await schema.addIndex(of, columns, { name, unique });
  };

  await schema.createTable(
    'users',
    {
      id: key,
      username: required(STRING(80)),
      username_key: optional(STRING(128)),
      full_name: required(STRING(160)),
      full_name_key: required(STRING(160)),
      email: optional(STRING(254)),
      email_key: optional(STRING(254)),
      password_hash: required(STRING(100)),
      role: required(word),
      created_at: required(date),
      last_seen_at: optional(date),
      erased_at: optional(date),
      membership_version: counter,
    },
    table,
  );
  await index('users', 'users_username_key', ['username_key'], true);
  await index('users', 'users_email_key', ['email_key'], true);
  await index('users', 'users_full_name_key', ['full_name_key']);

  await schema.createTable(
    'sessions',
    {
      id: key,
      user_id: { ...required(id), ...references('users', 'CASCADE') },
      generation: counter,
      rotated_at: place,
      created_at: required(date),
      last_seen_at: required(date),
      expires_at: required(date),
      user_agent: required(STRING(255)),
    },
    table,
  );
  await index('sessions', 'sessions_user', ['user_id']);
  await index('sessions', 'sessions_expiry', ['expires_at']);

  await schema.createTable(
    'conversations',
    {
      id: key,
      kind: required(word),
      name: optional(STRING(160)),
      name_key: optional(STRING(640)),
      direct_key: optional(STRING(170)),
      client_id: optional(STRING(128)),
      topic: required(STRING(500)),
      slow_mode_ms: counter,
      history: required(word),
      created_by: required(id),
      created_at: required(date),
      version: counter,
      deleted_at: optional(date),
    },
    table,
  );
  await index('conversations', 'conversations_name_key', ['name_key'], true);
  await index('conversations', 'conversations_direct', ['direct_key'], true);
  await index('conversations', 'conversations_client', ['created_by', 'client_id'], true);

  await schema.createTable(
    'members',
    {
      conversation_id: { ...key, ...(!referencesLock && references('conversations')) },
      user_id: { ...key, ...(!referencesLock && references('users')) },
      role: required(word),
      state: required(word),
      muted_until: optional(date),
      joined_seq: place,
      joined_version: counter,
      read_seq: place,
      read_n: place,
      delivered_seq: place,
      user_version: counter,
    },
    table,
  );
  await index('members', 'members_changes', ['user_id', 'user_version']);
  await index('members', 'members_of_user', ['user_id', 'state', 'conversation_id']);
  await index('members', 'members_by_state', ['conversation_id', 'state', 'user_id']);
  await index('members', 'members_by_role', ['conversation_id', 'role', 'state']);
  await index('members', 'members_muted', ['conversation_id', 'muted_until']);

  await schema.createTable(
    'outbox',
    {
      conversation_id: { ...key, ...references('conversations') },
      version: { ...required(INTEGER), primaryKey: true },
      event: required(TEXT),
    },
    table,
  );

  await schema.createTable(
    'notifications',
    {
      id: key,
      user_id: required(id),
      kind: required(word),
      conversation_id: required(id),
      seq: required(BIGINT),
      message_id: optional(STRING(128)),
      from_id: required(id),
      created_at: required(date),
      read_at: optional(date),
    },
    table,
  );
  await index('notifications', 'notifications_inbox', ['user_id', 'id']);
  await index('notifications', 'notifications_unread', ['user_id', 'read_at']);
  await index('notifications', 'notifications_once', ['conversation_id', 'seq', 'user_id'], true);

  const consumer = { ...required(id), primaryKey: true };
  await schema.createTable('feed_positions', { consumer, conversation_id: key, seq: place }, table);
  await schema.createTable('feed_stamps', { consumer, stamp: required(STRING(200)) }, table);
};
