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

/** Of a database without any: all of them. */
export const nothingApplied = (): MigrationStatus => ({ applied: [], pending: all.map(({ name }) => name) });

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
      const applied = rows.map(({ name }) => name);
      return { applied, pending: nothingApplied().pending.filter(name => !applied.includes(name)) };
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
