import type { Sequelize } from 'sequelize';
import { SequelizeStorage, Umzug } from 'umzug';
import type { Dialect } from './dialect.ts';
import * as initial from './migrations/0001-initial.ts';

/**
 * Brings the schema up to date. Whoever calls holds the only lock: umzug has none, and two instances that migrate at once fail
 * (here the lock of the data folder; a server that several instances share needs one of its own).
 */
export const migrate = async (sequelize: Sequelize, dialect: Dialect) => {
  const umzug = new Umzug({
    migrations: [{ name: '0001-initial', up: () => initial.up(sequelize.getQueryInterface(), dialect) }],
    storage: new SequelizeStorage({ sequelize, modelName: 'migrations', tableName: 'migrations' }),
    logger: undefined,
  });
  await umzug.up();
};
