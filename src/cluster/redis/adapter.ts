import { EventEmitter } from 'node:events';
import type { Link } from './link.ts';
import type { Subscriber } from './subscriber.ts';

type Callback = (error: Error | null, reply?: unknown) => void;

/** What the Socket.IO adapter asks of the client that publishes. */
export interface AdapterPublisher extends EventEmitter {
  /** Resolves to the number of receivers, 0 where the link is down: the adapter never looks after its promise, and a rejection would end the process. */
  publish(channel: string, message: string | Buffer): Promise<number>;
  send_command(command: string, args: (string | number)[], callback: Callback): void;
}

/** What the Socket.IO adapter asks of the client that subscribes. */
export interface AdapterSubscriber extends EventEmitter {
  subscribe(channels: string | string[]): Promise<void>;
  unsubscribe(channels: string | string[]): Promise<void>;
  psubscribe(pattern: string): Promise<void>;
  punsubscribe(pattern: string): Promise<void>;
}

export interface AdapterClients {
  pub: AdapterPublisher;
  sub: AdapterSubscriber;
  /** The adapter's option of that name. */
  key: string;
}

/**
 * Clients for `createAdapter(pub, sub, { key })` of @socket.io/redis-adapter, on the connections that there are already. With
 * clients of its own an outage ends the process: unhandled rejections of its publications, and of what it makes of a malformed message.
 */
export const createAdapterClients = ({
  link,
  subscriber,
  key,
  onError,
}: {
  link: Pick<Link, 'send'>;
  subscriber: Pick<Subscriber, 'subscribe' | 'unsubscribe' | 'psubscribe' | 'punsubscribe'>;
  key: string;
  onError: (error: unknown) => void;
}) => {
  const pub: AdapterPublisher = Object.assign(new EventEmitter(), {
    publish: (channel: string, message: string | Buffer) =>
      new Promise<number>(resolve => {
        link.send('PUBLISH', [channel, message], (error, receivers) => resolve(error ? 0 : Number(receivers)));
      }),
    send_command: (command: string, args: (string | number)[], callback: Callback) =>
      link.send(command, args, (error, reply) => (error ? callback(error) : callback(null, reply))),
  });

  const list = (channels: string | string[]) => (Array.isArray(channels) ? channels : [channels]);
  const sub: AdapterSubscriber = Object.assign(new EventEmitter().setMaxListeners(0), {
    subscribe: async (channels: string | string[]) => void (await subscriber.subscribe(list(channels))),
    unsubscribe: async (channels: string | string[]) => subscriber.unsubscribe(list(channels)),
    psubscribe: async (pattern: string) => subscriber.psubscribe(pattern),
    punsubscribe: async (pattern: string) => subscriber.punsubscribe(pattern),
  });

  /** A listener's fault, thrown or rejected, stays its own. */
  const tell = (name: string, ...values: unknown[]) => {
    for (const listener of sub.listeners(name)) {
      try {
        const outcome: unknown = listener(...values);
        if (outcome instanceof Promise) outcome.catch(onError);
      } catch (error) {
        onError(error);
      }
    }
  };

  const clients: AdapterClients = { pub, sub, key };
  return {
    clients,
    receive: (channel: string, message: Buffer) => tell('messageBuffer', Buffer.from(channel, 'latin1'), message),
    receiveByPattern: (pattern: string, channel: Buffer, message: Buffer) =>
      tell('pmessageBuffer', pattern, channel, message),
  };
};
