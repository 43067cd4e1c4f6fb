import { rmSync } from 'node:fs';
import { type App, createApp } from '../../src/app.ts';
import type { Config } from '../../src/config.ts';
import type { Overrides } from '../../src/core.ts';
import { type TestServer, temporaryFolder, testConfig } from './server.ts';
import type { StoreServers } from './stores.ts';

export interface Instances extends TestServer {
  /** Of each instance. */
  urls: string[];
  apps: App[];
}

/**
 * Several instances in this process on the same real databases. `url` names another one each time that it is asked for, so that
 * clients of one test are spread over all of them.
 */
export const startInstances = async (
  servers: Pick<StoreServers, 'fresh'>,
  count: number,
  overrides: Partial<Config> = {},
  appOverrides: Overrides = {},
): Promise<Instances> => {
  const shared = await servers.fresh();
  const folders = Array.from({ length: count }, temporaryFolder);
  const configs = folders.map((dataDir, index) =>
    testConfig({ ...shared, instanceId: `i${index + 1}`, ...overrides, dataDir }),
  );
  const [config] = configs as [Config];
  let turn = 0;
  const open = async () => {
    const apps = await Promise.all(configs.map(each => createApp(each, appOverrides)));
    return { apps, urls: await Promise.all(apps.map(app => app.listen())) };
  };
  let { apps, urls } = await open();
  const closeAll = () => Promise.all(apps.map(app => app.close()));
  return {
    config,
    get url() {
      turn += 1;
      return urls[turn % count] as string;
    },
    get urls() {
      return urls;
    },
    get apps() {
      return apps;
    },
    get app() {
      return apps[0] as App;
    },
    async restart() {
      await closeAll();
      for (const [index, url] of urls.entries())
        Object.assign(configs[index] as Config, { port: Number(new URL(url).port) });
      ({ apps, urls } = await open());
    },
    async close() {
      await closeAll();
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
};
