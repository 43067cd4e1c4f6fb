import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const isProgram = file => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EACCES' && error.code !== 'ENOTDIR') throw error;
    return false;
  }
};

/** Servers live in folders that are not on everybody's PATH. */
const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];

/** Where a program of one of these names is; undefined where there is none. */
const onPath = (...names) => folders.flatMap(folder => names.map(name => join(folder, name))).find(isProgram);

/** What `install-test-servers` builds from source, outside any checkout. */
const built = file => {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'parley-test-servers', file);
  return isProgram(cache) ? cache : undefined;
};

/**
 * The real programs that some suites need, one row each.
 * `suites`: folders below test/ that cannot run without it. `env`: told to the tests, as the program's path.
 */
export const realParts = [
  {
    name: 'Chromium',
    suites: ['test/page'],
    env: 'PARLEY_CHROMIUM',
    find: () =>
      onPath('chromium', 'chromium-browser', 'chromium-headless-shell', 'chrome-headless-shell', 'google-chrome'),
  },
  {
    name: 'Redis',
    suites: ['test/redis', 'test/many'],
    env: 'PARLEY_REDIS_SERVER',
    find: () => onPath('redis-server', 'valkey-server'),
  },
  {
    name: 'MariaDB',
    suites: ['test/mysql', 'test/many'],
    env: 'PARLEY_MARIADBD',
    find: () => onPath('mariadbd'),
  },
  {
    name: 'a MongoDB server',
    suites: ['test/mongodb', 'test/many'],
    env: 'PARLEY_MONGODB_SERVER',
    find: () => built('secantus-mdb-0.5.3-beta.196/bin/secantusd-rs'),
  },
  {
    name: 'nginx',
    suites: ['test/nginx', 'test/many'],
    env: 'PARLEY_NGINX',
    find: () => onPath('nginx'),
  },
  {
    name: 'the compose checker',
    suites: ['test/compose'],
    env: 'PARLEY_COMPOSE_CHECK',
    find: () => built('compose-check-2.16.2-1/compose-check'),
  },
].map(part => ({ ...part, find: () => process.env[part.env] || part.find() }));

/** Folders below test/ that run after the others, one file at a time: each of their files loads the machine by itself. */
export const heavySuites = ['test/page', 'test/many'];

export const programOf = name => {
  const program = realParts.find(part => part.name === name)?.find();
  if (!program) throw new Error(`${name} is not installed: get it with scripts/install-test-servers.`);
  return program;
};
