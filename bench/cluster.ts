// `npm run bench:cluster`: two instances that share MariaDB, a MongoDB server and Redis, against a bare Socket.IO server and against
// one instance alone, in one run, rounds interleaved, medians. --quick: fewer rounds and messages. --save: append to bench/RESULTS.md.
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { startNginx } from '../scripts/servers/nginx.ts';
import { startStoreServers } from '../test/support/stores.ts';
import type { Ask, Load, Reply, RunResult } from './fleet.ts';
import { measureMongoLog } from './mongo-log.ts';
import { type MeasuredServer, startBare, startParley } from './servers.ts';
import { bareFleet, parleyFleet, populate } from './setup.ts';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, save: { type: 'boolean', default: false } },
});

const root = fileURLToPath(new URL('..', import.meta.url));
const rounds = options.quick ? 3 : 5;
const scale = options.quick ? 0.3 : 1;
/** What an instance does later for these messages (indexing, cursors, heads) is counted too. */
const settleMs = 1_000;

const population = {
  users: 200,
  rooms: [
    { size: 10, count: 10 },
    { size: 100, count: 2 },
  ],
};

/** `aim`: CPU of bare over ours. */
const loads: (Load & { aim: number })[] = [
  { size: 10, senders: 2, messages: 3_000, aim: 0.7 },
  { size: 100, senders: 4, messages: 800, aim: 0.75 },
];
/** Messages a second through nginx and past it. */
const paced: Load = { size: 10, senders: 2, messages: 1_000, rate: 100 };

/** `spread`: members of each room on both instances. `gathered`: all of them on the first of the same two. `alone`: one instance, no Redis. */
type Name = 'bare' | 'spread' | 'gathered' | 'alone';
const names: Name[] = ['bare', 'spread', 'gathered', 'alone'];

const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const cpuOf = async (servers: MeasuredServer[]) => {
  const usages = await Promise.all(servers.map(server => server.usage()));
  return usages.reduce((sum, { cpu_us }) => sum + cpu_us, 0);
};

/** What Redis has done so far: commands, and bytes in and out. */
const redisWork = async (redis: Redis) => {
  const info = await redis.info('stats');
  const read = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
  return {
    commands: read('total_commands_processed'),
    bytes: read('total_net_input_bytes') + read('total_net_output_bytes'),
  };
};

