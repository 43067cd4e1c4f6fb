import { openMongoLog } from '../../src/storage/log/mongo/log.ts';

/** For child processes: opens the log of a URI. */
export const open = (uri: string) => openMongoLog({ uri, poolSize: 10 });
