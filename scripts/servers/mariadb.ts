import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { programOf } from '../real-parts.mjs';
import { freePort, type ServerOptions, startProgram, type TestServer } from './program.ts';

/** Root must say that it means to: otherwise MariaDB refuses, as it should in production. */
const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];

/** MariaDB with every commit on disk; the user root has no password. `url` lacks the database: create one and append its name. */
export const startMariadb = async ({ folder, port, onDeath }: ServerOptions): Promise<TestServer> => {
  const at = port ?? (await freePort());
  const url = `mysql://root@127.0.0.1:${at}`;
  const home = join(folder, 'mariadb');
  const data = join(home, 'data');
  if (!existsSync(home)) {
    mkdirSync(home, { recursive: true });
    execFileSync(
      'mariadb-install-db',
      [
        ...['--no-defaults', ...asRoot, `--datadir=${data}`, '--auth-root-authentication-method=normal'],
        ...['--skip-test-db', '--skip-name-resolve'],
      ],
      { cwd: home, stdio: 'pipe' },
    );
  }
  return startProgram({
    name: 'MariaDB',
    port: at,
    url,
    onDeath,
    command: programOf('MariaDB'),
    args: [
      ...['--no-defaults', ...asRoot, `--datadir=${data}`, `--socket=${join(home, 'socket')}`],
      ...[`--pid-file=${join(home, 'pid')}`, '--bind-address=127.0.0.1', `--port=${at}`],
      ...['--innodb-buffer-pool-size=64M', '--innodb-log-file-size=16M'],
      ...['--innodb-flush-log-at-trx-commit=1', '--skip-log-bin', '--skip-name-resolve'],
    ],
    cwd: home,
    async answers() {
      const connection = await createConnection({ host: '127.0.0.1', port: at, user: 'root', connectTimeout: 1_000 });
      await connection.query('SELECT 1');
      await connection.end();
    },
  });
};
