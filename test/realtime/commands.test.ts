import type { Socket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { socketCommands } from '../../src/realtime/bind.ts';
import { emit, until } from '../support/clients.ts';
import { type Edge, startEdge } from './support.ts';

let edge: Edge;
beforeEach(async () => {
  edge = await startEdge();
});
afterEach(() => edge.close());

const ask = (socket: Socket, name: string, ...args: unknown[]) => socket.timeout(5_000).emitWithAck(name, ...args);

describe.each(['websocket', 'polling'])('over %s', transport => {
  let bob: Socket;
  beforeEach(async () => {
    bob = await edge.connect('bob/s1', { transports: [transport] });
  });
  afterEach(() => bob.disconnect());

  test('a command is answered with ok and data', async () => {
    expect(await emit(bob, 'conversation:get', { conversation_id: 'c1' })).toEqual({
      ok: true,
      data: { conversation_id: 'c1' },
    });
    expect(edge.calls).toEqual([{ name: 'conversation:get', input: { conversation_id: 'c1' }, address: '127.0.0.1' }]);
  });

  test('[S27] null, texts, lists, numbers and binary as input are errors of the catalogue that name a field', async () => {
    for (const input of [null, 'text', [], [[[]]], 7, true, Buffer.from('x'), { conversation_id: Buffer.from('x') }])
      expect(await ask(bob, 'conversation:get', input)).toMatchObject({
        ok: false,
        error: { code: 'invalid_input', retryable: false, details: expect.any(Object) },
      });
  });

  test('[S33] binary is not an empty input', async () => {
    expect(await ask(bob, 'conversation:list', Buffer.from('x'))).toMatchObject({ error: { code: 'invalid_input' } });
  });

  test('[S27] more arguments than one are ignored', async () => {
    expect(await ask(bob, 'conversation:get', { conversation_id: 'c1' }, 'more', { and: 'more' })).toMatchObject({
      ok: true,
    });
  });

  test('[S29] names that no command has, whatever they are elsewhere, are unknown commands', async () => {
    const names = ['nothing', '__proto__', 'constructor', 'toString', 'error', 'message', '', 'account:login', 'close'];
    for (const name of names)
      expect(await ask(bob, name, {})).toMatchObject({ ok: false, error: { code: 'unknown_command' } });
    expect(bob.connected).toBe(true);
  });

  test('[S27] without an acknowledgement, or with something else in its place, a command is done all the same', async () => {
    bob.emit('conversation:get', { conversation_id: 'c1' });
    bob.emit('conversation:get', { conversation_id: 'c2' }, 'no function');
    bob.emit('conversation:get');
    bob.emit('nothing');
    bob.emit('conversation:list', null);
    await until(() => edge.calls.length >= 4);
    expect(await emit(bob, 'conversation:get', { conversation_id: 'c3' })).toMatchObject({ ok: true });
  });

  test('a fault of the server is internal, and tells nothing', async () => {
    const { error } = await ask(bob, 'conversation:list', {});
    expect(error).toMatchObject({ code: 'internal', retryable: true, request_id: expect.any(String) });
    expect(JSON.stringify(error)).not.toContain('a fault');
  });

  test('every command of the contract answers to an empty and to a hostile input', async () => {
    const hostile = JSON.parse('{"__proto__":{"x":1},"constructor":{"prototype":{}},"conversation_id":{"$ne":1}}');
    for (const name of socketCommands)
      for (const input of [{}, hostile]) {
        const result = await ask(bob, name, input);
        expect(typeof result.ok, name).toBe('boolean');
      }
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
  });
});

const raw = async (token: string) => {
  const socket = new WebSocket(`ws://127.0.0.1:${edge.port}/socket.io/?EIO=4&transport=websocket`);
  const texts: string[] = [];
  socket.on('message', data => texts.push(String(data)));
  await until(() => texts.length > 0);
  socket.send(`40{"token":"${token}"}`);
  await until(() => texts.length > 1);
  return { socket, texts };
};

test('[S27] two thousand fuzzed packets: the process lives, and every acknowledgement asked for is given', async () => {
  const { socket, texts } = await raw('eve/s1');
  const pieces = ['null', '{}', '[]', '"x"', '1e999', '-0', '{"a":{"b":[]}}', '"\\u0000"', '"\\ud800"', 'true'];
  const names = [
    '"message:send"',
    '"sync"',
    '"__proto__"',
    '7',
    '"typing:start"',
    '"presence:watch"',
    '"session:renew"',
  ];
  let id = 0;
  for (let at = 0; at < 2_000; at += 1) {
    id += 1;
    const args = Array.from({ length: at % 4 }, (_, index) => pieces[(at * 7 + index * 3) % pieces.length]);
    // A number beyond JSON's reach makes the packet malformed, which is another test's matter.
    socket.send(`42${id}[${[names[at % names.length], ...args].join(',')}]`);
    if (at % 200 === 0) await new Promise(resolve => setTimeout(resolve, 5));
  }
  await until(() => texts.filter(text => text.startsWith('43')).length === 2_000, 10_000);
  expect(socket.readyState).toBe(WebSocket.OPEN);
  socket.terminate();
});

test('[S32] nesting of any depth costs at most the sender’s connection', async () => {
  const bob = await edge.connect('bob/s1');
  const { socket, texts } = await raw('eve/s1');
  const depth = 30_000;
  socket.send(`427["sync",${'['.repeat(depth)}${']'.repeat(depth)}]`);
  await until(() => texts.some(text => text.startsWith('437')) || socket.readyState === WebSocket.CLOSED);
  expect((await emit(bob, 'conversation:get', { conversation_id: 'c1' })).ok).toBe(true);
  bob.disconnect();
  socket.terminate();
});

test('in the namespace of notifications there are no commands but the renewal of its session', async () => {
  const inbox = await edge.connect('bob/s1', { namespace: '/notifications' });
  expect(await ask(inbox, 'message:send', {})).toMatchObject({ error: { code: 'unknown_command' } });
  const renewed = await ask(inbox, 'session:renew', { token: `bob/s1/${Date.now() + 500_000}` });
  expect(renewed).toMatchObject({ ok: true });
  inbox.disconnect();
});

test('a new entry of the inbox is told to its owner’s sockets in /notifications only', async () => {
  const got: string[] = [];
  const inbox = await edge.connect('bob/s1', { namespace: '/notifications' });
  const other = await edge.connect('eve/s2', { namespace: '/notifications' });
  const main = await edge.connect('bob/s1');
  for (const [who, socket] of Object.entries({ inbox, other, main }))
    socket.on('notification:created', ({ id }) => got.push(`${who} ${id}`));
  edge.cluster.notify('notification', { user_id: 'bob', notification_id: 'n1', instance_id: 'a1' });
  await until(() => got.length > 0);
  await emit(main, 'conversation:get', { conversation_id: 'c1' });
  expect(got).toEqual(['inbox n1']);
  for (const socket of [inbox, other, main]) socket.disconnect();
});
