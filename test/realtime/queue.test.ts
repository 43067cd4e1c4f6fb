import { connect as connectTcp, type Socket as TcpSocket } from 'node:net';
import type { Socket } from 'socket.io-client';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { next, until } from '../support/clients.ts';
import { type Edge, type Overrides, range, received, seqs, startEdge } from './support.ts';

let edge: Edge;
const start = async (overrides: Overrides = {}) => {
  edge = await startEdge(overrides);
  return edge;
};
afterEach(() => edge.close());

/** A client that joined and then reads no more; its TCP connection stays open. */
const stalled = async (token: string): Promise<{ socket: WebSocket; tcp: TcpSocket }> => {
  let tcp: TcpSocket | undefined;
  const socket = new WebSocket(`ws://127.0.0.1:${edge.port}/socket.io/?EIO=4&transport=websocket`, {
    createConnection: () => {
      tcp = connectTcp(edge.port, '127.0.0.1');
      return tcp;
    },
  });
  const texts: string[] = [];
  socket.on('message', data => texts.push(String(data)));
  await until(() => texts.length > 0);
  socket.send(`40{"token":"${token}"}`);
  await until(() => texts.length > 1);
  if (!tcp) throw new Error('no connection');
  tcp.pause();
  return { socket, tcp };
};

const connectedUsers = () => [...edge.sockets.all()].map(local => local.actor.user_id).sort();
const text = 'x'.repeat(8_000);

test('[S39] who does not read is closed as slow at the cap; the others get everything, and memory stays', async () => {
  const { say, connect } = await start();
  const bob = await connect('bob/s1');
  const { socket, tcp } = await stalled('eve/s2');
  const events = received(bob, 'lobby');
  let pending = 0;
  // The kernel's own buffers come first: some megabytes on loopback.
  for (let at = 0; at < 400 && connectedUsers().includes('eve'); at += 1) {
    await say('lobby', ...Array.from({ length: 10 }, () => ({ payload: { message: text } })));
    for (const local of edge.sockets.all())
      if (local.actor.user_id === 'eve') {
        const raw: unknown = Reflect.get(local.socket.conn.transport, 'socket');
        if (raw instanceof WebSocket) pending = Math.max(pending, raw.bufferedAmount);
      }
  }
  await until(() => !connectedUsers().includes('eve'));
  expect(pending).toBeLessThan(5 * 1_048_576);
  const { seq } = await edge.log.head('lobby');
  await until(() => events.length >= seq);
  expect(seqs(events)).toEqual(range(1, seq));
  tcp.resume();
  socket.terminate();
  bob.disconnect();
});

test('[S39] so is a polling client that does not come for its events', async () => {
  const { say } = await start();
  const at = `${edge.url}/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await (await fetch(at)).text()).slice(1));
  await fetch(`${at}&sid=${sid}`, { method: 'POST', body: '40{"token":"eve/s2"}' });
  await until(() => connectedUsers().includes('eve'));
  for (let count = 0; count < 60; count += 1) await say('lobby', ...Array.from({ length: 10 }, () => ({})));
  await until(() => connectedUsers().length === 0);
  expect((await fetch(`${at}&sid=${sid}`)).status).toBe(400);
});

test('[S39] acknowledgements that nobody reads count, too', async () => {
  await start();
  const { socket, tcp } = await stalled('eve/s2');
  let id = 0;
  while (connectedUsers().includes('eve') && id < 20_000) {
    for (let count = 0; count < 200; count += 1) {
      id += 1;
      socket.send(`42${id}["message:send",{"conversation_id":"c1","client_id":"k","message":"${text}"}]`);
    }
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  await until(() => !connectedUsers().includes('eve'));
  tcp.destroy();
});

test('[S39] volatile signals are dropped at half the cap, events are not', async () => {
  const { say, sockets } = await start({ settings: { queueEvents: 100 } });
  const at = `${edge.url}/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await (await fetch(at)).text()).slice(1));
  await fetch(`${at}&sid=${sid}`, { method: 'POST', body: '40{"token":"eve/s2"}' });
  await until(() => connectedUsers().includes('eve'));
  const typing = () =>
    sockets.toConversation('lobby', 'typing:updated', { conversation_id: 'lobby', typing: [], more: 0 });
  typing();
  await say('lobby', ...Array.from({ length: 60 }, () => ({})));
  for (let count = 0; count < 60; count += 1) typing();
  await say('lobby', ...Array.from({ length: 10 }, () => ({})));
  let body = '';
  while (!body.includes('"seq":70,')) body += await (await fetch(`${at}&sid=${sid}`)).text();
  expect(body.match(/typing:updated/g)).toHaveLength(1);
  expect(body.match(/message:created/g)).toHaveLength(70);
});

test('a burst that a reading client takes is not slowness', async () => {
  const { store, publisher, connect } = await start();
  const sockets: Socket[] = [await connect('bob/s1'), await connect('bob/s2', { transports: ['polling'] })];
  const views = sockets.map(socket => received(socket, 'lobby'));
  const stored = await store(
    'lobby',
    Array.from({ length: 900 }, () => ({})),
  );
  publisher.publish('lobby', stored.slice(0, 450));
  publisher.publish('lobby', stored.slice(899));
  await until(() => views.every(view => view.length >= 900), 10_000);
  for (const view of views) expect(seqs(view)).toEqual(range(1, 900));
  for (const socket of sockets) socket.disconnect();
});

test('order holds across an upgrade from polling to WebSocket', async () => {
  const { say, connect } = await start();
  for (let round = 0; round < 5; round += 1) {
    const bob = await connect('bob/s1', { transports: ['polling', 'websocket'] });
    const events = received(bob, 'lobby');
    const first = (await edge.log.head('lobby')).seq + 1;
    for (let at = 0; at < 30; at += 1) await say('lobby');
    await until(() => bob.io.engine.transport.name === 'websocket');
    for (let at = 0; at < 10; at += 1) await say('lobby');
    await until(() => events.length >= 40);
    expect(seqs(events)).toEqual(range(first, first + 39));
    bob.disconnect();
  }
});

test('receipts reach the members, and of a large audience they are gathered', async () => {
  const { seat, cluster, connect } = await start();
  seat('bob', 'c1');
  const bob = await connect('bob/s1');
  const eve = await connect('eve/s2');
  const foreign: unknown[] = [];
  eve.on('receipt:updated', payload => foreign.push(payload));
  const receipts = [{ user_id: 'ann', read_seq: 3, delivered_seq: 4 }];
  const told = next(bob, 'receipt:updated');
  cluster.notify('receipts', { conversation_id: 'c1', receipts });
  expect(await told).toEqual({ conversation_id: 'c1', receipts });
  expect(foreign).toEqual([]);
  bob.disconnect();
  eve.disconnect();
});
