// `npm run bench`: Parley against a bare Socket.IO server, in one run, rounds interleaved, medians.
// --quick: fewer rounds and messages. --save: append to bench/RESULTS.md (a full run does). --cpu-prof: profiles in a folder of their own below .cache/.
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureClient } from './client.ts';
import type { Ask, Load, Reply, RunResult } from './fleet.ts';
import { measurePage } from './page.ts';
import { type Comparison, progress, report, save } from './report.ts';
import { type MeasuredServer, startBare, startParley } from './servers.ts';
import { bareFleet, type Population, parleyFleet, populate } from './setup.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    'cpu-prof': { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});

const root = fileURLToPath(new URL('../../', import.meta.url));
const cache = join(root, '.cache');
const scale = options.quick ? 0.25 : 1;
const rounds = options.quick ? 3 : 5;
/** After a load ended: what the server does later for these messages (indexing, cursors, heads) is counted too. */
const settleMs = 1_000;

const population: Population = {
  users: 200,
  rooms: [
    { size: 2, count: 40 },
    { size: 10, count: 10 },
    { size: 100, count: 2 },
  ],
};
/** Closed loops with the same number in flight for both: 40, 20 and 8; and the same messages at a fixed rate. */
const loads: (Load & { aim?: number })[] = [
  { size: 2, senders: 1, messages: 8_000, aim: 0.5 },
  { size: 10, senders: 2, messages: 5_000, aim: 0.7 },
  { size: 100, senders: 4, messages: 1_200, aim: 0.85 },
  { size: 2, senders: 1, messages: 2_000, rate: 500 },
  { size: 10, senders: 2, messages: 1_000, rate: 250 },
  { size: 100, senders: 4, messages: 200, rate: 50 },
];
const handshakes = { count: Math.round(400 * scale), width: 8 };
const idle = { before: 1_000, count: options.quick ? 1_000 : 2_000, width: 16 };

const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const wanted = (name: string) => !options.only || options.only.split(',').includes(name);

const askGenerator = async (generator: ChildProcess, ask: Ask): Promise<RunResult | null> => {
  generator.send(ask);
  const [reply] = (await once(generator, 'message')) as [Reply];
  if (!reply.ok) throw new Error(`${'fleet' in ask ? ask.fleet : ''} ${ask.ask}: ${reply.error}`);
  return reply.result;
};

/** `main 60 %, threads 20 % 10 % ...`, those above 1 %. */
const shares = (threads: Map<number, number>) => {
  const [main = 0, ...others] = [...threads].sort(([a], [b]) => a - b).map(([, ms]) => ms);
  const total = others.reduce((sum, ms) => sum + ms, main);
  const percent = (ms: number) => `${Math.round((ms / total) * 100)} %`;
  return `main thread ${percent(main)}, others ${others
    .filter(ms => ms > total / 100)
    .map(percent)
    .join(', ')}`;
};

type Name = 'parley' | 'bare';
type Servers = Record<Name, MeasuredServer>;
/** Who begins alternates, so that neither always finds the machine as the other left it. */
const order = (round: number): Name[] => (round % 2 === 0 ? ['parley', 'bare'] : ['bare', 'parley']);

/** Measures once per round and server; the first, discarded round warms both up. `measure` returns a figure per unit. */
const compare = async (measure: (name: Name) => Promise<number>, discard = 1) => {
  const figures: Record<Name, number[]> = { parley: [], bare: [] };
  for (let round = -discard; round < rounds; round++) {
    for (const name of order(round + discard)) {
      const figure = await measure(name);
      if (round >= 0) figures[name].push(figure);
    }
  }
  return figures;
};

/** Until the hot paths are compiled, the compiler's threads cost more than the messages. */
const warmUp = async (generator: ChildProcess) => {
  for (const { size, senders } of loads.filter(load => !load.rate))
    for (const fleet of order(0))
      await askGenerator(generator, { ask: 'run', fleet, load: { size, senders, messages: 20_000 / size + 2_000 } });
};

const measureLoads = async (servers: Servers, generator: ChildProcess, add: (result: Comparison) => void) => {
  for (const { aim, ...load } of loads) {
    if (!wanted(load.rate ? 'paced' : `rooms-${load.size}`)) continue;
    const runs: Record<Name, RunResult[]> = { parley: [], bare: [] };
    const threads = new Map<number, number>();
    const figures = await compare(async name => {
      const before = await servers[name].usage();
      const threadsBefore = servers[name].threads();
      const ask: Ask = { ask: 'run', fleet: name, load: { ...load, messages: Math.round(load.messages * scale) } };
      const result = (await askGenerator(generator, ask)) as RunResult;
      await wait(settleMs);
      runs[name].push(result);
      if (name === 'parley')
        for (const [id, ms] of servers[name].threads())
          threads.set(id, (threads.get(id) ?? 0) + ms - (threadsBefore.get(id) ?? 0));
      return ((await servers[name].usage()).cpu_us - before.cpu_us) / result.messages;
    });
    const note = (name: Name) => {
      const of = (pick: (run: RunResult) => number) => median(runs[name].map(pick));
      return `${Math.round(of(run => (run.messages / run.ms) * 1_000))}/s, ack p50 ${of(run => run.ack_p50_ms).toFixed(1)} p99 ${of(run => run.ack_p99_ms).toFixed(1)} ms, generator ${Math.round(of(run => run.generator_load) * 100)} %`;
    };
    const count = population.rooms.find(room => room.size === load.size)?.count ?? 0;
    add({
      what: `message, rooms of ${load.size}, ${load.rate ? `${load.rate} messages/s` : `${count * load.senders} in flight in ${count} rooms`}`,
      unit: 'us CPU',
      parley: median(figures.parley),
      bare: median(figures.bare),
      all: figures,
      ...(aim !== undefined && { aim: { ratio: 'bare/ours', value: aim } }),
      notes: { parley: `${note('parley')}, CPU ${shares(threads)}`, bare: note('bare') },
    });
  }
};

