import type { Socket } from 'socket.io-client';
import { afterEach, expect, test } from 'vitest';
import { type Edge, type Overrides, startEdge } from '../realtime/support.ts';
import { command, emit, next, until } from '../support/clients.ts';

let edge: Edge;
const start = async (overrides: Overrides = {}) => {
  edge = await startEdge(overrides);
  return edge;
};
afterEach(() => edge.close());

interface Told {
  conversation_id: string;
  typing: { id: string; username: string }[];
  more: number;
}

const listen = (socket: Socket) => {
  const all: string[] = [];
  socket.on('typing:updated', ({ typing, more }: Told) =>
    all.push(`${typing.map(({ username }) => username).join(' ')}${more > 0 ? ` +${more}` : ''}`),
  );
  return all;
};

test('members see who types; it ends by stopping', async () => {
  const { seat, connect } = await start();
  seat('ann', 'c1');
  seat('bob', 'c1');
  const [ann, bob, eve] = [await connect('ann/s1'), await connect('bob/s2'), await connect('eve/s3')];
  const [toldBob, toldEve] = [listen(bob), listen(eve)];
  await command(ann, 'typing:start', { conversation_id: 'c1' });
  await until(() => toldBob.length === 1);
  await command(ann, 'typing:stop', { conversation_id: 'c1' });
  await until(() => toldBob.length === 2);
  expect(toldBob).toEqual(['ann', '']);
  expect(toldEve).toEqual([]);
  for (const socket of [ann, bob, eve]) socket.disconnect();
});

test('it lasts five seconds unless it is repeated', async () => {
  let ahead = 0;
  const { connect } = await start({ now: () => Date.now() + ahead });
  const [ann, bob] = [await connect('ann/s1'), await connect('bob/s2')];
  const told = listen(bob);
  await command(ann, 'typing:start', { conversation_id: 'lobby' });
  await until(() => told.length === 1);
  ahead = 4_000;
  await command(ann, 'typing:start', { conversation_id: 'lobby' });
  ahead = 8_000;
  await new Promise(resolve => setTimeout(resolve, 700));
  expect(told).toEqual(['ann']);
  ahead = 9_500;
  await until(() => told.length === 2);
  expect(told).toEqual(['ann', '']);
  ann.disconnect();
  bob.disconnect();
});

test('at most five names are told, the others counted, and many changes are told as one', async () => {
  const { connect } = await start();
  const bob = await connect('bob/s0');
  const told = listen(bob);
  const typists = await Promise.all([1, 2, 3, 4, 5, 6, 7].map(at => connect(`u${at}/s${at}`)));
  await Promise.all(typists.map(socket => command(socket, 'typing:start', { conversation_id: 'lobby' })));
  await until(() => told.at(-1)?.endsWith('+2') === true);
  expect(told.at(-1)?.split(' ')).toHaveLength(6);
  expect(told.length).toBeLessThanOrEqual(3);
  for (const socket of [bob, ...typists]) socket.disconnect();
});

test('who sends has stopped typing', async () => {
  const { connect, say } = await start();
  const [ann, bob] = [await connect('ann/s1'), await connect('bob/s2')];
  const told = listen(bob);
  await command(ann, 'typing:start', { conversation_id: 'lobby' });
  await until(() => told.length === 1);
  const ended = next<Told>(bob, 'typing:updated');
  await say('lobby', { from: 'ann' });
  expect((await ended).typing).toEqual([]);
  ann.disconnect();
  bob.disconnect();
});

test('[S25] typing into a foreign conversation is refused as if there were none, and a muted one is refused', async () => {
  const { seat, muted, connect } = await start();
  seat('bob', 'c1');
  const [bob, eve] = [await connect('bob/s1'), await connect('eve/s2')];
  const told = listen(bob);
  muted.add('bob');
  for (const name of ['typing:start', 'typing:stop'] as const)
    for (const conversation_id of ['c1', 'none'])
      expect(await emit(eve, name, { conversation_id })).toMatchObject({ error: { code: 'not_found' } });
  expect(await emit(bob, 'typing:start', { conversation_id: 'c1' })).toMatchObject({ error: { code: 'muted' } });
  await new Promise(resolve => setTimeout(resolve, 600));
  expect(told).toEqual([]);
  bob.disconnect();
  eve.disconnect();
});
