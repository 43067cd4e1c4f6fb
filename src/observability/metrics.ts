import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ErrorCode, OperationName } from '../protocol/index.ts';

const seconds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** What this server counts. Each server has its own registry: two run in one process. Times are given in milliseconds, shown in seconds. */
export interface Metrics {
  /** A command ended. On the hot path: two additions, turned into metrics when somebody asks. */
  command(name: OperationName, outcome: 'ok' | ErrorCode, ms: number): void;
  /** A batch was committed to the log. */
  appended(events: number, ms: number): void;
  /** From the commit of an event to its emission to the local sockets. */
  delivered(ms: number): void;
  /** A socket joined or left a namespace. */
  connected(namespace: string): void;
  disconnected(namespace: string, reason: string): void;
  /** A handshake was refused. */
  refused(reason: string): void;
  /** A business event (see `createRecord`). */
  event(name: string): void;
  http(status: number, ms: number): void;
  /** There is a link to other instances: whether it works, and what went over it. */
  watchLink(read: () => { up: boolean; totals: Record<string, number> }): void;
  /** All of it, in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
  /** The figures of the dashboard. */
  snapshot(): Snapshot;
}

export interface Snapshot {
  connections: Record<string, number>;
  commands: { name: string; outcome: string; count: number; ms: number }[];
  events: Record<string, number>;
}

export const createMetrics = ({ lagMs }: { lagMs: () => number }): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  const commands = new Map<OperationName, Map<string, { count: number; ms: number }>>();
  const connections = new Map<string, number>();
  const events = new Map<string, number>();

  new Counter({
    name: 'parley_commands_total',
    help: 'Commands by name and outcome, over REST and sockets.',
    labelNames: ['name', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const [name, outcomes] of commands)
        for (const [outcome, { count }] of outcomes) this.inc({ name, outcome }, count);
    },
  });
  new Counter({
    name: 'parley_command_seconds_total',
    help: 'Time that commands took, by name and outcome.',
    labelNames: ['name', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const [name, outcomes] of commands)
        for (const [outcome, { ms }] of outcomes) this.inc({ name, outcome }, ms / 1_000);
    },
  });
  new Counter({
    name: 'parley_events_total',
    help: 'Business events by name.',
    labelNames: ['event'],
    registers,
    collect() {
      this.reset();
      for (const [event, count] of events) this.inc({ event }, count);
    },
  });
  new Gauge({
    name: 'parley_connections',
    help: 'Sockets connected now, by namespace.',
    labelNames: ['namespace'],
    registers,
    collect() {
      for (const [namespace, count] of connections) this.set({ namespace }, count);
    },
  });
  new Gauge({
    name: 'parley_event_loop_lag_p99_seconds',
    help: 'Lateness of timers, 99th percentile of the last 5 seconds.',
    registers,
    collect() {
      this.set(lagMs() / 1_000);
    },
  });
  // Not prom-client's default metrics: their observers of garbage collection cannot be stopped, and cost while nobody looks.
  const ofProcess = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `parley_process_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  ofProcess('resident_memory_bytes', 'Memory of the process.', () => process.memoryUsage.rss());
  ofProcess('heap_used_bytes', 'Heap in use on the main thread.', () => process.memoryUsage().heapUsed);
  ofProcess('cpu_seconds_total', 'CPU time of all threads of the process.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  ofProcess('uptime_seconds', 'Since the process began.', () => process.uptime());
  const disconnects = new Counter({
    name: 'parley_disconnects_total',
    help: 'Sockets that left, by reason.',
    labelNames: ['namespace', 'reason'],
    registers,
  });
  const refusals = new Counter({
    name: 'parley_handshakes_refused_total',
    help: 'Handshakes refused, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const append = new Histogram({
    name: 'parley_append_seconds',
    help: 'From handing a batch to the log to its durable commit.',
    buckets: seconds,
    registers,
  });
  const batch = new Histogram({
    name: 'parley_append_batch_events',
    help: 'Events committed together.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200],
    registers,
  });
  const delivery = new Histogram({
    name: 'parley_delivery_lag_seconds',
    help: 'From the commit of an event to its emission to the sockets of this instance.',
    buckets: seconds,
    registers,
  });
  const requests = new Histogram({
    name: 'parley_http_seconds',
    help: 'REST requests by status.',
    labelNames: ['status'],
    buckets: seconds,
    registers,
  });

  const count = (map: Map<string, number>, key: string, by: number) => map.set(key, (map.get(key) ?? 0) + by);

  return {
    command(name, outcome, ms) {
      let outcomes = commands.get(name);
      if (!outcomes) {
        outcomes = new Map();
        commands.set(name, outcomes);
      }
      const known = outcomes.get(outcome);
      if (known) {
        known.count += 1;
        known.ms += ms;
      } else outcomes.set(outcome, { count: 1, ms });
    },
    appended(size, ms) {
      append.observe(ms / 1_000);
      batch.observe(size);
    },
    delivered: ms => delivery.observe(Math.max(0, ms) / 1_000),
    connected: namespace => void count(connections, namespace, 1),
    disconnected(namespace, reason) {
      count(connections, namespace, -1);
      disconnects.inc({ namespace, reason });
    },
    refused: reason => refusals.inc({ reason }),
    event: name => void count(events, name, 1),
    http: (status, ms) => requests.observe({ status: String(status) }, ms / 1_000),
    watchLink(read) {
      new Gauge({
        name: 'parley_link_up',
        help: 'Whether Redis answers in time.',
        registers,
        collect() {
          this.set(read().up ? 1 : 0);
        },
      });
      new Counter({
        name: 'parley_link_total',
        help: 'What went over the link to other instances, by kind.',
        labelNames: ['what'],
        registers,
        collect() {
          this.reset();
          for (const [what, total] of Object.entries(read().totals)) this.inc({ what }, total);
        },
      });
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
    snapshot: () => ({
      connections: Object.fromEntries(connections),
      commands: [...commands].flatMap(([name, outcomes]) =>
        [...outcomes].map(([outcome, totals]) => ({ name, outcome, ...totals })),
      ),
      events: Object.fromEntries(events),
    }),
  };
};
