import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdapter } from '@socket.io/redis-adapter';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../support/clients.ts';
import { patient, promptly, timed, useRedis } from './rig.ts';

const { newCluster, client, server } = useRedis();

/** A Socket.IO server of an instance, with one client connected, and what that client heard. */
const serve = async ({
  adapterClients: { pub, sub, key },
}: Awaited<ReturnType<ReturnType<typeof newCluster>['open']>>) => {
  const http = createServer();
  const sockets = new Server(http, { adapter: createAdapter(pub, sub, { key }) });
  sockets.on('connection', socket => socket.join('room'));
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve));
  const socket = io(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, { transports: ['websocket'] });
  const heard: string[] = [];
  socket.on('said', text => heard.push(text));
  onTestFinished(async () => {
    socket.disconnect();
    await sockets.close();
  });
  await until(() => socket.connected && sockets.of('/').adapter.rooms.has('room'));
  return { sockets, heard };
};

test('[G8] a stock adapter on its clients crosses instances, outlives outages, and works again within 5 s', async () => {
  const { open } = newCluster(patient);
  const [a, b] = [await open('a'), await open('b')];
  const [one, two] = [await serve(a), await serve(b)];
  one.sockets.to('room').emit('said', 'hello');
  await until(() => one.heard.includes('hello') && two.heard.includes('hello'));
  expect(await one.sockets.fetchSockets()).toHaveLength(2);
  expect(await one.sockets.of('/').adapter.serverCount()).toBe(2);

  await server().kill();
  await until(() => !a.cluster.healthy() && !b.cluster.healthy());
  for (let count = 0; count < 1_000; count += 1) one.sockets.to('room').emit('said', `alone ${count}`);
  // Here at once; there never, which is why log events do not go this way.
  await until(() => one.heard.includes('alone 999'));
  const { commands } = a.stats();
  await server().start();
  await until(() => a.cluster.healthy() && b.cluster.healthy(), 5_000);
  expect(a.stats().commands - commands).toBeLessThan(50);
  one.sockets.to('room').emit('said', 'again');
  await until(() => two.heard.includes('again'));
});

test('[G8] it waits for nobody while Redis stands still', async () => {
  const { open } = newCluster();
  const one = await serve(await open('a'));
  server().pause();
  try {
    const { ms } = await timed(() => {
      for (let count = 0; count < 100; count += 1) one.sockets.to('room').emit('said', `${count}`);
      return until(() => one.heard.length === 100);
    });
    expect(ms).toBeLessThan(promptly);
  } finally {
    server().resume();
  }
});

test('messages that make no sense are its own trouble, not that of the process', async () => {
  const { open, errors } = newCluster(patient);
  const a = await open('a');
  const one = await serve(a);
  const redis = await client();
  const { key } = a.adapterClients;
  for (const channel of [`${key}#/#`, `${key}-request#/#`, `${key}-response#/#`])
    for (const message of [
      '',
      '{',
      '{}',
      '{"type":7}',
      '{"type":5,"requestId":"r"}',
      Buffer.from([0xc1, 0xff]),
      'null',
    ])
      await redis.publish(channel, message);
  const b = await open('b');
  const two = await serve(b);
  two.sockets.to('room').emit('said', 'hello');
  await until(() => one.heard.includes('hello'));
  expect(errors.length).toBeGreaterThan(0);
});
