import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';

// Preloaded into a server under test: tells at its end which packages' CommonJS files were loaded by anybody, however they were asked for.
const { cache } = createRequire(import.meta.url);
if (isMainThread)
  process.on('exit', () => {
    const packages = Object.keys(cache).map(file => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]);
    process.stderr.write(`packages: ${[...new Set(packages)].join(' ')}\n`);
  });
