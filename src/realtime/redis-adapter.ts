import { createAdapter } from '@socket.io/redis-adapter';
import type { AdapterFactory } from './realtime.ts';

/**
 * Shares the rooms of Socket.IO over Redis. The clients are to swallow what fails: the adapter waits for no answer, and a rejection
 * that nobody catches would end the process.
 */
export const createRedisAdapter = ({
  pub,
  sub,
  prefix,
}: {
  pub: unknown;
  sub: unknown;
  prefix: string;
}): AdapterFactory => createAdapter(pub, sub, { key: `${prefix}socket.io` });
