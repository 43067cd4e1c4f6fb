import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';

/**
 * A setting, as data: `default`, `allowed` and `meaning` are what README and .env.example print (a test compares them).
 * `parse` returns undefined where the text is not allowed; it must allow its own default. An empty text counts as unset.
 */
export interface Variable<T> {
  name: string;
  default: string;
  allowed: string;
  meaning: string;
  parse(text: string): T | undefined;
}

/** A wrong environment: the message names the variable and what it may be, and never shows a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** A token bucket: `rate` tokens a second, at most `burst` saved. */
export interface Rate {
  rate: number;
  burst: number;
}

const minute = 60;
const day = 86_400;

type Facts = Omit<Variable<never>, 'parse' | 'allowed'>;

const integer = (min: number, max: number, facts: Facts): Variable<number> => ({
  ...facts,
  allowed: `an integer from ${min} to ${max}`,
  parse: text => {
    const value = Number(text);
    return /^\d{1,15}$/.test(text) && value >= min && value <= max ? value : undefined;
  },
});

const oneOf = <const T extends string>(choices: readonly T[], facts: Facts): Variable<T> => ({
  ...facts,
  allowed: choices.join(', '),
  parse: text => choices.find(choice => choice === text),
});

const onOff = (facts: Facts): Variable<boolean> => ({
  ...facts,
  allowed: 'on, off',
  parse: text => (text === 'on' ? true : text === 'off' ? false : undefined),
});

/** Seconds. */
const duration = (min: number, max: number, facts: Facts): Variable<number> => ({
  ...facts,
  allowed: `a number with a unit s, m, h or d, from ${min}s to ${max / day}d`,
  parse: text => {
    const [, digits, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
    if (!digits || !unit) return undefined;
    const seconds = Number(digits) * { s: 1, m: minute, h: 60 * minute, d: day }[unit as 's' | 'm' | 'h' | 'd'];
    return seconds >= min && seconds <= max ? seconds : undefined;
  },
});

const rate = (facts: Facts): Variable<Rate> => ({
  ...facts,
  allowed: 'rate/burst: a number a second up to 100000, and an integer from 1 to 1000000 that may come at once',
  parse: text => {
    const [, perSecond, burst] = /^(\d{1,6}(?:\.\d{1,3})?)\/(\d{1,7})$/.exec(text) ?? [];
    const value = { rate: Number(perSecond), burst: Number(burst) };
    return value.rate > 0 && value.rate <= 100_000 && value.burst >= 1 && value.burst <= 1_000_000 ? value : undefined;
  },
});

const list = (text: string) =>
  text
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '');

const isOrigin = (text: string) => text === '*' || (URL.canParse(text) && new URL(text).origin === text);

const isSubnet = (text: string) => {
  const [address = '', bits, ...rest] = text.split('/');
  const width = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return rest.length === 0 && width > 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= width));
};

/** Secrets that stand in the documentation of tools, hence in every attacker's list. Shorter ones fail by their length. */
const knownSecrets =
  /change.?(me|this|it)|your.{0,20}secret|a-string-secret|example|default|placeholder|keyboard.?cat/i;

const strongSecret = (text: string) =>
  Buffer.byteLength(text) >= 32 && new Set(text).size >= 8 && !knownSecrets.test(text);

const httpUrl = (text: string) => text === '' || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol));

/** A URL of one of these schemes, with a host; `path` where it must name something, such as a database. */
const url = (schemes: readonly string[], path: RegExp, facts: Facts & { allowed: string }): Variable<string> => ({
  ...facts,
  parse: text => {
    if (text === '') return text;
    // Several hosts, as a replica set has them, are no URL to the platform.
    const [, scheme = '', hosts = '', rest = ''] = /^([a-z+]+):\/\/([^/?\s]+)(.*)$/.exec(text) ?? [];
    const [pathname = ''] = rest.split('?');
    return schemes.includes(scheme) && hosts !== '' && path.test(pathname) ? text : undefined;
  },
});