const main = async () => {
  const cache = join(root, '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'bench-cluster-'));
  const stops: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const generator = fork(join(root, 'dist/bench/generator.js'));
  stops.push(() => generator.disconnect());
  const ask = async (question: Ask): Promise<RunResult | null> => {
    generator.send(question);
    const [reply] = (await once(generator as ChildProcess, 'message')) as [Reply];
    if (!reply.ok) throw new Error(reply.error);
    return reply.result;
  };
  try {
    const stores = await startStoreServers();
    stops.push(() => stores.close());
    const redis = new Redis(stores.redis.url);
    stops.push(() => redis.disconnect());

    const instance = async (id: string, env: Record<string, string>) => {
      const dataDir = join(folder, `${id}-${randomBytes(3).toString('hex')}`);
      const server = await startParley(dataDir, [], { INSTANCE_ID: id, TRUST_PROXY: 'loopback', ...env });
      stops.push(() => server.stop());
      return server;
    };
    const environment = async (withRedis: boolean) => {
      const { mysqlUrl, mongodbUri, redisUrl, redisPrefix, jwtSecret } = await stores.fresh();
      return {
        ...{ MYSQL_URL: mysqlUrl, MONGODB_URI: mongodbUri, JWT_SECRET: jwtSecret },
        ...(withRedis && { REDIS_URL: redisUrl, REDIS_PREFIX: redisPrefix }),
      };
    };
    const linked = await environment(true);
    const pair = [await instance('one', linked), await instance('two', linked)] as const;
    const alone = await instance('alone', await environment(false));
    const bare = await startBare([]);
    stops.push(() => bare.stop());
    const nginx = await startNginx({
      folder,
      instances: pair.map(({ url }, index) => ({ name: ['one', 'two'][index] ?? '', port: Number(new URL(url).port) })),
    });
    stops.push(() => nginx.stop());

    const shared = await populate(pair[0].url, population);
    // Rooms of their own, in which nobody ever was on the other instance.
    const together = await populate(pair[0].url, population, 'gathered');
    const own = await populate(alone.url, population);
    const fleet = (url: string, from: typeof shared) => parleyFleet(url, from.logins, from.groups);
    const both = { ...fleet(pair[0].url, shared), urls: pair.map(({ url }) => url) };
    const setups: Record<Name, { servers: MeasuredServer[]; plan: ReturnType<typeof fleet> }> = {
      bare: { servers: [bare], plan: bareFleet(bare.url, shared.logins, shared.groups) },
      spread: { servers: [...pair], plan: both },
      gathered: { servers: [...pair], plan: fleet(pair[0].url, together) },
      alone: { servers: [alone], plan: fleet(alone.url, own) },
    };
    // The same people cannot be in both setups at once: each connects for its own run.
    const measure = async (name: Name, load: Load) => {
      const { servers, plan } = setups[name];
      await ask({ ask: 'connect', fleet: name, plan });
      await wait(settleMs);
      const [cpu, work] = [await cpuOf(servers), await redisWork(redis)];
      const result = (await ask({ ask: 'run', fleet: name, load })) as RunResult;
      await wait(settleMs);
      const after = await redisWork(redis);
      const figures = {
        cpu: ((await cpuOf(servers)) - cpu) / result.messages,
        commands: (after.commands - work.commands) / result.messages,
        bytes: (after.bytes - work.bytes) / result.messages,
        result,
      };
      await ask({ ask: 'disconnect', fleet: name });
      return figures;
    };

    const rows: string[] = [];
    for (const name of names)
      for (const { size, senders } of loads) await measure(name, { size, senders, messages: 20_000 / size + 500 });
    for (const { aim, ...load } of loads) {
      const figures = new Map<Name, Awaited<ReturnType<typeof measure>>[]>(names.map(name => [name, []]));
      for (let round = 0; round < rounds; round++)
        for (const name of round % 2 === 0 ? names : names.toReversed())
          figures.get(name)?.push(await measure(name, { ...load, messages: Math.round(load.messages * scale) }));
      const of = (name: Name, pick: (figure: Awaited<ReturnType<typeof measure>>) => number) =>
        median((figures.get(name) ?? []).map(pick));
      const cpu = (name: Name) => of(name, figure => figure.cpu);
      const ratio = (value: number, bound: number) =>
        `${value.toFixed(2)} | at least ${bound.toFixed(2)}: ${value >= bound ? 'met' : 'missed'}`;
      const us = (name: Name) => `${cpu(name).toFixed(0)} us`;
      const found = [
        `| message, rooms of ${load.size}, members on two instances | ${us('spread')} | bare ${us('bare')} | ${ratio(cpu('bare') / cpu('spread'), aim)} |`,
        `| message, rooms of ${load.size}, all members on one of two | ${us('gathered')} | one instance alone ${us('alone')} | ${ratio(cpu('alone') / cpu('gathered'), 0.95)} |`,
        `| Redis, rooms of ${load.size}, members on two instances | ${of('spread', ({ commands }) => commands).toFixed(1)} commands | ${of('spread', ({ bytes }) => bytes).toFixed(0)} bytes in and out | per message | |`,
        `| Redis, rooms of ${load.size}, all members on one of two | ${of('gathered', ({ commands }) => commands).toFixed(1)} commands | ${of('gathered', ({ bytes }) => bytes).toFixed(0)} bytes in and out | per message | |`,
      ];
      rows.push(...found);
      console.log(found.join('\n'));
    }

    const through = { ...both, url: nginx.url, urls: undefined };
    const latency = async (plan: typeof both | typeof through) => {
      await ask({ ask: 'connect', fleet: 'paced', plan });
      await ask({ ask: 'run', fleet: 'paced', load: { ...paced, messages: 200 } });
      const result = (await ask({ ask: 'run', fleet: 'paced', load: paced })) as RunResult;
      await ask({ ask: 'disconnect', fleet: 'paced' });
      return `p50 ${result.ack_p50_ms.toFixed(1)} ms, p99 ${result.ack_p99_ms.toFixed(1)} ms`;
    };
    const [direct, proxied] = [await latency(both), await latency(through)];
    rows.push(
      `| send to ack, ${paced.rate} messages/s, rooms of ${paced.size} | through nginx ${proxied} | direct ${direct} | | |`,
    );
    console.log(rows.at(-1));
    rows.push(...(await measureMongoLog()));

    const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
    const text = [
      `## ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, ${commit}, several instances${options.quick ? ' (quick)' : ''}`,
      '',
      `${availableParallelism()} cores shared by all processes, Node ${process.version}; CPU of the instances, all their threads, not of the stores; median of ${rounds} interleaved rounds.`,
      '',
      '| what | ours | against | ratio | aim |',
      '| --- | --- | --- | --- | --- |',
      ...rows,
      '',
    ].join('\n');
    console.log(text);
    if (options.save || !options.quick) appendFileSync(join(root, 'bench/RESULTS.md'), `\n${text}`);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
};

await main();
