import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, type ServerOptions, startProgram, type TestServer } from './program.ts';

const root = new URL('../../', import.meta.url);
const pathOf = (file: string) => fileURLToPath(new URL(file, root));

/** Node's arguments for the server: as it was built (`npm run build`), or as it stands in `src`. */
export const mainOf = {
  built: [pathOf('dist/main.js')],
  source: ['--import', new URL('scripts/typescript-threads.mjs', root).href, pathOf('src/main.ts')],
};

/** An instance drains, and ends its commands, before it goes. */
const stopMs = 60_000;

/** An instance of the server in a process of its own; `env` is all that it knows of the world. It is there once it is ready. */
export const startInstance = async ({
  folder,
  port,
  onDeath,
  name,
  env,
  main,
}: ServerOptions & { name: string; env: Record<string, string>; main: keyof typeof mainOf }): Promise<TestServer> => {
  const at = port ?? (await freePort());
  const url = `http://127.0.0.1:${at}`;
  const home = join(folder, name);
  mkdirSync(home, { recursive: true });
  return startProgram({
    name,
    port: at,
    url,
    onDeath,
    command: process.execPath,
    args: mainOf[main],
    cwd: home,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      HOST: '127.0.0.1',
      PORT: String(at),
      INSTANCE_ID: name,
      DATA_DIR: join(home, 'data'),
      ...env,
    },
    stopMs,
    async answers() {
      const { status } = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5_000) });
      if (status !== 200) throw new Error(`/health/ready answers ${status}.`);
    },
  });
};
