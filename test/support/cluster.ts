import { rmSync } from 'node:fs';
import { type ClusterOfServers, type ClusterOptions, startCluster } from '../../scripts/servers/cluster.ts';
import { temporaryFolder } from './server.ts';

/** A cluster of real programs with what tests want of its instances, in a folder that goes when it is closed. */
export const startTestCluster = async ({
  env,
  ...options
}: Omit<ClusterOptions, 'folder'> = {}): Promise<ClusterOfServers> => {
  const folder = temporaryFolder();
  const cluster = await startCluster({
    ...options,
    folder,
    env: {
      BCRYPT_COST: '4',
      LOG_LEVEL: 'warn',
      RATE_LIMIT: 'off',
      SHED_LAG_MS: '0',
      SOCKETS_PER_USER: '100',
      DRAIN_MS: '500',
      ...env,
    },
  });
  return {
    ...cluster,
    async close() {
      await cluster.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