/** Every setting. This file alone reads the environment. */
export const variables = {
  host: {
    name: 'HOST',
    default: '127.0.0.1',
    allowed: 'an IP address or host name of this machine',
    meaning: 'Where to listen. The default is reachable from this machine only; 0.0.0.0 is every interface.',
    parse: text => (/^[A-Za-z0-9.:_-]{1,255}$/.test(text) ? text : undefined),
  } as Variable<string>,
  port: integer(0, 65_535, { name: 'PORT', default: '4000', meaning: 'Port to listen on; 0 takes a free one.' }),
  dataDir: {
    name: 'DATA_DIR',
    default: './data',
    allowed: 'a path',
    meaning: 'Folder of the embedded databases and the generated secret. Created where it is absent (mode 0700).',
    parse: text => (text.includes('\0') ? undefined : resolve(text)),
  } as Variable<string>,
  instanceId: {
    name: 'INSTANCE_ID',
    default: 'local',
    allowed: '1 to 16 lower-case letters, digits and hyphens',
    meaning: 'Names this instance among others; connection ids begin with it.',
    parse: text => (/^[a-z0-9-]{1,16}$/.test(text) ? text : undefined),
  } as Variable<string>,
  jwtSecret: {
    name: 'JWT_SECRET',
    default: '',
    allowed: 'at least 32 random bytes as text; no value known from documentation',
    meaning: 'Signs the tokens. Where it is absent, one is generated once and kept in DATA_DIR/secret (mode 0600).',
    parse: text => (text === '' || strongSecret(text) ? text : undefined),
  } as Variable<string>,
  mysqlUrl: url(['mysql', 'mariadb'], /^\/[A-Za-z0-9_$-]{1,64}$/, {
    name: 'MYSQL_URL',
    default: '',
    allowed: 'mysql://user:password@host:3306/database',
    meaning:
      'MySQL or MariaDB for accounts, conversations and members; goes with MONGODB_URI. SQLite in DATA_DIR where both are absent.',
  }),
  mysqlPool: integer(1, 500, {
    name: 'MYSQL_POOL',
    default: '10',
    meaning: 'Connections to MySQL at most, of this instance.',
  }),
  mongodbUri: url(['mongodb', 'mongodb+srv'], /^(\/[A-Za-z0-9_-]{0,63})?$/, {
    name: 'MONGODB_URI',
    default: '',
    allowed: 'mongodb://user:password@host:27017/database?replicaSet=name (or mongodb+srv://)',
    meaning: 'MongoDB for the log of messages; goes with MYSQL_URL. The database is `parley` where none is named.',
  }),
  mongodbPool: integer(1, 500, {
    name: 'MONGODB_POOL',
    default: '20',
    meaning: 'Connections to MongoDB at most, of this instance.',
  }),
  redisUrl: url(['redis', 'rediss'], /^(\/\d{0,4})?$/, {
    name: 'REDIS_URL',
    default: '',
    allowed: 'redis://user:password@host:6379/0 (or rediss://)',
    meaning: 'Redis, by which several instances share what may vanish. Needs MYSQL_URL and MONGODB_URI.',
  }),
  redisPrefix: {
    name: 'REDIS_PREFIX',
    default: 'parley:',
    allowed: '1 to 40 letters, digits and :_-',
    meaning: 'Begins every key and channel in Redis, so that several installations can share one server.',
    parse: text => (/^[A-Za-z0-9:_-]{1,40}$/.test(text) ? text : undefined),
  } as Variable<string>,
  storesTimeoutSeconds: duration(1, day, {
    name: 'STORES_TIMEOUT',
    default: '2m',
    meaning: 'How long a starting instance waits for databases that do not answer before it gives up.',
  }),
  elasticApmServerUrl: {
    name: 'ELASTIC_APM_SERVER_URL',
    default: '',
    allowed: 'an http or https URL',
    meaning: 'Where traces go (Elastic APM). Nothing of it is loaded where this is absent.',
    parse: text => (httpUrl(text) ? text : undefined),
  } as Variable<string>,
  elasticApmSecretToken: {
    name: 'ELASTIC_APM_SECRET_TOKEN',
    default: '',
    allowed: 'any text',
    meaning: 'What the APM server asks for, if it does.',
    parse: text => text,
  } as Variable<string>,
  elasticApmServiceName: {
    name: 'ELASTIC_APM_SERVICE_NAME',
    default: 'parley',
    allowed: 'letters, digits, spaces, - and _',
    meaning: 'How this service is called in APM.',
    parse: text => (/^[A-Za-z0-9 _-]{1,100}$/.test(text) ? text : undefined),
  } as Variable<string>,
  elasticApmEnvironment: {
    name: 'ELASTIC_APM_ENVIRONMENT',
    default: 'production',
    allowed: '1 to 100 characters',
    meaning: 'The environment that traces are filed under.',
    parse: text => (text.length <= 100 ? text : undefined),
  } as Variable<string>,
  elasticApmSampleRate: {
    name: 'ELASTIC_APM_TRANSACTION_SAMPLE_RATE',
    default: '1.0',
    allowed: 'a number from 0 to 1',
    meaning: 'The share of commands and requests that are traced in full.',
    parse: text => (/^(0(\.\d{1,6})?|1(\.0{1,6})?)$/.test(text) ? Number(text) : undefined),
  } as Variable<number>,
  accessTokenTtlSeconds: duration(5, 30 * day, {
    name: 'ACCESS_TOKEN_TTL',
    default: '15m',
    meaning: 'How long an access token is good for.',
  }),
  refreshTokenTtlSeconds: duration(60, 366 * day, {
    name: 'REFRESH_TOKEN_TTL',
    default: '30d',
    meaning: 'How long a device stays signed in without being used.',
  }),
  passwordMinLength: integer(8, 64, {
    name: 'PASSWORD_MIN_LENGTH',
    default: '8',
    meaning: 'Shortest password, in characters.',
  }),
  bcryptCost: integer(4, 15, {
    name: 'BCRYPT_COST',
    default: '12',
    meaning: 'Cost of a password hash; each step doubles it. Below 12 is for tests and said at boot.',
  }),
  admins: {
    name: 'ADMINS',
    default: '',
    allowed: 'usernames, separated by commas',
    meaning: 'Accounts that are made administrators of the server at boot; they must exist already.',
    parse: text => list(text),
  } as Variable<string[]>,
  corsOrigins: {
    name: 'CORS_ORIGINS',
    default: '',
    allowed: 'origins such as https://chat.example.org, separated by commas, or *',
    meaning: 'Other origins whose pages may call this server, over REST and sockets. Its own origin always may.',
    parse: text => (list(text).every(isOrigin) ? list(text) : undefined),
  } as Variable<string[]>,
  trustProxy: {
    name: 'TRUST_PROXY',
    default: '',
    allowed: 'loopback, private, IP addresses and subnets (CIDR), separated by commas',
    meaning: 'Reverse proxies whose X-Forwarded-For is believed. Nobody is by default.',
    parse: text =>
      list(text).every(item => item === 'loopback' || item === 'private' || isSubnet(item)) ? list(text) : undefined,
  } as Variable<string[]>,
  logLevel: oneOf(['silent', 'error', 'warn', 'info', 'debug'], {
    name: 'LOG_LEVEL',
    default: 'info',
    meaning: 'What is logged: JSON lines on standard output; debug adds a line for each socket command.',
  }),
  pingIntervalMs: integer(100, 300_000, {
    name: 'PING_INTERVAL_MS',
    default: '25000',
    meaning: 'Milliseconds between the heartbeats of a socket.',
  }),
  pingTimeoutMs: integer(100, 300_000, {
    name: 'PING_TIMEOUT_MS',
    default: '20000',
    meaning: 'Milliseconds after which a socket that did not answer a heartbeat is gone.',
  }),
  connectTimeoutMs: integer(100, 60_000, {
    name: 'CONNECT_TIMEOUT_MS',
    default: '4000',
    meaning: 'Milliseconds that an opened connection has to join a namespace.',
  }),
  maxPacketBytes: integer(1_024, 10_485_760, {
    name: 'MAX_PACKET_BYTES',
    default: '65536',
    meaning: 'Largest socket packet and REST body, in bytes.',
  }),
  queueBytes: integer(65_536, 1_073_741_824, {
    name: 'QUEUE_BYTES',
    default: '1048576',
    meaning: 'Bytes that may wait for a client that reads slowly; beyond it the socket is closed as slow.',
  }),
  queueEvents: integer(10, 1_000_000, {
    name: 'QUEUE_EVENTS',
    default: '500',
    meaning: 'Events that may wait for a client that reads slowly; typing and presence are dropped at half.',
  }),
  headsIntervalMs: integer(100, 300_000, {
    name: 'HEADS_INTERVAL_MS',
    default: '30000',
    meaning: 'Milliseconds between the digests by which a quiet socket learns that it missed something.',
  }),
  drainMs: integer(0, 30_000, {
    name: 'DRAIN_MS',
    default: '2000',
    meaning: 'Milliseconds over which sockets are sent away when the server stops.',
  }),
  rateLimit: onOff({
    name: 'RATE_LIMIT',
    default: 'on',
    meaning: 'off disables all limits of rate (for benches and load tests on loopback); said loudly at boot.',
  }),
  rateAuth: rate({
    name: 'RATE_AUTH',
    default: '1/60',
    meaning: 'Registering, signing in, and what asks for the password: by address, once signed in by user.',
  }),
  rateSend: rate({
    name: 'RATE_SEND',
    default: '10/30',
    meaning: 'Sending, editing, unsending and reacting, by user over all sockets.',
  }),
  rateCommand: rate({ name: 'RATE_COMMAND', default: '10/60', meaning: 'Other commands that change something.' }),
  rateSignal: rate({ name: 'RATE_SIGNAL', default: '30/120', meaning: 'Receipts, typing and presence.' }),
  rateQuery: rate({ name: 'RATE_QUERY', default: '50/200', meaning: 'History, lists and other reading.' }),
  rateSearch: rate({ name: 'RATE_SEARCH', default: '5/20', meaning: 'Searching messages and people.' }),
  rateSync: rate({ name: 'RATE_SYNC', default: '10/60', meaning: 'Synchronising after a reconnect.' }),
  httpPerMinute: integer(1, 10_000_000, {
    name: 'HTTP_PER_MINUTE',
    default: '1500',
    meaning: 'REST requests a minute of one user, or of one address before signing in.',
  }),
  loginPerMinute: integer(1, 10_000_000, {
    name: 'LOGIN_PER_MINUTE',
    default: '60',
    meaning: 'Requests to register or sign in a minute from one address.',
  }),
  handshakesPerSecond: integer(1, 100_000, {
    name: 'HANDSHAKES_PER_SECOND',
    default: '20',
    meaning: 'Socket handshakes a second from one address.',
  }),
  socketsPerUser: integer(1, 100_000, {
    name: 'SOCKETS_PER_USER',
    default: '10',
    meaning: 'Sockets that one user may have open; the oldest goes.',
  }),
  shedLagMs: integer(0, 60_000, {
    name: 'SHED_LAG_MS',
    default: '200',
    meaning:
      'Event-loop lag (p99, milliseconds) above which work is refused: handshakes first, then reading, sends last. 0 never sheds.',
  }),
};

