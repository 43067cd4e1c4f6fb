import { Sequelize, Transaction } from 'sequelize';
import type { Storage } from '../../ports/storage.ts';
import { createConversationStore } from './conversations.ts';
import { type Dialect, sqliteDialect } from './dialect.ts';
import { migrate } from './migrate.ts';
import { defineModels } from './models.ts';
import { createNotificationStore } from './notifications.ts';
import { createSessionStore } from './sessions.ts';
import { openSqliteDriver } from './sqlite-driver.ts';
import { createGate, createTransact } from './transact.ts';
import { createUserStore } from './users.ts';

/** The stores over any database that Sequelize speaks to, its schema brought up to date. `release` runs after the last statement. */
const createStorage = async (
  sequelize: Sequelize,
  dialect: Dialect,
  release: () => Promise<void>,
): Promise<Storage> => {
  await migrate(sequelize, dialect);
  const { guard, close } = createGate();
  const parts = { sequelize, models: defineModels(sequelize), transact: createTransact(sequelize, dialect), dialect };
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
      await sequelize.close();
      await release();
    },
  };
};

/**
 * Who, in one SQLite file whose folder exists. The caller holds the lock of that folder. Rejects with an Error that names the file
 * where it is damaged, no database, or cannot be opened.
 */
export const openSqliteStorage = async ({ file }: { file: string }): Promise<Storage> => {
  const driver = await openSqliteDriver(file);
  const sequelize = new Sequelize({
    dialect: 'sqlite',
    storage: file,
    dialectModule: driver.dialectModule,
    // The driver has created the file and set its pragmas; without the CREATE flag Sequelize makes no folder per transaction.
    dialectOptions: { mode: 2 },
    transactionType: Transaction.TYPES.IMMEDIATE,
    retry: { max: 1 },
    logging: false,
  });
  try {
    return await createStorage(sequelize, sqliteDialect, driver.close);
  } catch (cause) {
    await driver.close();
    throw new Error(`Cannot prepare the schema of ${file}`, { cause });
  }
};
