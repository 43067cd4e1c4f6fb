import type { Writer } from '../../conversations/writer.ts';
import type { Cluster } from '../../ports/cluster.ts';
import type { Log } from '../../ports/log.ts';
import type { Publisher } from '../../ports/publisher.ts';
import type { SearchIndex } from '../../ports/search.ts';
import type { Storage } from '../../ports/storage.ts';
import { type Apm, noApm, type SpanKind } from './apm.ts';

/**
 * The port, each of whose methods is a span `<prefix>.<method>`, except for those named: what never waits, and what nobody
 * waits for. Methods that answer at once still do; the port's values are read when they are asked for.
 */
const traced = <T extends object>(
  port: T,
  apm: Apm,
  prefix: string,
  kind: SpanKind,
  except: readonly (keyof T & string)[] = [],
): T => {
  const wrapped = new Map<PropertyKey, unknown>(except.map(name => [name, port[name]]));
  return new Proxy(port, {
    get(target, name) {
      const known = wrapped.get(name);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function' || typeof name !== 'string') return value;
      const span = `${prefix}.${name}`;
      const traced = (...args: unknown[]) => apm.span(span, kind, () => value.apply(target, args));
      wrapped.set(name, traced);
      return traced;
    },
  });
};

const database = (subtype: string): SpanKind => ({ type: 'db', subtype, exit: true });

/** Spans `log.append` and so on. Where a batch holds what several commands wait for, it is a span of the first of them. */
export const traceLog = (log: Log, apm: Apm, subtype: 'mongodb' | 'sqlite'): Log =>
  apm === noApm ? log : traced(log, apm, 'log', database(subtype), ['ping', 'close']);

/** Spans `storage.sessions.find` and so on. */
export const traceStorage = (storage: Storage, apm: Apm, subtype: 'mysql' | 'sqlite'): Storage => {
  if (apm === noApm) return storage;
  const kind = database(subtype);
  return {
    users: traced(storage.users, apm, 'storage.users', kind),
    sessions: traced(storage.sessions, apm, 'storage.sessions', kind),
    conversations: traced(storage.conversations, apm, 'storage.conversations', kind),
    notifications: traced(storage.notifications, apm, 'storage.notifications', kind),
    ping: () => storage.ping(),
    close: () => storage.close(),
  };
};

/** Spans `search.find` and so on. */
export const traceSearch = (search: SearchIndex, apm: Apm): SearchIndex =>
  apm === noApm ? search : traced(search, apm, 'search', database('sqlite'), ['close']);

/** Spans `redis.take` and so on. */
export const traceCluster = (cluster: Cluster, apm: Apm): Cluster =>
  apm === noApm
    ? cluster
    : // A lock's span is not an exit: the job that runs under the lock is traced within it.
      traced(cluster, apm, 'redis', { type: 'db', subtype: 'redis', exit: false }, [
        'notify',
        'on',
        'healthy',
        'close',
      ]);

/** Spans `redis.watch`; publishing waits for nobody. */
export const tracePublisher = (publisher: Publisher, apm: Apm): Publisher =>
  apm === noApm ? publisher : traced(publisher, apm, 'redis', database('redis'), ['publish', 'subscribe', 'unwatch']);

/** The log behind a cache that instances share: spans `cache.range` and so on, with those of the log within where it was asked. */
export const traceCachedLog = (cached: Log, apm: Apm): Log =>
  apm === noApm ? cached : traced(cached, apm, 'cache', { type: 'cache', subtype: 'redis', exit: false }, uncached);

/** What every cache of complete blocks passes on to the log: it has a span there. */
const uncached: readonly (keyof Log)[] = [
  ...(['append', 'head', 'heads', 'byClientId', 'reaction', 'changes', 'renewEpoch', 'ping', 'close'] as const),
];

/** Spans `writer.append`: what each command waits for, though one of them alone has the batch's `log.append`. */
export const traceWriter = (writer: Writer, apm: Apm): Writer =>
  apm === noApm ? writer : traced(writer, apm, 'writer', { type: 'app', subtype: 'writer', exit: false }, ['idle']);
