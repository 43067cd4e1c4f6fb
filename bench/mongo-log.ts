// The MongoDB log by itself: appenders that contend for one conversation, and appends a second against the bare driver.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { startMongodb } from '../scripts/servers/mongodb.ts';
import type { Head, Log, NewEvent } from '../src/ports/log.ts';
import { openMongoLog } from '../src/storage/log/mongo/log.ts';

const text = 'x'.repeat(200);
const message = (from: string, client_id: string): NewEvent => ({
  kind: 'message',
  from,
  client_id,
  payload: { message: text },
});

const quantile = (values: number[], q: number) => values.toSorted((a, b) => a - b)[Math.floor(values.length * q)] ?? 0;
const median = (values: number[]) => quantile(values, 0.5);

/** Appends one event at a time as the writer does: at the head that its last append left, or that a conflict has made it read. */
const appendAlone = async (log: Log, conversation_id: string, from: string, count: number) => {
  let at: Head = { seq: 0, n: 0 };
  let conflicts = 0;
  const took: number[] = [];
  for (let k = 0; k < count; k += 1) {
    const begunAt = performance.now();
    for (let stored = false; !stored; ) {
      const result = await log.append(conversation_id, at, [message(from, `${k}`)]);
      const [event] = result.stored;
      stored = event !== undefined;
      if (event) at = { seq: event.seq, n: event.n, id: event.id };
      else {
        conflicts += 1;
        const { seq } = at;
        at = await log.head(conversation_id);
        await log.range(conversation_id, seq, at.seq);
      }
    }
    took.push(performance.now() - begunAt);
  }
  return { conflicts, took };
};

/** 2,000 appends to one conversation, divided among so many instances. */
const contend = async (uri: string, instances: number): Promise<string> => {
  const total = 2_000;
  const logs = await Promise.all(Array.from({ length: instances }, () => openMongoLog({ uri, poolSize: 10 })));
  const each = Math.floor(total / instances);
  const begunAt = performance.now();
  const ran = await Promise.all(logs.map((log, i) => appendAlone(log, `hot${instances}`, `user${i}`, each)));
  const seconds = (performance.now() - begunAt) / 1_000;
  await Promise.all(logs.map(log => log.close()));
  const took = ran.flatMap(one => one.took);
  const conflicts = ran.reduce((sum, one) => sum + one.conflicts, 0) / took.length;
  const slowest = ran.map(one => quantile(one.took, 0.99).toFixed(0)).join(', ');
  return `| ${instances} | ${(took.length / seconds).toFixed(0)} | ${conflicts.toFixed(2)} | ${median(took).toFixed(1)} | ${quantile(took, 0.99).toFixed(1)} (${slowest}) |`;
};

interface Rate {
  perSecond: number;
  /** Microseconds of this process's CPU. */
  cpu: number;
}

/** `lanes` conversations, each with one batch on its way, until all of them together have made `batches`. */
const rateOf = async (
  lanes: number,
  batches: number,
  batch: number,
  send: (lane: number, k: number) => Promise<void>,
): Promise<Rate> => {
  const begunAt = performance.now();
  const before = process.cpuUsage();
  const each = Math.ceil(batches / lanes);
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let k = 0; k < each; k += 1) await send(lane, k);
    }),
  );
  const { user, system } = process.cpuUsage(before);
  const events = each * lanes * batch;
  return { perSecond: (events / (performance.now() - begunAt)) * 1_000, cpu: (user + system) / events };
};

const compare = async (uri: string, { lanes, batches, batch }: { lanes: number; batches: number; batch: number }) => {
  const log = await openMongoLog({ uri, poolSize: 10 });
  const connection = await mongoose
    .createConnection(uri, { autoIndex: false, maxPoolSize: 10, retryWrites: false, w: 'majority', journal: true })
    .asPromise();
  const indexes = (await connection.collection('events').indexes()).filter(({ name }) => name !== '_id_');
  const rates: Record<'log' | 'driver', Rate[]> = { log: [], driver: [] };
  for (let round = 0; round < 5; round += 1) {
    const name = `${lanes}-${batch}-${round}`;
    const heads: Head[] = Array.from({ length: lanes }, () => ({ seq: 0, n: 0 }));
    const viaLog = () =>
      rateOf(lanes, batches, batch, async (lane, k) => {
        const events = Array.from({ length: batch }, (_, i) => message('ann', `${k}.${i}`));
        const { stored } = await log.append(`${name}-${lane}`, heads[lane]!, events);
        const last = stored.at(-1);
        if (stored.length !== batch || !last) throw new Error('The log did not store everything.');
        heads[lane] = { seq: last.seq, n: last.n, id: last.id };
      });
    const raw = connection.collection(`raw-${name}`);
    await raw.createIndexes(indexes.map(({ v: _, ...index }) => index) as mongoose.mongo.IndexDescription[]);
    const viaDriver = () =>
      rateOf(lanes, batches, batch, async (lane, k) => {
        const documents = Array.from({ length: batch }, (_, i) => {
          const seq = k * batch + i + 1;
          const place = { conversation_id: `${name}-${lane}`, seq, n: seq, ordinal: seq };
          return { ...place, ...message('ann', `${k}.${i}`), date: new Date(), random: 'abcdefgh' };
        });
        await raw.insertMany(documents, { ordered: true });
      });
    // Whoever goes second finds a warmer server: by turns.
    for (const side of round % 2 ? (['driver', 'log'] as const) : (['log', 'driver'] as const))
      rates[side].push(await (side === 'log' ? viaLog() : viaDriver()));
  }
  await log.close();
  await connection.close();
  const of = (side: 'log' | 'driver', value: keyof Rate) => median(rates[side].map(rate => rate[value]));
  const [mine, theirs] = [of('log', 'perSecond'), of('driver', 'perSecond')];
  return `| ${lanes} x ${batch} | ${mine.toFixed(0)} | ${theirs.toFixed(0)} | ${(mine / theirs).toFixed(2)} | ${of('log', 'cpu').toFixed(0)} | ${of('driver', 'cpu').toFixed(0)} |`;
};

/** Starts a server of its own, and returns rows of Markdown tables. Takes about a minute. */
export const measureMongoLog = async (): Promise<string[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  const server = await startMongodb({ folder });
  try {
    const rows = [
      '| instances on one conversation | appends/s | conflicts per append | p50 ms | p99 ms (each) |',
      '|---|---|---|---|---|',
    ];
    for (const instances of [1, 2, 3]) rows.push(await contend(`${server.url}/contend`, instances));
    rows.push(
      '',
      '| conversations x events per batch | log, events/s | driver insertMany, events/s | ratio | log, us CPU an event | driver |',
      '|---|---|---|---|---|---|',
    );
    for (const load of [
      { lanes: 1, batches: 400, batch: 1 },
      { lanes: 1, batches: 200, batch: 20 },
      { lanes: 16, batches: 2_000, batch: 1 },
      { lanes: 16, batches: 400, batch: 20 },
    ])
      rows.push(await compare(`${server.url}/rate`, load));
    return rows;
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};
