import { afterAll, expect, test } from 'vitest';
import { startAgent } from '../../src/observability/apm/agent.ts';
import { type Intake, startIntake } from '../observability/intake.ts';
import { api, clientId, command, connect, signUp } from '../support/clients.ts';
import { startInstances } from '../support/instances.ts';
import { testConfig } from '../support/server.ts';
import { startStoreServers } from '../support/stores.ts';

const servers = await startStoreServers();
afterAll(() => servers.close());

/** `log.append db/mongodb` and so on: which spans the transactions of this name have. */
const spansBelow = (intake: Intake, name: string) => {
  const ids = new Set(intake.transactions.filter(each => each.name === name).map(({ id }) => id));
  const spans = intake.spans.filter(({ transaction_id }) => ids.has(transaction_id));
  return new Set(spans.map(span => `${span.name} ${span.type}/${span.subtype}`));
};

test('what a command asks of MongoDB, MySQL and Redis are spans of it, each under the name of its server', async () => {
  const intake = await startIntake();
  const apm = await startAgent(testConfig({ elasticApmServerUrl: intake.url }));
  const instances = await startInstances(servers, 2, { rateLimit: true }, { apm });
  try {
    const [ada, ben] = [await signUp(instances), await signUp(instances)];
    const socket = await connect(instances, ada.token);
    const send = { conversation_id: 'lobby', message: 'hello' };
    await command(socket, 'message:send', { ...send, client_id: clientId() });
    await api(instances, ben.token)('POST', '/message/v1/send', { ...send, client_id: clientId() });
    await api(instances, ben.token)('GET', '/message/v1/history');
    const created = await command(socket, 'conversation:create', {
      kind: 'room',
      name: 'traced',
      client_id: clientId(),
    });
    expect(created.name).toBe('traced');
    socket.disconnect();
  } finally {
    await instances.close();
    await apm.stop();
    await intake.close();
  }
  expect(spansBelow(intake, 'message:send')).toContain('log.append db/mongodb');
  expect(spansBelow(intake, 'message:send')).toContain('redis.take db/redis');
  expect(spansBelow(intake, 'message:history')).toContain('cache.messages cache/redis');
  expect(spansBelow(intake, 'conversation:create')).toContain('storage.conversations.create db/mysql');
  expect(spansBelow(intake, 'account:register')).toContain('storage.users.create db/mysql');
  const resources = intake.spans.map(({ context }) => context?.destination?.service?.resource);
  expect(new Set(resources.filter(each => each !== undefined))).toEqual(new Set(['mongodb', 'mysql', 'redis']));
});
