import { Redis } from 'ioredis';
import { programOf } from '../real-parts.mjs';
import { freePort, type ServerOptions, startProgram, type TestServer } from './program.ts';

/** A Redis that keeps nothing on disk: what it holds may vanish. */
export const startRedis = async ({ folder, port, onDeath }: ServerOptions): Promise<TestServer> => {
  const at = port ?? (await freePort());
  const url = `redis://127.0.0.1:${at}`;
  return startProgram({
    name: 'Redis',
    port: at,
    url,
    onDeath,
    command: programOf('Redis'),
    args: ['--bind', '127.0.0.1', '--port', String(at), '--save', '', '--appendonly', 'no', '--dir', folder],
    cwd: folder,
    async answers() {
      const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 1_000 });
      client.on('error', () => undefined);
      try {
        await client.connect();
        await client.ping();
      } finally {
        client.disconnect();
      }
    },
  });
};
