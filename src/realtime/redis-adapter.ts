import { createAdapter } from '@socket.io/redis-adapter';
import type { AdapterFactory } from './realtime.ts';

/**
 * Shares the rooms of Socket.IO over Redis, under `key`. The clients are to swallow what fails: the adapter waits for no answer, and a
 * rejection that nobody catches would end the process.
 */
export const createRedisAdapter = ({ pub, sub, key }: { pub: unknown; sub: unknown; key: string }): AdapterFactory =>
  createAdapter(pub, sub, { key });
