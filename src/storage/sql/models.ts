import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import type { ConversationRow, MemberRow, NotificationRow, SessionRow, UserRow } from '../../ports/storage.ts';

const { BIGINT, INTEGER, STRING, TEXT } = DataTypes;

interface UserColumns extends UserRow {
  username_key: string | null;
  full_name_key: string;
  email_key: string | null;
  membership_version: number;
}

interface ConversationColumns extends ConversationRow {
  name_key: string | null;
  direct_key: string | null;
  client_id: string | null;
}

interface MemberColumns extends MemberRow {
  /** The outbox version of the latest joining, so that an older one that is appended late cannot pass for it. */
  joined_version: number;
  /** Where the query includes it. */
  conversation?: ConversationRow;
}

interface OutboxColumns {
  conversation_id: string;
  version: number;
  /** The event as JSON. */
  event: string;
}

interface PositionColumns {
  consumer: string;
  conversation_id: string;
  seq: number;
}

interface StampColumns {
  consumer: string;
  stamp: string;
}

type Table<C extends object> = ModelStatic<Model<C, C>>;

export interface Models {
  users: Table<UserColumns>;
  sessions: Table<SessionRow>;
  conversations: Table<ConversationColumns>;
  members: Table<MemberColumns>;
  outbox: Table<OutboxColumns>;
  notifications: Table<NotificationRow>;
  positions: Table<PositionColumns>;
  stamps: Table<StampColumns>;
}

/** A new object each time: Sequelize writes the column's name into it. */
const key = () => ({ type: STRING, primaryKey: true });

/** Lengths, indexes and references stand in the migrations; models only say what columns there are. */
export const defineModels = (sequelize: Sequelize): Models => {
  const options = { timestamps: false, freezeTableName: true } as const;
  const models: Models = {
    users: sequelize.define(
      'users',
      {
        id: key(),
        username: STRING,
        username_key: STRING,
        full_name: STRING,
        full_name_key: STRING,
        email: STRING,
        email_key: STRING,
        password_hash: STRING,
        role: STRING,
        created_at: STRING,
        last_seen_at: STRING,
        erased_at: STRING,
        membership_version: INTEGER,
      },
      options,
    ),
    sessions: sequelize.define(
      'sessions',
      {
        id: key(),
        user_id: STRING,
        generation: INTEGER,
        rotated_at: BIGINT,
        created_at: STRING,
        last_seen_at: STRING,
        expires_at: STRING,
        user_agent: STRING,
      },
      options,
    ),
    conversations: sequelize.define(
      'conversations',
      {
        id: key(),
        kind: STRING,
        name: STRING,
        name_key: STRING,
        direct_key: STRING,
        client_id: STRING,
        topic: STRING,
        slow_mode_ms: INTEGER,
        history: STRING,
        created_by: STRING,
        created_at: STRING,
        version: INTEGER,
        deleted_at: STRING,
      },
      options,
    ),
    members: sequelize.define(
      'members',
      {
        conversation_id: key(),
        user_id: key(),
        role: STRING,
        state: STRING,
        muted_until: STRING,
        joined_seq: BIGINT,
        joined_version: INTEGER,
        read_seq: BIGINT,
        read_n: BIGINT,
        delivered_seq: BIGINT,
        user_version: INTEGER,
      },
      options,
    ),
    outbox: sequelize.define(
      'outbox',
      { conversation_id: key(), version: { type: INTEGER, primaryKey: true }, event: TEXT },
      options,
    ),
    notifications: sequelize.define(
      'notifications',
      {
        id: key(),
        user_id: STRING,
        kind: STRING,
        conversation_id: STRING,
        seq: BIGINT,
        message_id: STRING,
        from_id: STRING,
        created_at: STRING,
        read_at: STRING,
      },
      options,
    ),
    positions: sequelize.define('feed_positions', { consumer: key(), conversation_id: key(), seq: BIGINT }, options),
    stamps: sequelize.define('feed_stamps', { consumer: key(), stamp: STRING }, options),
  };
  const { users, sessions, conversations, members } = models;
  sessions.belongsTo(users, { foreignKey: 'user_id', as: 'user', constraints: false });
  members.belongsTo(conversations, { foreignKey: 'conversation_id', as: 'conversation', constraints: false });
  return models;
};
