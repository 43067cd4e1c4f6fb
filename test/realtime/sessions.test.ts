import type { Socket } from 'socket.io-client';
import { afterEach, describe, expect, test } from 'vitest';
import { ParleyError } from '../../src/errors.ts';
import { emit, next, until } from '../support/clients.ts';
import { type Edge, type Overrides, range, received, seqs, startEdge } from './support.ts';

let edge: Edge;
const start = async (overrides: Overrides = {}) => {
  edge = await startEdge(overrides);
  return edge;
};
afterEach(() => edge.close());

const closed = (socket: Socket) => {
  const closing: unknown[] = [];
  socket.on('closing', payload => closing.push(payload));
  return new Promise<{ reason: string; closing: unknown[] }>(resolve =>
    socket.once('disconnect', reason => resolve({ reason, closing })),
  );
};

describe.each(['websocket', 'polling'])('over %s', transport => {
  const options = { transports: [transport] };

  test('[S08] the end of a token is announced, and then closes the socket so that a stock client comes back', async () => {
    const { connect } = await start();
    const bob = await connect(`bob/s1/${Date.now() + 5_000}`, options);
    const end = closed(bob);
    const expiring = await next<{ expires_in: number }>(bob, 'session:expiring', () => true, 6_000);
    expect(expiring.expires_in).toBeLessThanOrEqual(3);
    const { reason, closing } = await end;
    expect(closing).toEqual([{ code: 'token_expired', reconnect: true, after_ms: 0 }]);
    // Not 'io server disconnect': after that, clients stay away.
    expect(reason).toBe('transport close');
  });

  test('[S07] signing out closes the session’s sockets at once and for good, and no other', async () => {
    const { connect, cluster, revoked } = await start();
    const [bob, phone] = [await connect('bob/s1', options), await connect('bob/s2', options)];
    const end = closed(bob);
    revoked.add('s1');
    const begun = performance.now();
    cluster.notify('sessions:revoked', { session_ids: ['s1'], reason: 'signed_out' });
    expect(await end).toEqual({
      reason: 'io server disconnect',
      closing: [{ code: 'signed_out', reconnect: false, after_ms: 0 }],
    });
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(phone.connected).toBe(true);
    phone.disconnect();
  });

  test('a stopping server tells every client to come back, answers what is under way, and takes nobody new', async () => {
    const { connect, realtime, url } = await start({ settings: { drainMs: 200 } });
    const sockets = await Promise.all([1, 2, 3, 4].map(at => connect(`u${at}/s${at}`, options)));
    const ends = sockets.map(closed);
    const answers = sockets.map(socket => emit(socket, 'conversation:members', { conversation_id: 'c1' }));
    await until(() => edge.calls.length === 4);
    const stopping = realtime.stop();
    expect((await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).status).toBe(503);
    expect(await Promise.all(answers)).toEqual(answers.map(() => ({ ok: true, data: { items: [], has_more: false } })));
    for (const { reason, closing } of await Promise.all(ends)) {
      expect(closing).toEqual([{ code: 'stopping', reconnect: true, after_ms: expect.any(Number) }]);
      expect(reason).toBe('transport close');
    }
    await stopping;
  });
});

test('[S08] session:renew keeps the socket, in all namespaces of the connection', async () => {
  const { connect } = await start();
  const bob = await connect(`bob/s1/${Date.now() + 1_500}`);
  const inbox = bob.io.socket('/notifications', { auth: { token: `bob/s1/${Date.now() + 1_500}` } });
  inbox.connect();
  await next(inbox, 'connect');
  const renewed = await emit(bob, 'session:renew', { token: `bob/s1/${Date.now() + 60_000}` });
  expect(renewed).toMatchObject({ ok: true, data: { expires_in: 60 } });
  await new Promise(resolve => setTimeout(resolve, 3_000));
  expect([bob.connected, inbox.connected]).toEqual([true, true]);
  bob.disconnect();
  inbox.disconnect();
});

