import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ParleyError } from '../../src/errors.ts';
import type { Invoke } from '../../src/invoke.ts';
import { startAgent } from '../../src/observability/apm/agent.ts';
import { type Apm, noApm } from '../../src/observability/apm/apm.ts';
import { startApm } from '../../src/observability/apm/start.ts';
import { traceInvoke, traceJob } from '../../src/observability/apm/trace-invoke.ts';
import { traceLinked, traceStores, traceWriter } from '../../src/observability/apm/trace-ports.ts';
import { traceRequests } from '../../src/observability/apm/trace-requests.ts';
import { createLogger } from '../../src/observability/logger.ts';
import type { Stores } from '../../src/open-stores.ts';
import { api, clientId, signUp } from '../support/clients.ts';
import { startServer, testConfig } from '../support/server.ts';
import { type Intake, startIntake } from './intake.ts';

describe('where no APM server is set', () => {
  test('there is nothing between the parts', async () => {
    expect(await startApm(testConfig({ elasticApmServerUrl: '' }))).toBe(noApm);
    const invoke: Invoke = async () => ({ ok: true, data: undefined });
    expect(traceInvoke(invoke, noApm)).toBe(invoke);
    const listener = () => undefined;
    expect(traceRequests(listener, noApm)).toBe(listener);
    const [stores, linked, writer] = [{}, {}, {}] as [Stores, never, never];
    expect(traceStores(stores, noApm, { log: 'sqlite', storage: 'sqlite' })).toBe(stores);
    expect(traceLinked(linked, noApm)).toBe(linked);
    expect(traceWriter(writer, noApm)).toBe(writer);
    expect(await traceJob('job', noApm, async () => 1)).toBe(1);
  });
});

describe('where one is set', () => {
  let intake: Intake;
  let apm: Apm;
  beforeAll(async () => {
    intake = await startIntake();
    apm = await startAgent(testConfig({ elasticApmServerUrl: intake.url }));
  });
  afterAll(() => intake.close());

  const boom = new Error('cannot store "a canary text" for canary@example.org');
  /** A cluster as Redis has it: it answers at once where the link is down. */
  const parts = {
    value: 1,
    get doubled() {
      return parts.value * 2;
    },
    take: (cost: number): number | Promise<number> => (cost === 0 ? 0 : Promise.resolve(cost)),
    online: async () => {
      throw boom;
    },
    socketsOf: () => {
      throw new ParleyError('not_found');
    },
    withLock: async (job: () => Promise<void>) => {
      await job();
      return true;
    },
    notify: () => undefined,
    on: () => undefined,
    healthy: () => true,
    close: () => undefined,
  };
  const publisher = { publish: () => undefined, watch: async () => undefined };

  test('a decorated port answers, throws and holds what it did before, at once where it did', async () => {
    const { cluster } = traceLinked({ cluster: parts, publisher } as never, apm) as { cluster: typeof parts };
    const transaction = apm.begin('ports', 'background');
    await transaction.run(async () => {
      expect(cluster.take(0)).toBe(0);
      await expect(cluster.take(3)).resolves.toBe(3);
      await expect(cluster.online()).rejects.toBe(boom);
      expect(() => cluster.socketsOf()).toThrow(ParleyError);
      expect(await cluster.withLock(async () => void (await cluster.take(1)))).toBe(true);
      expect(cluster.healthy).toBe(parts.healthy);
      expect(cluster.take).toBe(cluster.take);
    });
    parts.value = 21;
    expect(cluster.doubled).toBe(42);
    transaction.end({ result: 'ok', failed: false });
    // Behind its end, and outside of any transaction, there is no span.
    await transaction.run(async () => cluster.take(2));
    await cluster.take(2);
    expect(transaction.run(() => apm.current())).toBeUndefined();
  });

  test('spans of commands at the same time do not mix', async () => {
    await Promise.all(
      [1, 2, 3, 4].map(number =>
        traceJob(`mixed ${number}`, apm, async () => {
          for (let count = 0; count < 3; count++)
            await apm.span(`outer ${number}`, { type: 'app', subtype: 'test', exit: false }, async () => {
              await new Promise(setImmediate);
              await apm.span(`inner ${number}`, { type: 'app', subtype: 'test', exit: false }, () => Promise.resolve());
            });
        }),
      ),
    );
    expect(apm.current()).toBeUndefined();
  });

  test('a fault of the server is told with its stack, and without what a person wrote', async () => {
    const logger = createLogger({ level: 'silent', instance: 'test', apm });
    const fail = () => Promise.reject(boom);
    const server = await startServer(
      {},
      {
        apm,
        logger,
        stores: stores => ({ ...stores, log: { ...stores.log, messages: fail, fold: fail } }),
      },
    );
    const { token } = await signUp(server);
    const at = api(server, token);
    const message = { conversation_id: 'lobby', message: 'hello', client_id: clientId() };
    expect((await at('POST', '/message/v1/send', message)).status).toBe(201);
    const { status } = await at('GET', '/message/v1/history');
    expect(status).toBe(500);
    await server.close();
  });

  test('all of it arrived', async () => {
    await apm.stop();
    const byName = (name: string) => intake.spans.filter(span => span.name === name);
    const ports = intake.transactions.find(({ name }) => name === 'ports');
    const below = intake.spans.filter(span => span.transaction_id === ports?.id);
    const each = below.flatMap(({ name, outcome, composite }) =>
      Array.from({ length: composite?.count ?? 1 }, () => `${name} ${outcome}`),
    );
    expect(each.sort()).toEqual([
      'redis.online failure',
      // A definite refusal is an answer.
      'redis.socketsOf success',
      'redis.take success',
      'redis.take success',
      'redis.take success',
    ]);
    expect(below.every(({ parent_id }) => parent_id === ports?.id)).toBe(true);

    for (const number of [1, 2, 3, 4]) {
      const job = intake.transactions.find(({ name }) => name === `mixed ${number}`);
      const outer = byName(`outer ${number}`);
      expect(outer.map(({ parent_id }) => parent_id)).toEqual([job?.id, job?.id, job?.id]);
      expect(byName(`inner ${number}`).map(({ parent_id }) => parent_id)).toEqual(outer.map(({ id }) => id));
    }

    const failed = intake.transactions.find(({ name }) => name === 'message:history');
    expect(failed).toMatchObject({
      result: 'HTTP 5xx',
      outcome: 'failure',
      context: { tags: { outcome: 'internal' } },
    });
    expect(intake.spans.find(span => span.transaction_id === failed?.id && span.outcome === 'failure')?.name).toMatch(
      /^log\.(messages|fold)$/,
    );
    const [error] = intake.errors;
    expect(intake.errors).toHaveLength(1);
    expect(error).toMatchObject({
      trace_id: failed?.trace_id,
      transaction_id: failed?.id,
      log: { message: 'command_failed' },
      exception: { type: 'Error', message: expect.stringContaining('cannot store') },
    });
    expect(error?.exception?.stacktrace.length).toBeGreaterThan(0);
    expect(intake.everything()).not.toMatch(/canary text/);
  });
});