const measureHandshakes = async (servers: Servers, generator: ChildProcess): Promise<Comparison> => {
  const figures = await compare(async name => {
    const before = await servers[name].usage();
    await askGenerator(generator, { ask: 'open', fleet: name, ...handshakes });
    await wait(settleMs / 2);
    const after = await servers[name].usage();
    await askGenerator(generator, { ask: 'drop-opened', fleet: name });
    await wait(settleMs / 2);
    return (after.cpu_us - before.cpu_us) / handshakes.count;
  });
  return {
    what: `handshake (WebSocket, CONNECT with a token), ${handshakes.count} connections, ${handshakes.width} at once`,
    unit: 'us CPU',
    parley: median(figures.parley),
    bare: median(figures.bare),
    all: figures,
    aim: { ratio: 'ours/bare', value: 1.5 },
  };
};

/** Each round on servers just started, as memory once used is not given back. */
const measureMemory = async (
  start: Record<Name, () => Promise<MeasuredServer>>,
  connect: (name: Name, url: string) => Promise<unknown>,
  generator: ChildProcess,
): Promise<Comparison> => {
  const figures = await compare(async name => {
    const server = await start[name]();
    await connect(name, server.url);
    // What starting up left free is used up first, else it would be taken for connections that cost nothing.
    await askGenerator(generator, { ask: 'open', fleet: name, count: idle.before, width: idle.width });
    await wait(settleMs);
    const before = await server.usage(true);
    await askGenerator(generator, { ask: 'open', fleet: name, count: idle.count, width: idle.width });
    await wait(settleMs);
    const after = await server.usage(true);
    await askGenerator(generator, { ask: 'disconnect', fleet: name });
    await server.stop();
    return (after.rss - before.rss) / idle.count / 1_024;
  }, 0);
  return {
    what: `idle connection, ${idle.count} on top of ${idle.before + population.users}`,
    unit: 'KiB RSS',
    parley: median(figures.parley),
    bare: median(figures.bare),
    all: figures,
    aim: { ratio: 'ours/bare', value: 1.7 },
  };
};

const commit = () => execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();

const main = async () => {
  mkdirSync(cache, { recursive: true });
  // On the disk of the checkout rather than in /tmp, which may be memory: a commit must cost what it costs.
  const dataDir = mkdtempSync(join(cache, 'bench-'));
  // A folder for each run, named at its end: runs side by side must not take or clear each other's profiles.
  const profiles = options['cpu-prof'] ? mkdtempSync(join(cache, 'profile-')) : undefined;
  const profile = profiles ? ['--cpu-prof', `--cpu-prof-dir=${profiles}`] : [];
  const generator = fork(new URL('./generator.js', import.meta.url));
  const running = new Set<MeasuredServer>();
  const track = async (starting: Promise<MeasuredServer>): Promise<MeasuredServer> => {
    const server = await starting;
    running.add(server);
    return { ...server, stop: () => server.stop().finally(() => running.delete(server)) };
  };
  const start = {
    parley: () => track(startParley(dataDir, profile)),
    bare: () => track(startBare(profile)),
  };
  try {
    const results: Comparison[] = [];
    const add = (result: Comparison) => {
      results.push(result);
      console.log(progress(result));
    };
    const servers = { parley: await start.parley(), bare: await start.bare() };
    const { groups, logins } = await populate(servers.parley.url, population);
    const plans = { parley: parleyFleet, bare: bareFleet };
    const connect = (name: Name, url: string) =>
      askGenerator(generator, { ask: 'connect', fleet: name, plan: plans[name](url, logins, groups) });
    for (const name of order(0)) await connect(name, servers[name].url);
    await warmUp(generator);
    await measureLoads(servers, generator, add);
    if (wanted('handshake')) add(await measureHandshakes(servers, generator));
    for (const name of order(0)) {
      await askGenerator(generator, { ask: 'disconnect', fleet: name });
      await servers[name].stop();
    }
    if (wanted('memory')) add(await measureMemory(start, connect, generator));
    const client = wanted('client') ? [...(await measureClient()), ...measurePage()] : [];
    const text = `${report(results, { rounds, quick: options.quick, commit: commit() })}\n${client.join('\n')}\n`;
    console.log(text);
    if (profiles) console.log(`Profiles: ${profiles}`);
    if (options.save || !(options.quick || options.only)) save(join(root, 'bench/RESULTS.md'), text);
  } finally {
    generator.disconnect();
    await Promise.allSettled([...running].map(server => server.stop()));
    rmSync(dataDir, { recursive: true, force: true });
  }
};

await main();
