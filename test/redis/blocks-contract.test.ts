import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { openRedisCluster, type RedisCluster } from '../../src/cluster/redis/open.ts';
import { systemClock } from '../../src/ports/clock.ts';
import type { Log } from '../../src/ports/log.ts';
import { erasing } from '../contracts/log-erasing.ts';
import { folding } from '../contracts/log-folding.ts';
import type { LogHarness } from '../contracts/log-harness.ts';
import { reading } from '../contracts/log-reading.ts';
import { openSqliteHarness } from '../contracts/sqlite-log-harness.ts';
import { linkSecret, patient, useRedis } from './rig.ts';

const { server } = useRedis();

/** All tests share what is cached, as the conversations of one are named like those of another: only their epochs differ. */
describe('a log behind the cache reads, folds and erases as the contract of a log says', () => {
  let instances: RedisCluster[] = [];
  beforeAll(async () => {
    const logger = { info: () => undefined, warn: () => undefined };
    const open = (instance_id: string) =>
      openRedisCluster({
        ...{ url: server().url, prefix: 't:', instance_id, logger },
        secret: linkSecret,
        clock: systemClock,
        settings: patient,
      });
    instances = await Promise.all([open('a'), open('b')]);
  });
  afterAll(async () => {
    for (const instance of instances) await instance.close();
  });

  let opened = 0;
  /** Each log that a test opens is that of another instance. */
  const behindCache = (log: Log): Log => {
    opened += 1;
    return instances[opened % instances.length]?.blocks(log) ?? log;
  };

  const open = async (): Promise<LogHarness> => {
    const harness = await openSqliteHarness();
    let log = behindCache(harness.log);
    return {
      ...harness,
      get log() {
        return log;
      },
      openSecond: async () => behindCache(await harness.openSecond()),
      async reopen() {
        log = behindCache(await harness.reopen());
        return log;
      },
    };
  };

  let current: LogHarness | undefined;
  beforeEach(async () => {
    current = await open();
  });
  afterEach(async () => {
    await current?.dispose();
    current = undefined;
  });
  const harness = () => {
    if (!current) throw new Error('No log is open');
    return current;
  };
  for (const part of [reading, folding, erasing]) part(harness);
});
