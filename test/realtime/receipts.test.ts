import { afterEach, expect, test } from 'vitest';
import { createMemoryCluster } from '../../src/cluster/memory.ts';
import { tellReceipts } from '../../src/realtime/receipts.ts';
import { until } from '../support/clients.ts';

let stop: () => void = () => undefined;
afterEach(() => stop());

const start = (audience: number) => {
  const cluster = createMemoryCluster({ instance_id: 'i1', clock: { now: Date.now } });
  const told: string[] = [];
  stop = tellReceipts({
    cluster,
    sockets: {
      audience: () => audience,
      toConversation(_id, _name, payload) {
        const { receipts } = payload as {
          receipts: { user_id: string; read_seq: number; delivered_seq: number }[];
        };
        told.push(receipts.map(each => `${each.user_id} ${each.read_seq} ${each.delivered_seq}`).join(', '));
      },
    },
  });
  const read = (user_id: string, read_seq: number, delivered_seq = read_seq) =>
    cluster.notify('receipts', { conversation_id: 'c1', receipts: [{ user_id, read_seq, delivered_seq }] });
  return { told, read };
};

test('a receipt that is overtaken on its way, or comes twice, moves nothing back and is not told', () => {
  const { told, read } = start(2);
  read('bob', 5);
  read('bob', 3);
  read('bob', 5);
  read('eve', 3);
  read('bob', 4, 8);
  expect(told).toEqual(['bob 5 5', 'eve 3 3', 'bob 5 8']);
});

test('in front of many they are told together, the furthest of each reader', async () => {
  const { told, read } = start(101);
  read('bob', 5);
  read('eve', 2);
  read('bob', 4);
  read('eve', 3);
  await until(() => told.length > 0);
  expect(told).toEqual(['bob 5 5, eve 3 3']);
});
