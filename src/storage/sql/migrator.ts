import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import Libsql from 'libsql';
import { sqliteDialect } from './dialect.ts';
import { createMigrations, type MigrationStatus, type Migrations, nothingApplied, statusOf } from './migrations.ts';
import { connectMysql, type MysqlPlace, parseMysqlUrl } from './mysql-connect.ts';
import { connectSqlite } from './sqlite-connect.ts';

export interface Migrator extends Migrations {
  close(): Promise<void>;
}

/** Milliseconds that a migrator waits for another one. */
const patienceMs = 20_000;

/** Locks belong to the whole server, and their names have at most 64 characters. */
export const lockName = ({ database }: Pick<MysqlPlace, 'database'>) =>
  `parley.migrate.${createHash('sha256').update(database).digest('hex').slice(0, 32)}`;

/**
 * Migrates alone. The lock belongs to a connection and goes with it, hence the schema is changed over that very connection: it is the
 * only one of its pool, and a new one would first take the lock again.
 */
export const migrateAlone = async (place: MysqlPlace): Promise<string[]> => {
  const { sequelize, dialect } = await connectMysql(place, {
    poolSize: 1,
    prepare: {
      ms: patienceMs,
      async run(ask) {
        for (const until = performance.now() + patienceMs; ; ) {
          const [row] = (await ask(`SELECT GET_LOCK('${lockName(place)}', 1) AS got`)) as { got: number | null }[];
          if (Number(row?.got) === 1) return;
          if (performance.now() > until) throw new Error('another instance has been migrating for too long');
        }
      },
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

const openFileMigrator = (file: string): Migrator => ({
  status: async () => lookAt(file),
  async up() {
    const { sequelize, close } = await connectSqlite(file);
    try {
      return await createMigrations(sequelize, sqliteDialect).up();
    } finally {
      await close();
    }
  },
  close: async () => undefined,
});

/**
 * Over a connection that cannot write, as nobody's lock is held: the last one that could would copy the changes beside a file that a
 * server left when it died. Without such changes the file is read as it lies, or SQLite would put empty ones there.
 */
const lookAt = (file: string): MigrationStatus => {
  if (!existsSync(file)) return nothingApplied();
  const path = file.split('/').map(encodeURIComponent).join('/');
  const still = existsSync(`${file}-wal`) ? '' : '&immutable=1';
  const database = new Libsql(`file:${path}?mode=ro${still}`, { timeout: 250 });
  try {
    const table = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'migrations'").raw().get();
    if (!table) return nothingApplied();
    const rows = database.prepare('SELECT name FROM migrations ORDER BY name').raw().all() as [string][];
    return statusOf(rows.map(([name]) => name));
  } finally {
    database.close();
  }
};
