import { Redis } from 'ioredis';

/** Milliseconds until a connection must be made, and until Redis must have answered the greeting: a frozen one accepts, and says nothing. */
const greetingMs = 1_500;
/** Between two attempts to connect; with jitter, so that instances do not come back as one. */
const retryMs = { first: 50, most: 800 };
const lookMs = 250;

export interface ConnectionParts {
  url: string;
  /** Shown by CLIENT LIST. */
  name: string;
  /** Connected, greeted, and not loading its data. */
  onReady: () => void;
  onClosed: () => void;
}

export interface Connection {
  readonly client: Redis;
  /** Why it is not connected, as far as known. */
  readonly lastError: Error | undefined;
  /** Gives this connection up and makes another: for one that is open but dead. */
  reset(): void;
  close(): void;
}

/**
 * One connection to Redis, made again whenever it is lost. Nothing is queued for later and nothing is sent twice: what cannot be
 * written now fails now, so that memory stays bounded whatever the outage.
 */
export const openConnection = ({ url, name, onReady, onClosed }: ConnectionParts): Connection => {
  let lastError: Error | undefined;
  /** When a connection was made whose greeting is not over. */
  let greetingSince: number | undefined;

  const client = new Redis(url, {
    connectionName: name,
    disableClientInfo: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    connectTimeout: greetingMs,
    // Of a connection that is given up, how long its other end may take to close it.
    ...{ disconnectTimeout: 50 },
    retryStrategy: times => Math.min(retryMs.first * 2 ** times, retryMs.most) * (0.75 + Math.random() / 2),
    // After a failover the old primary still answers, but takes no writes: look who is primary now.
    reconnectOnError: error => error.message.startsWith('READONLY'),
  });
  client.on('error', error => {
    lastError = error;
  });
  client.on('connect', () => {
    greetingSince = performance.now();
  });
  client.on('ready', () => {
    greetingSince = undefined;
    lastError = undefined;
    onReady();
  });
  client.on('close', () => {
    greetingSince = undefined;
    onClosed();
  });
  const watchdog = setInterval(() => {
    if (greetingSince !== undefined && performance.now() - greetingSince > greetingMs) reset();
  }, lookMs).unref();

  const reset = () => {
    greetingSince = undefined;
    client.disconnect(true);
  };

  return {
    client,
    get lastError() {
      return lastError;
    },
    reset,
    close() {
      clearInterval(watchdog);
      client.disconnect();
    },
  };
};
