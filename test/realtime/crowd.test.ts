import { afterEach, expect, test } from 'vitest';
import { createCrowd } from '../../src/realtime/crowd.ts';
import type { LocalSocket } from '../../src/realtime/sockets.ts';
import { until } from '../support/clients.ts';
import { createWire } from './linked.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** What an instance knows of one user's sockets. */
const instance = (wire: ReturnType<typeof createWire>, instance_id: string, socketsPerUser: number) => {
  const { cluster } = wire.link({ instance_id, clock: { now: Date.now } });
  const own = new Set<LocalSocket>();
  const closed: string[] = [];
  const registry = {
    ofUser: () => own,
    close(local: LocalSocket, code: string) {
      own.delete(local);
      closed.push(`${local.id} ${code}`);
      void cluster.offline('u', local.id);
    },
  };
  const crowd = createCrowd({ cluster, sockets: registry, settings: { socketsPerUser }, settleMs: 200 });
  stops.push(crowd.stop);
  return {
    closed,
    cluster,
    come(id: string) {
      const local = { id, live: true, actor: { user_id: 'u' } } as unknown as LocalSocket;
      own.add(local);
      void cluster.online('u', id);
      crowd.arrived(local, registry);
    },
  };
};

test('[S38] the sockets of a user are counted over all instances, and the oldest of where the newest came goes', async () => {
  const wire = createWire();
  const [a, b] = [instance(wire, 'i1', 3), instance(wire, 'i2', 3)];
  for (const id of ['a1', 'a2']) a.come(id);
  for (const id of ['b1', 'b2']) b.come(id);
  await until(() => b.closed.length > 0);
  expect(await a.cluster.socketsOf('u')).toBe(3);
  expect([a.closed, b.closed]).toEqual([[], ['b1 too_many_sockets']]);
});

test('[S38] where only the newest is here, one of the others closes its oldest, and not each of them', async () => {
  const wire = createWire();
  const [a, b, c] = [instance(wire, 'i1', 4), instance(wire, 'i2', 4), instance(wire, 'i3', 4)];
  for (const id of ['a1', 'a2']) a.come(id);
  for (const id of ['b1', 'b2']) b.come(id);
  c.come('c1');
  await until(() => a.closed.length + b.closed.length > 0);
  await new Promise(resolve => setTimeout(resolve, 400));
  expect([...a.closed, ...b.closed, ...c.closed]).toEqual([expect.stringMatching(/^(a1|b1) too_many_sockets$/)]);
});

test('who comes back from an instance that died keeps their sockets, though those lost still count for a while', async () => {
  const wire = createWire({ leaseMs: 100 });
  const [a, b] = [instance(wire, 'i1', 3), instance(wire, 'i2', 3)];
  for (const id of ['a1', 'a2', 'a3']) a.come(id);
  wire.kill('i1');
  for (const id of ['b1', 'b2', 'b3']) b.come(id);
  expect(await b.cluster.socketsOf('u')).toBe(6);
  await new Promise(resolve => setTimeout(resolve, 500));
  expect(b.closed).toEqual([]);
});

test('without the link each instance counts its own', async () => {
  const wire = createWire();
  const [a, b] = [instance(wire, 'i1', 2), instance(wire, 'i2', 2)];
  wire.cut('i1', 'i2');
  for (const id of ['a1', 'a2']) a.come(id);
  for (const id of ['b1', 'b2', 'b3']) b.come(id);
  await new Promise(resolve => setTimeout(resolve, 500));
  expect([a.closed, b.closed]).toEqual([[], ['b1 too_many_sockets']]);
});
