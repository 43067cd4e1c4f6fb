import { EventEmitter } from 'node:events';
import { createAdapter } from '@socket.io/redis-adapter';
import { Emitter } from '@socket.io/redis-emitter';
import { afterEach, expect, test } from 'vitest';
import { until } from '../support/clients.ts';
import { createWire } from './linked.ts';
import { type Edge, startEdge } from './support.ts';

const edges: Edge[] = [];
afterEach(async () => {
  for (const edge of edges.splice(0)) await edge.close();
});

/** As much of Redis as the adapter and the emitter ask of a client. */
const createBroker = () => {
  const clients = new Set<{ deliver: (channel: string, message: Buffer) => void }>();
  const broker = { isDown: false };
  const client = () => {
    const channels = new Set<string>();
    const patterns = new Set<string>();
    const own = Object.assign(new EventEmitter(), {
      publish(channel: string, message: string | Uint8Array) {
        // As the clients that the server makes: what fails is swallowed.
        if (broker.isDown) return Promise.resolve(0);
        for (const other of clients) other.deliver(channel, Buffer.from(message));
        return Promise.resolve(clients.size);
      },
      subscribe(names: string[]) {
        for (const name of names) channels.add(name);
      },
      psubscribe: (name: string) => void patterns.add(name.slice(0, -1)),
      unsubscribe: () => undefined,
      punsubscribe: () => undefined,
      deliver(channel: string, message: Buffer) {
        if (channels.has(channel)) own.emit('messageBuffer', Buffer.from(channel), message);
        for (const pattern of patterns)
          if (channel.startsWith(pattern))
            own.emit('pmessageBuffer', Buffer.from(`${pattern}*`), Buffer.from(channel), message);
      },
    });
    clients.add(own);
    return own;
  };
  return Object.assign(broker, { client });
};

const startTwo = async () => {
  const broker = createBroker();
  const wire = createWire();
  for (const instance_id of ['i1', 'i2'])
    edges.push(
      await startEdge({
        adapter: createAdapter(broker.client(), broker.client(), { key: 'parley' }),
        linked: wire.link({ instance_id, clock: { now: Date.now } }),
      }),
    );
  const [a, b] = edges;
  if (!a || !b) throw new Error('two');
  return { a, b, broker };
};

test('with an adapter a notification is told once to each of its owner’s sockets, on all instances', async () => {
  const { a, b, broker } = await startTwo();
  const got: string[] = [];
  const sockets = [
    await a.connect('bob/s1', { namespace: '/notifications' }),
    await b.connect('bob/s2', { namespace: '/notifications' }),
    await b.connect('eve/s3', { namespace: '/notifications' }),
  ];
  for (const [at, socket] of sockets.entries())
    socket.on('notification:created', ({ id }: { id: string }) => got.push(`${at} ${id}`));
  const notify = (notification_id: string) =>
    a.cluster.notify('notification', { user_id: 'bob', notification_id, instance_id: 'i1' });
  notify('n1');
  await until(() => got.length >= 2);
  // Without the link those here are told all the same.
  broker.isDown = true;
  notify('n2');
  await until(() => got.length >= 3);
  await new Promise(resolve => setTimeout(resolve, 100));
  expect(got.sort()).toEqual(['0 n1', '0 n2', '1 n1']);
  for (const socket of sockets) socket.disconnect();
});

test('other programs reach a person and a session by rooms, in both namespaces', async () => {
  const { a, b, broker } = await startTwo();
  const emitter = new Emitter(broker.client(), { key: 'parley' });
  const got: string[] = [];
  const sockets = [
    await a.connect('bob/s1'),
    await b.connect('bob/s2', { transports: ['polling'] }),
    await b.connect('bob/s2', { namespace: '/notifications' }),
    await b.connect('eve/s3'),
  ];
  for (const [at, socket] of sockets.entries()) socket.on('hello', (word: string) => got.push(`${at} ${word}`));
  emitter.to('user:bob').emit('hello', 'you');
  emitter.to('session:s2').emit('hello', 'device');
  emitter.of('/notifications').to('user:bob').emit('hello', 'inbox');
  await until(() => got.length >= 4);
  expect(got.sort()).toEqual(['0 you', '1 device', '1 you', '2 inbox']);
  for (const socket of sockets) socket.disconnect();
  await until(() => ![a, b].some(({ realtime }) => realtime.io.of('/').adapter.rooms.has('user:bob')));
});
