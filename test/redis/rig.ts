import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { TestServer } from '../../scripts/servers/program.ts';
import { startRedis } from '../../scripts/servers/redis.ts';
import { openRedisCluster, type RedisCluster, type RedisClusterParts } from '../../src/cluster/redis/open.ts';
import { systemClock } from '../../src/ports/clock.ts';
import type { StoredEvent } from '../../src/ports/log.ts';
import { until } from '../support/clients.ts';

/** Of all instances that tests open. */
export const linkSecret = 'what the instances of the tests share';

/** A real Redis for the tests of one file. */
export const useRedis = () => {
  let server: TestServer;
  let folder: string;
  let count = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-redis-'));
    server = await startRedis({ folder });
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  return {
    server: () => server,

    /** A cluster of its own: what its instances are opened by, and what another program sees of it. */
    newCluster(settings: RedisClusterParts['settings'] = {}) {
      count += 1;
      const prefix = `t${count}:`;
      const errors: unknown[] = [];
      return {
        prefix,
        /** What listeners threw. */
        errors,
        async open(instance_id = 'a', parts: Partial<RedisClusterParts> = {}): Promise<RedisCluster> {
          const instance = await openRedisCluster({
            url: server.url,
            prefix,
            instance_id,
            secret: linkSecret,
            clock: systemClock,
            logger: { info: () => undefined, warn: () => undefined },
            onListenerError: error => errors.push(error),
            settings,
            ...parts,
          });
          onTestFinished(() => instance.close());
          return instance;
        },
      };
    },

    /** A client with no manners. */
    async client(): Promise<Redis> {
      const client = new Redis(server.url);
      client.on('error', () => undefined);
      onTestFinished(() => client.disconnect());
      await until(() => client.status === 'ready');
      return client;
    },
  };
};

/** For tests of what is exact: this machine may be slow, and then answers are late that would be in time elsewhere. */
export const patient = { patienceMs: 2_000 };

/** In ms: what waits for nobody is done by then also on a machine that is busy; what waits for a Redis that stands still never is. */
export const promptly = 2_000;

export const eventOf = (conversation_id: string, seq: number, facts: Partial<StoredEvent> = {}): StoredEvent => ({
  conversation_id,
  id: `${conversation_id}.${seq.toString(36)}.r`,
  seq,
  n: seq,
  kind: 'message',
  from: 'ann',
  client_id: `k${seq}`,
  date: new Date().toISOString(),
  payload: { message: `text ${seq}` },
  ...facts,
});

/** What an instance hears, as `seq`, or `seq from elsewhere`. */
export const listen = ({ publisher }: Pick<RedisCluster, 'publisher'>) => {
  const heard: string[] = [];
  publisher.subscribe((conversation_id, events, origin) => {
    for (const { seq } of events) heard.push(`${conversation_id} ${seq}${origin === 'here' ? '' : ' elsewhere'}`);
  });
  return heard;
};

/** What a promise or value came to, and after how many milliseconds. */
export const timed = async <T>(work: () => T | Promise<T>) => {
  const begun = performance.now();
  const value = await work();
  return { value, ms: performance.now() - begun };
};
