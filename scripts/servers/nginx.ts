import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { programOf } from '../real-parts.mjs';
import { freePort, type ServerOptions, startProgram, type TestServer } from './program.ts';

/** What nginx sends requests to: `name` is the instance's INSTANCE_ID, on `port` of loopback. */
export interface Upstream {
  name: string;
  port: number;
}

export interface NginxServer extends TestServer {
  /** Takes up another list of instances, or the same again; resolves once new connections are served by it. */
  reload(instances?: Upstream[]): Promise<void>;
  /** What `nginx -t` says of the configuration as it is now; throws where it refuses it. */
  check(): string;
  /** The lines of the access log. */
  accessLog(): Record<string, unknown>[];
}

/** Those that production runs. */
const production = fileURLToPath(new URL('../../nginx/nginx.conf', import.meta.url));
const tlsOfProduction = fileURLToPath(new URL('../../nginx/tls.conf', import.meta.url));
const firstOfProduction = 'parley-1';
const listenOfProduction = 8080;
const workers = 2;
const reloadMs = 10_000;

/** PEM, and the port where it speaks TLS. */
export interface Tls {
  port: number;
  certificate: string;
  key: string;
}

/**
 * A configuration made for docker-compose.yml, for loopback: other addresses and paths, and every line that speaks of its first
 * instance once for each of ours; all else as it is.
 */
export const renderNginx = (
  template: string,
  { home, port, instances }: { home: string; port: number; instances: Upstream[] },
): string =>
  template
    .split('\n')
    .flatMap(line => {
      const [, said] = /^(?!\s*#).*\b(parley-\d+)\b/.exec(line) ?? [];
      if (said === undefined) return [line];
      if (said !== firstOfProduction) return [];
      return instances.map(({ name, port }) =>
        line.replaceAll(`${said}:4000`, `127.0.0.1:${port}`).replaceAll(said, name),
      );
    })
    .join('\n')
    .replaceAll(`listen ${listenOfProduction}`, `listen 127.0.0.1:${port}`)
    .replaceAll(/(?<=\s)\/tmp\//g, `${home}/`)
    .replaceAll('/dev/stdout', join(home, 'access.log'))
    .replaceAll('/etc/nginx/', `${home}/`)
    // Nobody here has sixteen thousand connections, and the system of a test may not allow the files.
    .replace(/^worker_rlimit_nofile .*$/m, '')
    .replace(/worker_connections \d+/, 'worker_connections 4096')
    .replace(/^worker_processes .*$/m, `worker_processes ${workers};`)
    // It says then when workers of before have stopped to listen.
    .replace('error_log stderr warn', 'error_log stderr notice');

/** nginx on loopback with the configuration of production, or with another one that is written like it. */
export const startNginx = async ({
  folder,
  port,
  onDeath,
  instances,
  template = production,
  tls,
}: ServerOptions & { instances: Upstream[]; template?: string; tls?: Tls }): Promise<NginxServer> => {
  const at = port ?? (await freePort());
  const home = join(folder, `nginx-${at}`);
  const file = join(home, 'nginx.conf');
  mkdirSync(home, { recursive: true });
  const write = (to: Upstream[]) =>
    writeFileSync(file, renderNginx(readFileSync(template, 'utf8'), { home, port: at, instances: to }));
  write(instances);
  if (tls) writeTls(home, tls);

  // Workers of root run as somebody else by default, who may not enter the folder.
  const directives = `daemon off;${process.getuid?.() === 0 ? ' user root;' : ''}`;
  const command = programOf('nginx');
  const args = ['-p', `${home}/`, '-e', 'stderr', '-c', file, '-g', directives];
  const server = await startProgram({
    name: 'nginx',
    port: at,
    url: `http://127.0.0.1:${at}`,
    onDeath,
    command,
    args,
    cwd: home,
    answers: () => connects(at),
  });

  const check = () => {
    // It says so on standard error.
    execFileSync('sh', ['-c', '"$0" "$@" -t 2>check.log', command, ...args], { cwd: home });
    return readFileSync(join(home, 'check.log'), 'utf8');
  };

  return Object.defineProperties(
    {
      check,
      accessLog: () =>
        readFileSync(join(home, 'access.log'), 'utf8')
          .split('\n')
          .filter(line => line !== '')
          .map(line => JSON.parse(line)),
      async reload(to?: Upstream[]) {
        if (to) write(to);
        check();
        const said = server.output().length;
        process.kill(server.pid, 'SIGHUP');
        for (const until = Date.now() + reloadMs; ; ) {
          const news = server.output().slice(said);
          if (news.split('gracefully shutting down').length > workers) return;
          if (Date.now() > until) throw new Error(`nginx did not reload: ${news}`);
          await new Promise(resolve => setTimeout(resolve, 20));
        }
      },
    },
    Object.getOwnPropertyDescriptors(server),
  ) as NginxServer;
};

/** As deploy/compose.tls.yml turns it on: a file that nginx.conf includes where it is. */
const writeTls = (home: string, { port, certificate, key }: Tls) => {
  for (const folder of ['tls', 'tls.d']) mkdirSync(join(home, folder), { recursive: true });
  writeFileSync(join(home, 'tls/fullchain.pem'), certificate);
  writeFileSync(join(home, 'tls/privkey.pem'), key, { mode: 0o600 });
  const text = readFileSync(tlsOfProduction, 'utf8');
  writeFileSync(
    join(home, 'tls.d/tls.conf'),
    text.replace(/listen \d+/, `listen 127.0.0.1:${port}`).replaceAll('/etc/nginx/', `${home}/`),
  );
};

const connects = (port: number) =>
  new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
