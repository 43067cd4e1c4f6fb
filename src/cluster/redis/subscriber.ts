import { openConnection } from './connection.ts';

export interface SubscriberParts {
  url: string;
  name: string;
  onMessage: (channel: string, message: Buffer) => void;
  onPatternMessage: (pattern: string, channel: Buffer, message: Buffer) => void;
  /** Connected, and everything wanted is subscribed to again. */
  onUp: () => void;
  onDown: () => void;
}

/** The connection on which messages arrive. What is wanted is remembered, and subscribed to again after each outage. */
export interface Subscriber {
  readonly up: boolean;
  /** Resolves to whether messages of all these channels arrive from now on; false where the link is down: then they will. */
  subscribe(channels: string[]): Promise<boolean>;
  unsubscribe(channels: string[]): void;
  psubscribe(pattern: string): void;
  punsubscribe(pattern: string): void;
  /** Whether this instance is among the receivers of a channel; undefined where that changes just now. */
  hears(channel: string): boolean | undefined;
  wants(channel: string): boolean;
  close(): void;
}

/** Channels in one command. */
const chunk = 500;
const pingEveryMs = 1_000;
/** Milliseconds without an answer after which the connection counts as dead. */
const deadAfterMs = 2_000;
const retryMs = 1_000;

type State = 'asked' | 'on' | 'leaving';

export const createSubscriber = (parts: SubscriberParts): Subscriber => {
  const { url, name, onMessage, onPatternMessage, onUp, onDown } = parts;
  const channels = new Map<string, State>();
  const patterns = new Set<string>();
  let up = false;
  let closed = false;
  /** Of the connection that there is. */
  let connections = 0;
  let unanswered: number | undefined;

  const connection = openConnection({
    url,
    name,
    onReady: () => void restore(),
    onClosed: () => {
      connections += 1;
      unanswered = undefined;
      for (const [channel, state] of channels) {
        if (state === 'leaving') channels.delete(channel);
        else channels.set(channel, 'asked');
      }
      goDown();
    },
  });
  const { client } = connection;
  client.on('messageBuffer', (channel: Buffer, message: Buffer) => onMessage(channel.toString('latin1'), message));
  client.on('pmessageBuffer', (pattern: string, channel: Buffer, message: Buffer) =>
    onPatternMessage(pattern, channel, message),
  );

  const goDown = () => {
    if (!up) return;
    up = false;
    onDown();
  };

  /** Rejects where the connection closes meanwhile, or Redis refuses. */
  const ask = async (wanted: string[]) => {
    const own = connections;
    const asked: Promise<unknown>[] = [];
    for (let from = 0; from < wanted.length; from += chunk)
      asked.push(client.subscribe(...wanted.slice(from, from + chunk)));
    await Promise.all(asked);
    if (own !== connections) throw new Error('The connection closed.');
    for (const channel of wanted) if (channels.get(channel) === 'asked') channels.set(channel, 'on');
  };

  const restore = async () => {
    const own = connections;
    try {
      await Promise.all([ask([...channels.keys()]), ...[...patterns].map(pattern => client.psubscribe(pattern))]);
    } catch {
      // It closed again, and is made again; or Redis refuses, and may not for ever.
      if (own === connections && !closed) setTimeout(() => connection.reset(), retryMs).unref();
      return;
    }
    if (own !== connections || closed) return;
    up = true;
    onUp();
  };

  const heartbeat = setInterval(() => {
    if (client.status !== 'ready') return;
    const now = performance.now();
    if (unanswered !== undefined) {
      if (now - unanswered <= deadAfterMs) return;
      goDown();
      connection.reset();
      return;
    }
    unanswered = now;
    client.ping().then(
      () => {
        unanswered = undefined;
      },
      // It closed: a new one is being made.
      () => {
        unanswered = undefined;
      },
    );
  }, pingEveryMs).unref();

  return {
    get up() {
      return up;
    },
    async subscribe(wanted) {
      const fresh: string[] = [];
      for (const channel of wanted) {
        if (channels.get(channel) === 'on') continue;
        channels.set(channel, 'asked');
        fresh.push(channel);
      }
      // Otherwise they are subscribed to with all others once there is a connection.
      if (client.status !== 'ready') return false;
      return ask(fresh).then(
        () => true,
        () => false,
      );
    },
    unsubscribe(unwanted) {
      const known = unwanted.filter(channel => channels.has(channel));
      for (const channel of known) {
        if (client.status === 'ready') channels.set(channel, 'leaving');
        else channels.delete(channel);
      }
      if (client.status !== 'ready') return;
      for (let from = 0; from < known.length; from += chunk) {
        const left = known.slice(from, from + chunk);
        const forget = () => {
          for (const channel of left) if (channels.get(channel) === 'leaving') channels.delete(channel);
        };
        client.unsubscribe(...left).then(forget, forget);
      }
    },
    psubscribe(pattern) {
      patterns.add(pattern);
      if (client.status === 'ready') client.psubscribe(pattern).catch(() => connection.reset());
    },
    punsubscribe(pattern) {
      patterns.delete(pattern);
      // Where it fails the connection is gone, and the subscription with it.
      if (client.status === 'ready') client.punsubscribe(pattern).catch(() => undefined);
    },
    hears(channel) {
      const state = channels.get(channel);
      return state === undefined ? false : state === 'on' ? up || undefined : undefined;
    },
    wants: channel => channels.has(channel) && channels.get(channel) !== 'leaving',
    close() {
      closed = true;
      clearInterval(heartbeat);
      up = false;
      connection.close();
    },
  };
};
