import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface ModuleServer {
  url: string;
  close(): Promise<void>;
}

/** The checkout's modules as browsers run them: each by itself, without its types. `/` is a page with `script` and nothing else. */
export const serveModules = async (script: string): Promise<ModuleServer> => {
  const server = createServer(async ({ url = '/' }, response) => {
    if (url === '/') {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(`<!doctype html><link rel="icon" href="data:,"><script type="module">${script}</script>`);
      return;
    }
    if (!/^\/(src\/client|test\/client)\/[a-z-]+\.ts$/.test(url)) return response.writeHead(404).end();
    try {
      const { code } = await transform(await readFile(root + url, 'utf8'), { loader: 'ts', target: 'es2022' });
      response.setHeader('content-type', 'text/javascript; charset=utf-8');
      response.end(code);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** One module with all it imports as a script that sets the global `name`. */
export const bundleOf = async (entry: string, name: string): Promise<string> => {
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: name,
    target: 'es2022',
  });
  return outputFiles[0]!.text;
};
