import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { renderEnvExample } from '../../scripts/env-example.ts';
import {
  ConfigError,
  loadConfig,
  readEnvironment,
  unsupportedVariables,
  type Variable,
  variables,
  warningsOf,
} from '../../src/config.ts';

const all = Object.values<Variable<unknown>>(variables);
const refusalOf = (env: Record<string, string>) => {
  try {
    loadConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error(`allowed: ${JSON.stringify(env)}`);
};

/** For each variable one value that it must refuse; the table is complete by its type. */
const wrong: Record<keyof typeof variables, string> = {
  host: 'two words',
  port: '65536',
  dataDir: '\0',
  instanceId: 'Upper',
  jwtSecret: 'short',
  accessTokenTtlSeconds: '15',
  refreshTokenTtlSeconds: '10s',
  passwordMinLength: '7',
  bcryptCost: '16',
  admins: '',
  corsOrigins: 'example.org',
  trustProxy: 'everybody',
  logLevel: 'verbose',
  pingIntervalMs: '-1',
  pingTimeoutMs: '1e3',
  connectTimeoutMs: '1.5',
  maxPacketBytes: '64k',
  queueBytes: '0x100000',
  queueEvents: ' 500',
  headsIntervalMs: 'NaN',
  drainMs: '30001',
  rateLimit: 'true',
  rateAuth: '1',
  rateSend: '10/0',
  rateCommand: '0/10',
  rateSignal: '-1/10',
  rateQuery: '10/1.5',
  rateSearch: '10/',
  rateSync: 'fast',
  httpPerMinute: '0',
  loginPerMinute: 'many',
  handshakesPerSecond: '0',
  socketsPerUser: '0',
  shedLagMs: '60001',
  mysqlUrl: 'mysql://root:hunter22@host',
  mysqlPool: '0',
  mongodbUri: 'http://root:hunter22@host/parley',
  mongodbPool: '501',
  redisUrl: 'redis://:hunter22@host/users',
  redisPrefix: 'two words',
  storesTimeoutSeconds: '0s',
  elasticApmServerUrl: 'apm.example.org',
  elasticApmSecretToken: '',
  elasticApmServiceName: 'par/ley',
  elasticApmEnvironment: 'x'.repeat(101),
  elasticApmSampleRate: '1.1',
};

describe('settings', () => {
  test('an empty environment is the embedded server on loopback', () => {
    expect(loadConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 4000,
      jwtSecret: '',
      accessTokenTtlSeconds: 900,
      bcryptCost: 12,
      rateLimit: true,
      rateSend: { rate: 10, burst: 30 },
      corsOrigins: [],
      trustProxy: [],
      maxPacketBytes: 65_536,
    });
    expect(warningsOf(loadConfig({}))).toEqual([]);
  });

  test('an empty text counts as unset', () => {
    expect(loadConfig(Object.fromEntries(all.map(({ name }) => [name, ''])))).toEqual(loadConfig({}));
  });

  test.each(Object.entries(wrong).filter(([, value]) => value !== ''))(
    'a wrong %s is refused by name, without its value',
    (key, value) => {
      const { name, allowed } = (variables as Record<string, Variable<unknown>>)[key] as Variable<unknown>;
      const message = refusalOf({ [name]: value });
      expect(message).toContain(`${name} must be ${allowed}`);
      if (value.length > 3) expect(message.replace(allowed, '')).not.toContain(value);
    },
  );

  const secret = { JWT_SECRET: randomBytes(32).toString('hex') };
  const mysql = { MYSQL_URL: 'mysql://parley:hunter22@db.example.org:3306/parley' };
  const mongodb = { MONGODB_URI: 'mongodb://a.example.org:27017,b.example.org/parley?replicaSet=rs' };
  const redis = { REDIS_URL: 'redis://:hunter22@cache.example.org' };

  test('databases go together, Redis goes with both, and all of them with a secret', () => {
    expect(loadConfig({ ...mysql, ...mongodb, ...redis, ...secret })).toMatchObject({
      mysqlUrl: mysql.MYSQL_URL,
      mongodbUri: mongodb.MONGODB_URI,
      redisUrl: redis.REDIS_URL,
    });
    expect(loadConfig({ ...mysql, ...mongodb, ...secret }).redisUrl).toBe('');
    expect(refusalOf({ ...mysql, ...secret })).toMatch(/^MYSQL_URL .* MONGODB_URI/);
    expect(refusalOf({ ...mongodb, ...secret })).toMatch(/^MONGODB_URI .* MYSQL_URL/);
    expect(refusalOf({ ...redis, ...secret })).toMatch(/^REDIS_URL .* MYSQL_URL/);
    expect(refusalOf({ ...mysql, ...mongodb, ...redis })).toMatch(/^JWT_SECRET /);
  });

  test.each(unsupportedVariables)('%s is refused, as this build has no support for it', name => {
    expect(refusalOf({ [name]: 'redis://user:hunter22@host' })).toMatch(new RegExp(`^${name} .*support`));
    expect(refusalOf({ [name]: 'redis://user:hunter22@host' })).not.toContain('hunter22');
  });

  test.each([
    'secret',
    'x'.repeat(31),
    'a'.repeat(64),
    'abcabcabcabcabcabcabcabcabcabcabcabcabc',
    'change-me-to-something-of-32-bytes-or-more',
    'your-super-secret-jwt-token-with-at-least-32-characters-long',
    'a-string-secret-at-least-256-bits-long',
  ])('[S04] JWT_SECRET "%s" is refused and never shown', secret => {
    const message = refusalOf({ JWT_SECRET: secret });
    expect(message).toMatch(/^JWT_SECRET must be at least 32/);
    expect(message).not.toContain(secret);
  });

  test('[S04] a strong JWT_SECRET is taken as it is', () => {
    const secret = randomBytes(32).toString('base64');
    expect(loadConfig({ JWT_SECRET: secret }).jwtSecret).toBe(secret);
  });

  test('what weakens the server is said', () => {
    const said = warningsOf(loadConfig({ RATE_LIMIT: 'off', BCRYPT_COST: '4', SHED_LAG_MS: '0' })).join(' ');
    for (const name of ['RATE_LIMIT', 'BCRYPT_COST', 'SHED_LAG_MS']) expect(said).toContain(name);
  });

  test('lists and durations', () => {
    expect(
      loadConfig({
        CORS_ORIGINS: 'https://a.example, http://localhost:5173',
        TRUST_PROXY: 'loopback,10.1.0.0/16',
        REFRESH_TOKEN_TTL: '2h',
      }),
    ).toMatchObject({
      corsOrigins: ['https://a.example', 'http://localhost:5173'],
      trustProxy: ['loopback', '10.1.0.0/16'],
      refreshTokenTtlSeconds: 7_200,
    });
    expect(refusalOf({ CORS_ORIGINS: 'https://a.example/path' })).toContain('CORS_ORIGINS');
    expect(refusalOf({ TRUST_PROXY: '10.0.0.0/33' })).toContain('TRUST_PROXY');
  });

  test('every variable says of itself what it is, and allows its default', () => {
    for (const variable of all) {
      expect(variable.name).toMatch(/^[A-Z][A-Z0-9_]+$/);
      expect(variable.meaning.length).toBeGreaterThan(10);
      expect(variable.allowed.length).toBeGreaterThan(3);
      expect(variable.parse(variable.default)).toBeDefined();
    }
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  test('.env.example is that of src/config.ts (else: npm run docs), and changes nothing', () => {
    const text = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
    expect(text).toBe(renderEnvExample());
    for (const { name } of all) expect(text).toContain(`\n#${name}=`);
  });

  test('a .env in the working directory is read; the real environment wins', () => {
    const before = process.cwd();
    const folder = mkdtempSync(join(tmpdir(), 'parley-test-'));
    writeFileSync(join(folder, '.env'), 'PORT=4321\nPATH=overridden\n');
    try {
      process.chdir(folder);
      expect(readEnvironment()['PORT']).toBe('4321');
      expect(readEnvironment()['PATH']).toBe(process.env['PATH']);
    } finally {
      process.chdir(before);
    }
  });
});
