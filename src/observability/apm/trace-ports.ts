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

/** Which products the stores are. */
export interface Products {
  log: 'mongodb' | 'sqlite';
  storage: 'mysql' | 'sqlite';
}

interface Stores {
  log: Log;
  storage: Storage;
  search: SearchIndex;
}

/**
 * Spans `log.append`, `storage.sessions.find`, `search.find` and so on. Where one append holds what several commands wait for,
 * its span is the first one's.
 */
export const traceStores = <T extends Stores>(stores: T, apm: Apm, products: Products): T =>
  apm === noApm
    ? stores
    : {
        ...stores,
        log: traced(stores.log, apm, 'log', database(products.log), ['ping', 'close']),
        storage: traceStorage(stores.storage, apm, database(products.storage)),
        search: traced(stores.search, apm, 'search', database('sqlite'), ['close']),
      };

const traceStorage = (storage: Storage, apm: Apm, kind: SpanKind): Storage => ({
  users: traced(storage.users, apm, 'storage.users', kind),
  sessions: traced(storage.sessions, apm, 'storage.sessions', kind),
  conversations: traced(storage.conversations, apm, 'storage.conversations', kind),
  notifications: traced(storage.notifications, apm, 'storage.notifications', kind),
  ping: () => storage.ping(),
  close: () => storage.close(),
});

interface Linked {
  cluster: Cluster;
  publisher: Publisher;
  cached?(log: Log): Log;
}

/**
 * Spans `redis.take` and so on, of what somebody waits for; publishing and notices wait for nobody. Of the log behind a cache:
 * `cache.range` and so on, with the log's own within where it had to be asked.
 */
export const traceLinked = <T extends Linked>(linked: T, apm: Apm): T =>
  apm === noApm
    ? linked
    : {
        ...linked,
        cluster: traced(linked.cluster, apm, 'redis', database('redis'), unspanned),
        publisher: traced(linked.publisher, apm, 'redis', database('redis'), ['publish', 'subscribe', 'unwatch']),
        ...(linked.cached && { cached: (log: Log) => traceCached(linked.cached?.(log) ?? log, apm) }),
      };

/** A lock would be a span around the job that runs under it, which has its own. */
const unspanned = ['notify', 'on', 'withLock', 'healthy', 'close'] as const;

const traceCached = (cached: Log, apm: Apm): Log =>
  traced(cached, apm, 'cache', { type: 'cache', subtype: 'redis', exit: false }, passedOn);

/** What a cache of blocks passes on to the log, which has a span for it. */
const passedOn: readonly (keyof Log)[] = [
  ...(['append', 'head', 'heads', 'at', 'byClientId', 'fold', 'messageAt', 'latestMessages', 'reaction'] as const),
  ...(['changes', 'renewEpoch', 'ping', 'close'] as const),
];

/** Spans `writer.append`: what each command waits for, though one of them alone has the batch's `log.append`. */
export const traceWriter = (writer: Writer, apm: Apm): Writer =>
  apm === noApm ? writer : traced(writer, apm, 'writer', { type: 'app', subtype: 'writer', exit: false }, ['idle']);