export type Config = {
  [K in keyof typeof variables]: Exclude<ReturnType<(typeof variables)[K]['parse']>, undefined>;
};

/** Variables of modes that this build does not have: refused rather than ignored, so that nobody believes them to work. */
export const unsupportedVariables = ['AMQP_URL', 'ELASTICSEARCH_URL', 'ROLES'] as const;

type Environment = Record<string, string | undefined>;

/** The settings of an environment. Throws `ConfigError`. */
export const loadConfig = (env: Environment): Config => {
  for (const name of unsupportedVariables)
    if (env[name]) throw new ConfigError(`${name} is set, but this build has no support for it yet: unset it.`);
  const entries = Object.entries(variables).map(([key, variable]) => [key, read(variable, env)]);
  const config = Object.fromEntries(entries) as Config;
  refuseHalves(config);
  return config;
};

/** Whether the databases are servers, which several instances can share, rather than files of this one. */
export const isProduction = ({ mysqlUrl, mongodbUri }: Pick<Config, 'mysqlUrl' | 'mongodbUri'>) =>
  mysqlUrl !== '' && mongodbUri !== '';

/** Settings that are right by themselves and wrong together. */
const refuseHalves = (config: Config) => {
  const { mysqlUrl, mongodbUri, redisUrl, jwtSecret } = config;
  if (!isProduction(config)) {
    if (mysqlUrl) throw new ConfigError('MYSQL_URL is set, hence MONGODB_URI must be set too (or neither).');
    if (mongodbUri) throw new ConfigError('MONGODB_URI is set, hence MYSQL_URL must be set too (or neither).');
    if (redisUrl)
      throw new ConfigError('REDIS_URL is set, hence MYSQL_URL and MONGODB_URI must be set too: instances share them.');
  } else if (!jwtSecret)
    throw new ConfigError('JWT_SECRET must be set where MYSQL_URL is: all instances sign with the same one.');
};

/** What whoever runs the server should hear at boot. */
export const warningsOf = ({ rateLimit, bcryptCost, shedLagMs }: Config): string[] => [
  ...(rateLimit ? [] : ['RATE_LIMIT is off: NO LIMIT OF RATE PROTECTS THIS SERVER. For benches and load tests only.']),
  ...(bcryptCost < 12 ? ['BCRYPT_COST is below 12: stolen password hashes are easy to break. For tests only.'] : []),
  ...(shedLagMs === 0 ? ['SHED_LAG_MS is 0: under overload no work is refused.'] : []),
];

/** The environment of this process over what a file `.env` in the working directory says. */
export const readEnvironment = (): Environment => ({
  ...(existsSync('.env') && parseEnv(readFileSync('.env', 'utf8'))),
  ...process.env,
});

const read = (variable: Variable<unknown>, env: Environment): unknown => {
  const text = env[variable.name] || variable.default;
  const value = variable.parse(text);
  if (value !== undefined) return value;
  throw new ConfigError(`${variable.name} must be ${variable.allowed}; it is ${classOf(text)}.`);
};

const classOf = (text: string) =>
  /^-?\d+$/.test(text) ? 'an integer outside of it' : `another text of ${text.length} characters`;
