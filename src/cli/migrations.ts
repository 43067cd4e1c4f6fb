import { join } from 'node:path';
import { BootError } from '../boot-error.ts';
import { type Config, isProduction } from '../config.ts';
import { openDataFolder } from '../data-folder.ts';
import type { Migrator } from '../storage/sql/migrator.ts';
import { Failure } from './failures.ts';
import { withoutServer } from './with-core.ts';

/** What a database lacks or has, by names that mean something to whoever reads the migrations. */
export interface Schema {
  applied: string[];
  pending: string[];
}

/** One of the databases, whose schema can be looked at and brought up to date. */
export interface Target {
  /** In JSON. */
  key: 'sql' | 'log';
  /** For people: `MySQL (MYSQL_URL)`. */
  name: string;
  /** Writes nothing, and needs no server to be stopped. */
  status(): Promise<Schema>;
  /** Resolves with what was done. Idempotent, and safe to run from several machines at once. */
  up(): Promise<string[]>;
}

/** Of the embedded server, the log is a file whose tables it makes and changes as it opens it. */
export const targetsOf = (config: Config): Target[] =>
  isProduction(config) ? [mysql(config), mongo(config)] : [sqlite(config)];

const mysql = ({ mysqlUrl }: Config): Target => ({
  key: 'sql',
  name: 'MySQL (MYSQL_URL)',
  status: () => withMigrator({ url: mysqlUrl }, migrator => migrator.status()),
  up: () => withMigrator({ url: mysqlUrl }, migrator => migrator.up()),
});

const sqlite = ({ dataDir }: Config): Target => {
  const file = join(dataDir, 'parley.db');
  return {
    key: 'sql',
    name: 'SQLite (parley.db)',
    status: () => withMigrator({ file }, migrator => migrator.status()),
    up: () =>
      withoutServer(async () => {
        const folder = openDataFolder(dataDir);
        try {
          return await withMigrator({ file }, migrator => migrator.up());
        } finally {
          folder.release();
        }
      }),
  };
};

const mongo = ({ mongodbUri: uri }: Config): Target => {
  // Loaded where it is used: the embedded server does without.
  const load = () => import('../storage/log/mongo/schema.ts');
  return {
    key: 'log',
    name: 'MongoDB (MONGODB_URI)',
    status: async () => {
      const { inspectMongoLog } = await load();
      return { applied: [], pending: await inspectMongoLog({ uri }) };
    },
    up: async () => {
      const { prepareMongoLog } = await load();
      return prepareMongoLog({ uri });
    },
  };
};

const withMigrator = async <T>(
  of: { url: string } | { file: string },
  work: (migrator: Migrator) => Promise<T>,
): Promise<T> => {
  const { openMigrator } = await import('../storage/sql/migrator.ts');
  const migrator = await openMigrator(of);
  try {
    return await work(migrator);
  } finally {
    await migrator.close();
  }
};

/** Why a database could not be looked at or changed, as one sentence that names it. */
export const reasonOf = ({ name }: Target, error: unknown): string => {
  if (error instanceof Failure || error instanceof BootError) return error.message;
  return `${name}: ${deepest(error)}.`;
};

const deepest = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return deepest(error.cause);
  return error.message.replaceAll(/\s+/g, ' ').replace(/\.$/, '').slice(0, 300);
};
