// The load generator: a process of its own, whose CPU is not counted. Forked by main.ts, asked over IPC.
import type { Ask, Fleet, Group, Load, Reply, RunResult } from './fleet.ts';
import { openClient, type RawClient } from './raw-client.ts';

interface Connected {
  plan: Fleet;
  members: RawClient[];
  opened: RawClient[];
}

const fleets = new Map<string, Connected>();
const runTimeoutMs = 120_000;
/** After everything arrived, how long what comes twice is waited for. */
const strayMs = 200;
const textBytes = 200;
const delivery = Buffer.from('42["message:created"');
const idMark = Buffer.from('"client_id":"');

const words =
  'the quick brown fox jumps over a lazy dog while seven wizards brew strong coffee near old harbour lights tonight'.split(
    ' ',
  );

/** A text of exactly 200 bytes, another one for each number. */
const text = (number: number) => {
  let made = '';
  for (let index = number; made.length < textBytes; index = (index * 31 + 7) % 1_000_003)
    made += `${words[index % words.length]} `;
  return made.slice(0, textBytes - 1).padEnd(textBytes, '.');
};

const urlOf = ({ url, urls = [url] }: Fleet, index: number) => urls[index % urls.length] ?? url;

/** Opens `count` clients, `width` at once, and keeps their order. */
const openAll = async (plan: Fleet, count: number, width: number) => {
  const clients: RawClient[] = new Array(count);
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++)
      clients[index] = await openClient(
        urlOf(plan, index),
        plan.auths[index % plan.auths.length] as Record<string, unknown>,
      );
  };
  await Promise.all(Array.from({ length: width }, worker));
  return clients;
};

const find = (fleet: string) => {
  const connected = fleets.get(fleet);
  if (!connected) throw new Error(`${fleet} is not connected`);
  return connected;
};

/**
 * Watches that each member of the groups gets each sender's messages 0, 1, 2 ... once and in order, with the text that was sent,
 * and that nobody else gets anything. Watches on after it is done, for what comes twice.
 */
const watchDeliveries = (members: RawClient[], groups: Group[], run: string, total: number) =>
  new Promise<{ stray: () => string | undefined }>((resolve, reject) => {
    let missing = total;
    let stray: string | undefined;
    const fail = (why: string) => {
      stray ??= why;
      reject(new Error(why));
    };
    const timer = setTimeout(() => fail('not everything arrived in time'), runTimeoutMs);
    const present = new Set(groups.flatMap(group => group.members));
    members.forEach((client, index) => {
      const received = new Map<string, number>();
      client.onLost = why => fail(`member ${index}: ${why}`);
      client.onEvent = frame => {
        if (frame.compare(delivery, 0, delivery.length, 0, delivery.length) !== 0) return;
        const at = frame.indexOf(idMark) + idMark.length;
        const [itsRun, lane = '', number] = frame.toString('latin1', at, frame.indexOf('"', at)).split('.');
        const due = received.get(lane) ?? 0;
        if (!present.has(index) || itsRun !== run || Number(number) !== due)
          return fail(`member ${index} got ${itsRun}.${lane}.${number}, not ${run}.${lane}.${due}`);
        received.set(lane, due + 1);
        if (due % 64 === 0 && JSON.parse(frame.toString('utf8', 2))[1].message !== text(due))
          return fail(`member ${index} got another text`);
        if (--missing > 0) return;
        clearTimeout(timer);
        resolve({ stray: () => stray });
      };
    });
  });

/** Lets callers through at an even rate; at once without one. */
const createPace = (rate: number | undefined) => {
  let slot = performance.now();
  return async () => {
    if (!rate) return;
    slot = Math.max(slot + 1_000 / rate, performance.now() - 100);
    const wait = slot - performance.now();
    if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait));
  };
};

const quantile = (sorted: number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;

let runs = 0;

const run = async (fleet: string, load: Load): Promise<RunResult> => {
  const { plan, members } = find(fleet);
  const groups = plan.groups.filter(group => group.size === load.size);
  const lanes = groups.flatMap(group =>
    group.members.slice(0, load.senders).map((member, sender) => ({ group, member, lane: `${group.id}/${sender}` })),
  );
  const each = Math.ceil(load.messages / lanes.length);
  const messages = each * lanes.length;
  const name = `${process.pid}-${runs++}`;
  const delivered = watchDeliveries(members, groups, name, messages * load.size);
  const pace = createPace(load.rate);
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  const started = performance.now();

  const send = async ({ group, member, lane }: (typeof lanes)[number]) => {
    let lastSeq = 0;
    for (let number = 0; number < each; number++) {
      await pace();
      const packet = JSON.stringify([
        'message:send',
        { conversation_id: group.id, message: text(number), client_id: `${name}.${lane}.${number}` },
      ]);
      const sent = performance.now();
      const answer = JSON.parse(await (members[member] as RawClient).ask(packet))[0];
      latencies.push(performance.now() - sent);
      if (answer?.ok !== true || answer.data.duplicate) throw new Error(`not acknowledged: ${JSON.stringify(answer)}`);
      // Bare has no seq.
      if (answer.data.seq !== undefined && !(answer.data.seq > lastSeq)) throw new Error('seq did not grow');
      lastSeq = answer.data.seq ?? lastSeq;
    }
  };
  const [{ stray }] = await Promise.all([delivered, ...lanes.map(send)]);
  const ms = performance.now() - started;
  const used = process.cpuUsage(cpu);
  await new Promise(resolve => setTimeout(resolve, strayMs));
  const twice = stray();
  if (twice) throw new Error(twice);
  latencies.sort((a, b) => a - b);
  return {
    messages,
    deliveries: messages * load.size,
    ms,
    generator_load: (used.user + used.system) / 1_000 / ms,
    ack_p50_ms: quantile(latencies, 0.5),
    ack_p99_ms: quantile(latencies, 0.99),
  };
};

const answer = async (ask: Ask): Promise<RunResult | null> => {
  switch (ask.ask) {
    case 'connect':
      fleets.set(ask.fleet, {
        plan: ask.plan,
        members: await openAll(ask.plan, ask.plan.auths.length, 10),
        opened: [],
      });
      return null;
    case 'run':
      return await run(ask.fleet, ask.load);
    case 'open': {
      const fleet = find(ask.fleet);
      fleet.opened.push(...(await openAll(fleet.plan, ask.count, ask.width)));
      return null;
    }
    case 'drop-opened':
      for (const client of find(ask.fleet).opened.splice(0)) client.close();
      return null;
    case 'disconnect':
      for (const client of [...find(ask.fleet).members, ...find(ask.fleet).opened]) client.close();
      fleets.delete(ask.fleet);
      return null;
  }
};

process.on('message', (ask: Ask) => {
  answer(ask).then(
    result => process.send?.({ ok: true, result } satisfies Reply),
    (error: Error) => process.send?.({ ok: false, error: error.message } satisfies Reply),
  );
});
