import { join } from 'node:path';
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
  /** For people: `MySQL (MYSQL_URL)`. */
  name: string;
  /** Writes nothing, and needs no server to be stopped. */
  status(): Promise<Schema>;
  /** Resolves with what was done. Idempotent, and safe to run from several machines at once. */
  up(): Promise<string[]>;
}

export type Targets = Record<'sql' | 'log', Target>;

/** The log of the embedded server is one file, whose tables the server makes and changes as it opens it. */
const nothing = { status: async () => ({ applied: [], pending: [] }), up: async () => [] };

export const targetsOf = (config: Config): Targets => {
  if (isProduction(config)) return { sql: mysql(config), log: mongo(config) };
  return { sql: sqlite(config), log: { name: 'log.db', ...nothing } };
};

const mysql = ({ mysqlUrl }: Config): Target => ({
  name: 'MySQL (MYSQL_URL)',
  status: () => withMigrator({ url: mysqlUrl }, migrator => migrator.status()),
  up: () => withMigrator({ url: mysqlUrl }, migrator => migrator.up()),
});

const sqlite = ({ dataDir }: Config): Target => {
  const file = join(dataDir, 'parley.db');
  return {
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

/** Says of which database it is that something went wrong. */
export const told = async <T>(target: Target, work: (target: Target) => Promise<T>): Promise<T> => {
  try {
    return await work(target);
  } catch (cause) {
    if (cause instanceof Failure || !(cause instanceof Error)) throw cause;
    throw new Failure(`${target.name}: ${deepest(cause)}`, { cause });
  }
};

const deepest = (error: Error): string => {
  if (error.cause instanceof Error) return deepest(error.cause);
  return `${error.message.replaceAll(/\s+/g, ' ').replace(/\.$/, '').slice(0, 300)}.`;
};
