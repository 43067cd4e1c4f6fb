import { Sequelize, Transaction } from 'sequelize';
import { openSqliteDriver } from './sqlite-driver.ts';

/** Sequelize on one SQLite file, and what closes both. Rejects with an Error that names the file where that cannot be opened. */
export const connectSqlite = async (file: string) => {
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
  return {
    sequelize,
    async close() {
      await sequelize.close();
      await driver.close();
    },
  };
};
