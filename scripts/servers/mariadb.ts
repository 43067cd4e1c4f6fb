import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { programOf } from '../real-parts.mjs';
import { freePort, type ServerOptions, startProgram, type TestServer } from './program.ts';

/** MariaDB refuses to run as root: then it runs as nobody. */
const unprivileged = () => {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
};

/** MariaDB with every commit on disk; the user root has no password. `url` lacks the database: create one and append its name. */
export const startMariadb = async ({ folder, port, onDeath }: ServerOptions): Promise<TestServer> => {
  const at = port ?? (await freePort());
  const url = `mysql://root@127.0.0.1:${at}`;
  const home = join(folder, 'mariadb');
  const data = join(home, 'data');
  const user = unprivileged();
  if (!existsSync(home)) {
    mkdirSync(home, { recursive: true });
    if (user) {
      // Whoever it runs as must be able to get there.
      chmodSync(folder, 0o711);
      chownSync(home, user.uid, user.gid);
    }
    execFileSync(
      'mariadb-install-db',
      [
        ...['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal'],
        ...['--skip-test-db', '--skip-name-resolve'],
      ],
      { cwd: home, ...user, stdio: 'pipe' },
    );
  }
  return startProgram({
    name: 'MariaDB',
    port: at,
    url,
    onDeath,
    command: programOf('MariaDB'),
    args: [
      ...['--no-defaults', `--datadir=${data}`, `--socket=${join(home, 'socket')}`, `--pid-file=${join(home, 'pid')}`],
      ...['--bind-address=127.0.0.1', `--port=${at}`, '--innodb-buffer-pool-size=64M', '--innodb-log-file-size=16M'],
      ...['--innodb-flush-log-at-trx-commit=1', '--skip-log-bin', '--skip-name-resolve'],
    ],
    cwd: home,
    ...(user && { user }),
    async answers() {
      const connection = await createConnection({ host: '127.0.0.1', port: at, user: 'root', connectTimeout: 1_000 });
      await connection.query('SELECT 1');
      await connection.end();
    },
  });
};
