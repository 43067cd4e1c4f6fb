import { openRedisCluster } from '../../src/cluster/redis/open.ts';
import { systemClock } from '../../src/ports/clock.ts';

/** An instance in a process of its own, with users online, for as long as it is let live. */
const [, , url = '', prefix = '', instance_id = '', ...users] = process.argv;
const logger = { info: () => undefined, warn: () => undefined };
const { cluster, claim } = await openRedisCluster({
  ...{ url, prefix, instance_id, logger },
  secret: '',
  clock: systemClock,
});
await claim();
for (const user of users) await cluster.online(user, 'socket');
process.stdout.write('online\n');
