import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { programOf } from '../real-parts.mjs';
import { freePort, type ServerOptions, startProgram, type TestServer } from './program.ts';

/** A server that speaks MongoDB's protocol. It syncs each commit, as only then an acknowledged write survives a kill. */
export const startMongodb = async ({ folder, port, onDeath }: ServerOptions): Promise<TestServer> => {
  const at = port ?? (await freePort());
  const url = `mongodb://127.0.0.1:${at}`;
  const storage = join(folder, 'mongodb');
  mkdirSync(storage, { recursive: true });
  return startProgram({
    name: 'MongoDB',
    port: at,
    url,
    onDeath,
    command: programOf('a MongoDB server'),
    args: [
      ...['--host', '127.0.0.1', '--port', String(at), '--storage-path', storage],
      ...['--sync-on-commit', '--log-file-max', '8MB', '--cache-size', '256M'],
    ],
    cwd: folder,
    async answers() {
      const connection = mongoose.createConnection(url, { serverSelectionTimeoutMS: 1_000 });
      try {
        await connection.asPromise();
        await connection.db?.command({ ping: 1 });
      } finally {
        await connection.close();
      }
    },
  });
};
