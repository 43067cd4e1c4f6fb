import type { Sequelize } from 'sequelize';
import { DataTypes, QueryTypes } from 'sequelize';
import { SequelizeStorage, Umzug } from 'umzug';
import type { Dialect } from './dialect.ts';
import * as initial from './migrations/0001-initial.ts';

const all = [{ name: '0001-initial', up: initial.up }];
const table = 'migrations';

export interface MigrationStatus {
  applied: string[];
  pending: string[];
}

/** Given what was applied, in order of their names. */
export const statusOf = (applied: string[]): MigrationStatus => ({
  applied,
  pending: all.map(({ name }) => name).filter(name => !applied.includes(name)),
});

/** Of a database without any: all are pending. */
export const nothingApplied = (): MigrationStatus => statusOf([]);

export interface Migrations {
  /** Writes nothing. What a newer version applied is among `applied`. */
  status(): Promise<MigrationStatus>;
  /** Brings the schema up to date; the names of what ran. Whoever calls holds the only lock, as umzug has none. */
  up(): Promise<string[]>;
}

export const createMigrations = (sequelize: Sequelize, dialect: Dialect): Migrations => {
  const schema = sequelize.getQueryInterface();
  return {
    async status() {
      if (!(await schema.tableExists(table))) return nothingApplied();
      const rows = await sequelize.query<{ name: string }>(`SELECT name FROM ${table} ORDER BY name`, {
        type: QueryTypes.SELECT,
        raw: true,
      });
      return statusOf(rows.map(({ name }) => name));
    },

    async up() {
      const model = sequelize.define(
        table,
        { name: { type: DataTypes.STRING, primaryKey: true } },
        { ...dialect.table, tableName: table, timestamps: false },
      );
      const umzug = new Umzug({
        migrations: all.map(({ name, up }) => ({ name, up: () => up(schema, dialect) })),
        storage: new SequelizeStorage({ model }),
        logger: undefined,
      });
      return (await umzug.up()).map(({ name }) => name);
    },
  };
};
