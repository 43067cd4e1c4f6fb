import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { startMongodb } from '../../scripts/servers/mongodb.ts';
import type { TestServer } from '../../scripts/servers/program.ts';
import { logContract } from '../contracts/log-contract.ts';
import { openMongoHarness } from './log-harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-mongodb-'));
let server: TestServer;
beforeAll(async () => {
  server = await startMongodb({ folder });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

logContract('MongoDB', () => openMongoHarness(server));
