import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { describe, expect, test } from 'vitest';
import { programOf } from '../../scripts/real-parts.mjs';
import { ConfigError, loadConfig, variables } from '../../src/config.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const textOf = (file: string) => readFileSync(new URL(file, new URL('../../', import.meta.url)), 'utf8');

interface Service {
  image: string;
  environment?: Record<string, string>;
  healthcheck?: { test: string[]; start_period?: string };
  restart: string;
  depends_on?: Record<string, { condition: string }>;
  deploy: { resources: { limits: { cpus: number; memory: string } } };
  logging: { options: Record<string, string> };
  networks: Record<string, { ipv4_address?: string } | null>;
  volumes?: { type: string; source: string; target: string; read_only?: boolean }[];
  ports?: { published: string; target: number }[];
  cap_drop: string[];
  security_opt: string[];
  read_only?: boolean;
  user?: string;
  extra_hosts?: string[];
  stop_grace_period: string;
  command?: string[] | null;
}

interface Project {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  networks: Record<string, { internal?: boolean; ipam: { config?: { subnet: string }[] } }>;
}

const secretNames = Object.keys(parseEnv(textOf('deploy/compose.env.example')));
const secrets = Object.fromEntries(secretNames.map(name => [name, `${name}0123456789abcdefghij0123456789`]));

/** The project as docker compose sees it; throws what it says where it refuses. */
const parse = (env: Record<string, string>, files = ['docker-compose.yml']): Project =>
  JSON.parse(
    execFileSync(programOf('the compose checker'), files, { cwd: root, env, encoding: 'utf8', stdio: 'pipe' }),
  );

const seconds = (text: string) => {
  const [, minutes = 0, rest = 0] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? [];
  return Number(minutes) * 60 + Number(rest);
};

const project = parse(secrets);
const services = Object.entries(project.services);
const instances = services.filter(([name]) => name.startsWith('parley-'));
const nginxConf = textOf('nginx/nginx.conf');

test('every secret is wanted, and none has a default', () => {
  expect(secretNames.length).toBeGreaterThanOrEqual(6);
  for (const missing of secretNames) {
    const { [missing]: _, ...others } = secrets;
    expect(() => parse(others)).toThrow(`required variable ${missing} is missing`);
    expect(() => parse({ ...others, [missing]: '' })).toThrow(`required variable ${missing} is missing`);
  }
  // Nor does one stand in the file itself.
  const given = services.flatMap(([, { environment = {} }]) => Object.entries(environment));
  for (const [name, value] of given.filter(([name]) => /SECRET|PASSWORD|_URL|_URI/.test(name)))
    expect([name, Object.values(secrets).some(secret => value.includes(secret))]).toEqual([name, true]);
});

