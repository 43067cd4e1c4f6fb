import { afterAll } from 'vitest';
import { startInstances } from '../support/instances.ts';
import { runOn } from '../support/server.ts';
import { startStoreServers } from '../support/stores.ts';

/* What is tested of the embedded server, over three instances on MariaDB, MongoDB's protocol and Redis. */

const servers = await startStoreServers();
afterAll(() => servers.close());
runOn((overrides, appOverrides) => startInstances(servers, 3, overrides, appOverrides));

await import('../delivery/promises.test.ts');
await import('../messages/server.test.ts');
