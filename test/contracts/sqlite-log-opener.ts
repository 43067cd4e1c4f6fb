import { openSqliteLog } from '../../src/storage/log/sqlite/log.ts';

/** For child processes: opens the log in a file. */
export const open = (file: string) => openSqliteLog({ file });
