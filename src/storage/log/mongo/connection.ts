import mongoose, { type Connection } from 'mongoose';
import { type Collections, collectionsOf } from './collections.ts';

/**
 * Milliseconds. A server that stands still is noticed after a heartbeat and `silence`, and its connections are then cut; one that is
 * gone is waited for as long as `selection`, which bridges the choice of another primary. Calls have a deadline beside that: log.ts.
 */
const heartbeat = 500;
const silence = 2_000;
const selection = 3_000;
/** Milliseconds that a call waits for a free connection at most. */
const queue = 4_000;

/** Everything that a read or write relies on, whatever the URI says. */
const promises = {
  /** A resolved write survives the loss of a minority of the servers, and a power failure. */
  w: 'majority',
  journal: true,
  /** Nothing is read that could be rolled back; from the primary, so that what was resolved is seen. */
  readConcernLevel: 'majority',
  readPreference: 'primary',
  /** A retry by the driver could meet its own first attempt. Whoever appends looks up instead what became of it. */
  retryWrites: false,
} as const;

const defaultDatabase = 'parley';

/** The database that a URI names, which may list several hosts; `parley` where it names none. */
export const databaseOf = (uri: string): string =>
  /^mongodb(?:\+srv)?:\/\/[^/?]+\/([^?]+)/.exec(uri)?.[1] ?? defaultDatabase;

export interface Opened {
  connection: Connection;
  collections: Collections;
}

/** Connects through Mongoose; rejects within 3 seconds where the server does not answer. `onError` is told of what no call reports. */
export const connect = async ({
  uri,
  poolSize,
  onError,
}: {
  uri: string;
  poolSize: number;
  onError?: (error: unknown) => void;
}): Promise<Opened> => {
  const connection = mongoose.createConnection(uri, {
    ...promises,
    dbName: databaseOf(uri),
    appName: 'parley',
    autoCreate: false,
    autoIndex: false,
    bufferCommands: false,
    ignoreUndefined: true,
    maxPoolSize: poolSize,
    minPoolSize: 1,
    heartbeatFrequencyMS: heartbeat,
    connectTimeoutMS: silence,
    serverSelectionTimeoutMS: selection,
    waitQueueTimeoutMS: queue,
    socketTimeoutMS: 10_000,
  });
  connection.on('error', error => onError?.(error));
  try {
    await connection.asPromise();
    if (!connection.db) throw new Error('The connection has no database.');
    return { connection, collections: collectionsOf(connection.db) };
  } catch (error) {
    await connection.close();
    throw error;
  }
};
