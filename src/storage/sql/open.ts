import type { Sequelize } from 'sequelize';
import type { Storage } from '../../ports/storage.ts';
import { createConversationStore } from './conversations.ts';
import { type Dialect, sqliteDialect } from './dialect.ts';
import { createMigrations } from './migrations.ts';
import { migrateAlone } from './migrator.ts';
import { defineModels } from './models.ts';
import { connectMysql, parseMysqlUrl } from './mysql-connect.ts';
import { createNotificationStore } from './notifications.ts';
import { createSessionStore } from './sessions.ts';
import { connectSqlite } from './sqlite-connect.ts';
import { createGate, createTransact } from './transact.ts';
import { createUserStore } from './users.ts';

/** The stores over any database that Sequelize speaks to, whose schema is up to date. `release` runs after the last statement. */
const createStorage = (sequelize: Sequelize, dialect: Dialect, release: () => Promise<void>): Storage => {
  const { guard, close } = createGate(dialect);
  const parts = { sequelize, models: defineModels(sequelize), transact: createTransact(sequelize), dialect };
  const own = guard({ ping: () => sequelize.query('SELECT 1') });
  return {
    users: guard(createUserStore(parts)),
    sessions: guard(createSessionStore(parts)),
    conversations: guard(createConversationStore(parts)),
    notifications: guard(createNotificationStore(parts)),
    async ping() {
      await own.ping();
    },
    async close() {
      await close();
      await release();
    },
  };
};

/**
 * Who, in one SQLite file whose folder exists. The caller holds the lock of that folder. Rejects with an Error that names the file
 * where it is damaged, no database, or cannot be opened.
 */
export const openSqliteStorage = async ({ file }: { file: string }): Promise<Storage> => {
  const { sequelize, close } = await connectSqlite(file);
  try {
    await createMigrations(sequelize, sqliteDialect).up();
    return createStorage(sequelize, sqliteDialect, close);
  } catch (cause) {
    await close();
    throw new Error(`Cannot prepare the schema of ${file}`, { cause });
  }
};

export interface MysqlOptions {
  /** `mysql://user:password@host:3306/database`, with `?ssl=true` where the connection is to be encrypted. */
  url: string;
  /** Connections at most. */
  poolSize: number;
  /** Hears what does not keep the store from working, such as a server that commits without writing to disk. */
  onError?: (error: Error) => void;
}

/**
 * Who, in a database of MySQL (8.0.17 and later) or MariaDB that several instances share; whichever comes first brings its schema up
 * to date. Creates no database. Rejects within 3 s where the server does not answer, and with an Error whose message says what is
 * wrong (no database, access denied) without the password. Afterwards every call is answered within 4.5 s, and works again within
 * seconds of the server's return.
 */
export const openMysqlStorage = async ({ url, poolSize, onError }: MysqlOptions): Promise<Storage> => {
  const place = parseMysqlUrl(url);
  const { sequelize, dialect, warnings } = await connectMysql(place, { poolSize });
  try {
    const { pending } = await createMigrations(sequelize, dialect).status();
    if (pending.length > 0) await migrateAlone(place);
    for (const warning of warnings) onError?.(new Error(warning));
    return createStorage(sequelize, dialect, () => sequelize.close());
  } catch (error) {
    await sequelize.close();
    throw error;
  }
};