test('deploy/compose.env.example names every variable that compose.yml asks for, and no other', () => {
  const used = ['docker-compose.yml', 'deploy/compose.tls.yml'].flatMap(file =>
    [...textOf(file).matchAll(/(?<!\$)\$\{(\w+)/g)].map(([, name]) => name),
  );
  const named = [...textOf('deploy/compose.env.example').matchAll(/^#?([A-Z_]+)=/gm)].map(([, name]) => name);
  expect(new Set(named)).toEqual(new Set(used));
});

describe.each(services)('%s', (_, service) => {
  test('has a health check, limits, a bounded log, and comes back after a crash', () => {
    expect(service.healthcheck?.test.length).toBeGreaterThan(1);
    expect(service.deploy.resources.limits.cpus).toBeGreaterThan(0);
    expect(Number(service.deploy.resources.limits.memory)).toBeGreaterThan(0);
    expect(service.logging.options).toMatchObject({ 'max-size': '10m', 'max-file': '5' });
    expect(service.restart).toBe('unless-stopped');
  });

  test('has no more rights than it needs', () => {
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
    expect(service.image).toMatch(/:[\w.-]+$/);
  });
});

test('whoever keeps nothing on disk cannot write to it', () => {
  for (const name of ['nginx', 'redis', ...instances.map(([name]) => name)])
    expect([name, project.services[name]?.read_only]).toEqual([name, true]);
});

test('nginx alone is reachable from outside, and databases only from the instances', () => {
  expect(services.filter(([, { ports }]) => ports?.length).map(([name]) => name)).toEqual(['nginx']);
  expect(project.networks['stores']?.internal).toBe(true);
  for (const name of ['mysql', 'mongo', 'redis'])
    expect(Object.keys(project.services[name]?.networks ?? {})).toEqual(['stores']);
  expect(Object.keys(project.services['nginx']?.networks ?? {})).toEqual(['front']);
});

test('what must not be lost is on a named volume', () => {
  const kept = ([name, target]: [string, string]) =>
    project.services[name]?.volumes?.find(volume => volume.target === target);
  for (const place of [
    ['mysql', '/var/lib/mysql'],
    ['mongo', '/data/db'],
    ...instances.map(([name]) => [name, '/data']),
  ] as [string, string][]) {
    const volume = kept(place);
    expect(volume?.type).toBe('volume');
    expect(project.volumes).toHaveProperty(volume?.source ?? '');
  }
});

describe('the three instances', () => {
  const names = instances.map(([name]) => name);

  test('differ in INSTANCE_ID, address and volume alone', () => {
    expect(names).toEqual(['parley-1', 'parley-2', 'parley-3']);
    const common = instances.map(([name, { environment = {}, networks, volumes, ...rest }]) => {
      const { INSTANCE_ID, ...settings } = environment;
      expect(INSTANCE_ID).toBe(name);
      expect(volumes?.map(({ source }) => source)).toEqual([name]);
      return { settings, rest: { ...rest, networks: Object.keys(networks) } };
    });
    expect(common[1]).toEqual(common[0]);
    expect(common[2]).toEqual(common[0]);
    expect(new Set(instances.map(([, { networks }]) => networks['front']?.ipv4_address)).size).toBe(3);
  });

  test('are those that nginx knows, at the port where they listen', () => {
    const upstream = (block: string) => {
      const [, body = ''] = new RegExp(`upstream ${block} \\{([^}]*)\\}`).exec(nginxConf) ?? [];
      return [...body.matchAll(/server (\S+?):(\d+)/g)].map(([, host, port]) => `${host}:${port}`);
    };
    const addresses = instances.map(([name, { environment }]) => `${name}:${environment?.['PORT']}`);
    expect(upstream('parley')).toEqual(addresses);
    expect(upstream('parley-sockets')).toEqual(addresses);
    for (const [index, name] of names.entries()) {
      expect(upstream(`only-${name}`)).toEqual([addresses[index]]);
      expect(nginxConf).toContain(`~^${name}\\. only-${name};`);
    }
    const hosts = project.services['nginx']?.extra_hosts;
    expect(hosts).toEqual(instances.map(([name, { networks }]) => `${name}=${networks['front']?.ipv4_address}`));
  });

  test('start with settings that the server accepts, and believe nginx alone', () => {
    const { environment = {} } = project.services['parley-1'] as Service;
    const config = loadConfig(environment);
    expect(config.trustProxy).toEqual([project.services['nginx']?.networks['front']?.ipv4_address]);
    const known = new Set([...Object.values(variables).map(({ name }) => name as string), 'NODE_OPTIONS']);
    for (const name of Object.keys(environment)) expect(known).toContain(name);
    for (const secret of ['changeme-changeme-changeme-changeme-1', 'your-256-bit-secret-your-256-bit-secret', 'short'])
      expect(() =>
        loadConfig(parse({ ...secrets, JWT_SECRET: secret }).services['parley-1']?.environment ?? {}),
      ).toThrow(ConfigError);
  });

  test('are given the time to drain before they are killed', () => {
    const { environment = {}, stop_grace_period } = project.services['parley-1'] as Service;
    const { drainMs } = loadConfig(environment);
    expect(drainMs).toBe(10_000);
    // Beside it the server takes at most 8 s (src/main.ts).
    expect(seconds(stop_grace_period)).toBeGreaterThan(drainMs / 1_000 + 8);
    expect(seconds(stop_grace_period)).toBeLessThanOrEqual(30);
  });

  test('wait for the databases, not for Redis', () => {
    const { depends_on = {}, healthcheck } = project.services['parley-1'] as Service;
    expect(depends_on).toMatchObject({
      mysql: { condition: 'service_healthy' },
      mongo: { condition: 'service_healthy' },
      redis: { condition: 'service_started' },
    });
    expect(seconds(healthcheck?.start_period ?? '')).toBeGreaterThanOrEqual(loadConfig({}).storesTimeoutSeconds);
  });
});

describe('nginx agrees with the defaults of the server', () => {
  const config = loadConfig({});
  const all = (directive: string) =>
    [...nginxConf.matchAll(new RegExp(`^\\s*${directive} (\\S+);`, 'gm'))].map(([, value]) => value);

  test('on sizes', () => {
    expect(all('client_max_body_size')).toEqual([String(config.maxPacketBytes)]);
    expect(all('client_body_buffer_size')).toEqual([String(config.maxPacketBytes)]);
  });

  test('on times: sockets may be silent for longer than a heartbeat and its answer', () => {
    const [general, sockets, opening] = all('proxy_read_timeout').map(value => seconds(value as string));
    expect(sockets).toBeGreaterThan((config.pingIntervalMs + config.pingTimeoutMs) / 1_000);
    // A command takes 5 s at most; an opening is answered at once.
    expect(general).toBeGreaterThan(5);
    expect(opening).toBeLessThan(5);
  });
});

test('the replica set is the one that the instances ask for, begun by the health check', () => {
  const mongo = JSON.stringify(project.services['mongo']);
  const [, name] = /replicaSet=(\w+)/.exec(project.services['parley-1']?.environment?.['MONGODB_URI'] ?? '') ?? [];
  expect(mongo).toContain(`--replSet ${name}`);
  expect(mongo).toContain(`rs.initiate({ _id: '${name}'`);
});

test('MySQL keeps what it acknowledged', () => {
  expect(project.services['mysql']?.command).toEqual(
    expect.arrayContaining(['--innodb-flush-log-at-trx-commit=1', '--sync-binlog=1']),
  );
});

test('TLS is an addition: the certificate is read only, and port 443 reaches where nginx/tls.conf listens', () => {
  const files = ['docker-compose.yml', 'deploy/compose.tls.yml'];
  expect(() => parse(secrets, files)).toThrow('TLS_FOLDER');
  const { nginx } = parse({ ...secrets, TLS_FOLDER: '/etc/tls' }, files).services;
  const [, port] = /listen (\d+) ssl/.exec(textOf('nginx/tls.conf')) ?? [];
  expect(nginx?.ports?.map(({ published, target }) => `${published}:${target}`)).toEqual(['8080:8080', `443:${port}`]);
  const mounted = nginx?.volumes?.filter(({ target }) => target.startsWith('/etc/nginx/tls'));
  expect(mounted).toHaveLength(2);
  expect(mounted?.every(volume => volume.read_only)).toBe(true);
});