test('[S08] between the end of a token and the sweep no command is taken', async () => {
  let now = Date.now();
  const { connect } = await start({ now: () => now });
  const bob = await connect(`bob/s1/${now + 60_000}`);
  now += 60_000;
  const result = await emit(bob, 'conversation:get', { conversation_id: 'c1' });
  expect(result).toMatchObject({ ok: false, error: { code: 'token_expired' } });
  bob.disconnect();
});

test('[G9] a revocation of which no notice came is found by the sweep', async () => {
  let now = Date.now();
  const { connect, revoked } = await start({ now: () => now });
  const [bob, eve] = [await connect('bob/s1'), await connect('eve/s2')];
  const end = closed(bob);
  revoked.add('s1');
  now += 25_000;
  expect((await end).closing).toEqual([{ code: 'signed_out', reconnect: false, after_ms: 0 }]);
  expect(eve.connected).toBe(true);
  eve.disconnect();
});

test('[G9] where the session cannot be looked up for half a minute, a command is answered retryable', async () => {
  let now = Date.now();
  const { connect } = await start({
    now: () => now,
    isLive: async () => {
      throw new ParleyError('unavailable');
    },
  });
  const bob = await connect('bob/s1');
  now += 15_000;
  expect(await emit(bob, 'conversation:get', { conversation_id: 'c1' })).toMatchObject({ ok: true });
  now += 15_000;
  const result = await emit(bob, 'conversation:get', { conversation_id: 'c1' });
  expect(result).toMatchObject({ ok: false, error: { code: 'unavailable', retryable: true } });
  bob.disconnect();
});

test('[G9] an instance that stood still looks its sessions up before it delivers', async () => {
  const { connect, revoked, say } = await start();
  const [bob, eve] = [await connect('bob/s1'), await connect('eve/s2')];
  const [ofBob, ofEve] = [received(bob, 'lobby'), received(eve, 'lobby')];
  const end = closed(eve);
  const stored = await edge.store('lobby', [{}, {}]);
  revoked.add('s2');
  // Everything that the process would do waits, as after SIGSTOP and SIGCONT.
  const until = performance.now() + 2_800;
  while (performance.now() < until);
  edge.publisher.publish('lobby', stored);
  expect((await end).closing).toMatchObject([{ code: 'signed_out' }]);
  await say('lobby');
  await next(bob, 'message:created', ({ seq }) => seq === 3);
  expect(seqs(ofBob)).toEqual(range(1, 3));
  expect(ofEve).toEqual([]);
  bob.disconnect();
});

test('[G9] an instance that stood still looks memberships up before it delivers', async () => {
  const { seat, members, versions, connect, say } = await start();
  for (const who of ['bob', 'eve']) seat(who, 'c1');
  const [bob, eve] = [await connect('bob/s1'), await connect('eve/s2')];
  const [ofBob, ofEve] = [received(bob, 'c1'), received(eve, 'c1')];
  await say('c1');
  await until(() => ofEve.length === 1);
  const stored = await edge.store('c1', [{}, {}]);
  // As if her going had been passed over.
  members.get('eve')?.delete('c1');
  versions.set('eve', 1);
  const end = performance.now() + 2_800;
  while (performance.now() < end);
  edge.publisher.publish('c1', stored);
  await say('c1');
  await until(() => ofBob.length === 4);
  expect(seqs(ofBob)).toEqual(range(1, 4));
  expect(seqs(ofEve)).toEqual([1]);
  bob.disconnect();
  eve.disconnect();
});

test('an erased account is told so', async () => {
  const { connect, cluster } = await start();
  const bob = await connect('bob/s1');
  const end = closed(bob);
  cluster.notify('sessions:revoked', { session_ids: ['s1'], reason: 'account_erased' });
  expect((await end).closing).toEqual([{ code: 'account_erased', reconnect: false, after_ms: 0 }]);
});
