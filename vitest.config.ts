import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: './test/support/build-page.ts',
    // Forks inherit the loader to their worker threads, which are TypeScript here and JavaScript in dist/.
    pool: 'forks',
    execArgv: ['--import', './scripts/typescript-threads.mjs'],
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
