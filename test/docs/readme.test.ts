import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { type Operation, operationNames, operations } from '../../src/protocol/index.ts';
import { startServer, type TestServer } from '../support/server.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const documentedUrl = 'http://localhost:4000';

/** The code block behind a marker. */
const example = (name: string) => {
  const block = new RegExp(`<!-- example: ${name} -->\\s+\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1];
  if (!block) throw new Error(`README.md has no example ${name}`);
  return block;
};

const calls = [...example('curl').matchAll(/\bcall ([A-Z]+) ("[^"]*"|'[^']*'|[^\s|)]+)/g)].map(([, method, path]) => ({
  method: method as string,
  path: (path as string).replace(/^['"]|['"]$/g, '').split('?')[0] as string,
}));

const routes = operationNames
  .map(name => (operations[name] as Operation).rest)
  .filter(route => route !== undefined)
  .map(({ method, path }) => ({ method: method.toUpperCase(), path }));

/** Fixed parts of a path beat parameters, as in the server. */
const routeOf = ({ method, path }: { method: string; path: string }) =>
  routes
    .filter(route => route.method === method)
    .filter(route => new RegExp(`^${route.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(path))
    .sort((a, b) => (a.path.match(/\{/g)?.length ?? 0) - (b.path.match(/\{/g)?.length ?? 0))[0];

describe('the examples of README work as they stand', () => {
  let server: TestServer;
  const folder = mkdtempSync(join(tmpdir(), 'parley-readme-'));

  beforeAll(async () => {
    const { rateLimit, socketsPerUser, handshakesPerSecond } = loadConfig({});
    // With the limits that a newcomer meets.
    server = await startServer({ rateLimit, socketsPerUser, handshakesPerSecond });
  });

  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const here = (code: string) => {
    expect(code).toContain(documentedUrl);
    return code.replaceAll(documentedUrl, server.url);
  };

  test('the client in fifteen lines sends, and hears itself', async () => {
    const code = example('client');
    expect(code.trim().split('\n')).toHaveLength(15);
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'hello.mjs'), here(code));
    const child = spawn(process.execPath, ['hello.mjs'], { cwd: folder, env: { PATH: process.env['PATH'] } });
    let output = '';
    const said = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`it said only: ${output}`)), 15_000);
      const hear = (chunk: Buffer) => {
        output += chunk;
        const seq = /^stored as (\d+)$/m.exec(output)?.[1];
        if (!seq || !output.split('\n').includes(`${seq} grace: hello, world`)) return;
        clearTimeout(timer);
        resolve();
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
    });
    const ended = once(child, 'exit');
    try {
      await said;
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  });

  test('every curl call succeeds', async () => {
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', here(example('curl'))], {
      env: { PATH: process.env['PATH'] },
      timeout: 25_000,
    });
    expect(stdout).not.toContain('"error"');
    expect(stdout).toContain('Ada King');
    expect(stdout).toContain('Hello again, @bob');
  });
});

describe('the curl example', () => {
  test('calls every REST route', () => {
    const called = calls.map(routeOf);
    expect(routes.filter(route => !called.includes(route))).toEqual([]);
  });

  test('calls no route that there is not', () => {
    expect(calls.length).toBeGreaterThan(40);
    expect(calls.filter(call => !routeOf(call))).toEqual([]);
  });
});
