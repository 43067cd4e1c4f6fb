import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { sqliteDialect } from './dialect.ts';
import { createMigrations, type MigrationStatus, type Migrations, nothingApplied } from './migrations.ts';
import { connectMysql, type MysqlPlace, parseMysqlUrl } from './mysql-connect.ts';
import { connectSqlite } from './sqlite-connect.ts';

export interface Migrator extends Migrations {
  close(): Promise<void>;
}

/** Milliseconds that a migrator waits for another one. */
const patienceMs = 20_000;

/** Locks belong to the whole server, and their names have at most 64 characters. */
const lockName = ({ database }: MysqlPlace) =>
  `parley.migrate.${createHash('sha256').update(database).digest('hex').slice(0, 32)}`;

/**
 * Migrates alone. The lock belongs to a connection and goes with it, hence the schema is changed over that very connection: it is the
 * only one of its pool, and a new one would first take the lock again.
 */
export const migrateAlone = async (place: MysqlPlace): Promise<string[]> => {
  const { sequelize, dialect } = await connectMysql(place, {
    poolSize: 1,
    async prepare(ask) {
      for (const until = performance.now() + patienceMs; ; ) {
        const [row] = (await ask(`SELECT GET_LOCK('${lockName(place)}', 1) AS got`)) as { got: number | null }[];
        if (Number(row?.got) === 1) return;
        if (performance.now() > until) throw new Error('another instance has been migrating for too long');
      }
    },
  });
  try {
    return await createMigrations(sequelize, dialect).up();
  } finally {
    await sequelize.close();
  }
};

/** The schema's state, and how it is brought up to date. Of a file, the caller holds the lock of its folder. */
export const openMigrator = async (of: { url: string } | { file: string }): Promise<Migrator> => {
  if ('file' in of) return openFileMigrator(of.file);
  const place = parseMysqlUrl(of.url);
  const { sequelize, dialect } = await connectMysql(place, { poolSize: 1 });
  return {
    status: createMigrations(sequelize, dialect).status,
    up: () => migrateAlone(place),
    close: () => sequelize.close(),
  };
};

/** A file that is not there is not made by asking for its state. */
const openFileMigrator = (file: string): Migrator => {
  const run = async <T>(work: (migrations: Migrations) => Promise<T>): Promise<T> => {
    const { sequelize, close } = await connectSqlite(file);
    try {
      return await work(createMigrations(sequelize, sqliteDialect));
    } finally {
      await close();
    }
  };
  return {
    status: async (): Promise<MigrationStatus> => (existsSync(file) ? run(({ status }) => status()) : nothingApplied()),
    up: () => run(({ up }) => up()),
    close: async () => undefined,
  };
};
