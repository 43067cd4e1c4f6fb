import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp } from '../../src/app.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import type { Overrides } from '../../src/core.ts';

/** A real server in this process, on a free port and a folder of its own, which goes when it is closed. */
export interface TestServer {
  url: string;
  config: Config;
  app: App;
  /** Stops and starts again on the same port and folder. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/**
 * What differs from what users get: cheap passwords, no log, limits of rate off, no shedding (the machine of a test is busy
 * with others), a short drain. A test of one of these sets it.
 */
export const testConfig = (overrides: Partial<Config> = {}): Config => ({
  ...loadConfig({
    PORT: '0',
    BCRYPT_COST: '4',
    LOG_LEVEL: 'silent',
    RATE_LIMIT: 'off',
    SHED_LAG_MS: '0',
    DRAIN_MS: '0',
    SOCKETS_PER_USER: '100',
    HANDSHAKES_PER_SECOND: '100000',
  }),
  ...overrides,
});

export const temporaryFolder = () => mkdtempSync(join(tmpdir(), 'parley-test-'));

type Start = (overrides?: Partial<Config>, appOverrides?: Overrides) => Promise<TestServer>;

let start: Start;

/** From now on `startServer` starts something else: what a suite says of one server must be true of several that behave like one. */
export const runOn = (other: Start): void => {
  start = other;
};

export const startServer: Start = (overrides, appOverrides) => start(overrides, appOverrides);

export const startEmbedded: Start = async (overrides = {}, appOverrides = {}) => {
  const folder = overrides.dataDir ?? temporaryFolder();
  const server: TestServer = {
    url: '',
    config: testConfig({ ...overrides, dataDir: folder }),
    app: await createApp(testConfig({ ...overrides, dataDir: folder }), appOverrides),
    async restart() {
      await server.app.close();
      server.app = await createApp({ ...server.config, port: Number(new URL(server.url).port) }, appOverrides);
      await server.app.listen();
    },
    async close() {
      await server.app.close();
      if (overrides.dataDir === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
  server.url = await server.app.listen();
  return server;
};

start = startEmbedded;
