import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ClusterOfServers } from '../../scripts/servers/cluster.ts';
import type { Output } from '../../src/protocol/index.ts';
import { api, clientId, command, connect, next, type Person, signIn, signUp, until } from '../support/clients.ts';
import { startTestCluster } from '../support/cluster.ts';
import { startLoad } from './load.ts';

/*
 * Three instances as processes behind nginx, on real servers that are killed and frozen while people talk: what was acknowledged is
 * there once, in one order, on every device, and nobody is told anything false.
 */

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let cluster: ClusterOfServers;
let people: Person[];

beforeAll(async () => {
  cluster = await startTestCluster();
  people = [];
  for (let count = 0; count < 4; count++) people.push(await signUp(cluster));
});
afterAll(() => cluster?.close());

const instanceOf = (name: string) => {
  const found = cluster.instances.find(instance => instance.name === name);
  if (!found) throw new Error(`no instance ${name}`);
  return found;
};

/** Which instance a socket is connected to: the beginning of its connection's id. */
const placeOf = (socket: { io: { engine: { id?: string } } }) => {
  // The instance's own name has no dot.
  const [name = ''] = String((socket.io.engine as { id?: string }).id).split('.');
  return name;
};

/** A group that shows its members all that was said in it. */
const groupOf = async (owner: Person, ...others: Person[]) => {
  const { status, body } = await api(cluster, owner.token)<Output<'conversation:create'>>('POST', '/conversation/v1', {
    kind: 'group',
    name: 'Under load',
    members: others.map(({ id }) => id),
    client_id: clientId(),
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
  await api(cluster, owner.token)('PATCH', `/conversation/v1/${body.id}`, { history: 'all' });
  const got = await api(cluster, owner.token)<Output<'conversation:get'>>('GET', `/conversation/v1/${body.id}`);
  return { id: body.id, epoch: (got.body as unknown as { epoch: string }).epoch };
};

const allReady = () =>
  Promise.all(
    cluster.instances.map(({ url }) =>
      until(async () => {
        const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
        return answer?.status === 200;
      }, 20_000),
    ),
  );

/** People talk, `harm` is done, they talk on; returns what is not as promised. */
const under = async (harm: (load: Awaited<ReturnType<typeof startLoad>>) => Promise<void>) => {
  const [first, ...others] = people as [Person, ...Person[]];
  const load = await startLoad(cluster, people, await groupOf(first, ...others));
  await load.more(60);
  await harm(load);
  await load.everybody();
  await load.more(60);
  const wrong = await load.check();
  expect(wrong.slice(0, 10)).toEqual([]);
  expect(load.acked()).toBeGreaterThan(120);
  await allReady();
};

describe('[G1] [G2] [G3] [G4] [G7] [G10] [G12] while people talk', () => {
  test('an instance is killed: its clients go to the others', async () => {
    await under(async load => {
      const [victim] = cluster.instances;
      await victim?.kill();
      await load.everybody(10_000);
      await victim?.start();
    });
  });

  test('an instance stands still for seconds, and comes back', async () => {
    await under(async load => {
      const [, victim] = cluster.instances;
      victim?.pause();
      await load.more(100);
      await new Promise(resolve => setTimeout(resolve, 3_000));
      victim?.resume();
      await load.everybody(20_000);
    });
  });

  test('[G8] Redis is killed, and comes back empty: everybody goes on', async () => {
    await under(async load => {
      await cluster.redis.kill();
      await load.everybody(5_000);
      await load.more(200);
      await cluster.redis.start();
      await load.more(100);
    });
  });

  test('[G8] Redis stands still: nobody waits for it', async () => {
    await under(async load => {
      cluster.redis.pause();
      await load.everybody(5_000);
      await load.more(200);
      cluster.redis.resume();
      await load.more(100);
    });
  });

  test('MariaDB is killed, and comes back', async () => {
    await under(async load => {
      await cluster.mariadb.kill();
      await new Promise(resolve => setTimeout(resolve, 1_500));
      await cluster.mariadb.start();
      await load.everybody(10_000);
    });
  });

  test('the MongoDB server is killed, and comes back', async () => {
    await under(async load => {
      await cluster.mongodb.kill();
      await new Promise(resolve => setTimeout(resolve, 1_500));
      await cluster.mongodb.start();
      await load.everybody(10_000);
    });
  });

  test('the MongoDB server stands still for longer than a command may take', async () => {
    await under(async load => {
      cluster.mongodb.pause();
      await new Promise(resolve => setTimeout(resolve, 6_000));
      cluster.mongodb.resume();
      await load.everybody(15_000);
    });
  });

  test('nginx is killed, and comes back', async () => {
    await under(async load => {
      await cluster.nginx?.kill();
      await cluster.nginx?.start();
      await load.everybody(10_000);
    });
  });

  test('a rolling restart of all three: no answer but a reconnect', async () => {
    await under(async load => {
      for (const instance of cluster.instances) {
        await instance.stop();
        await instance.start();
        await load.everybody(10_000);
      }
      for (const instance of cluster.instances) expect(instance.exits.at(-1)).toEqual({ code: 0, signal: null });
    });
  });
});

test('[G2] the same message through each instance: one id and seq; what one has said the others show', async () => {
  const [ann] = people as [Person];
  const input = { conversation_id: 'lobby', message: 'the same', client_id: clientId() };
  const answers = [];
  for (const { url } of [...cluster.instances, ...cluster.instances])
    answers.push((await api({ url }, ann.token)<Output<'message:send'>>('POST', '/message/v1/send', input)).body);
  expect(new Set(answers.map(({ id, seq }) => `${id} ${seq}`)).size).toBe(1);
  expect(answers.map(({ duplicate = false }) => duplicate)).toEqual([false, true, true, true, true, true]);
});

describe('a store that is away', () => {
  test('[G10] commands answer within five seconds and may be repeated, ready is false, and it heals by itself', async () => {
    const [ann] = people as [Person];
    const [{ url } = { url: '' }] = cluster.instances;
    for (const store of [cluster.mongodb, cluster.mariadb]) {
      await store.kill();
      const started = performance.now();
      const sent = await api({ url }, ann.token)('POST', '/message/v1/send', {
        room: 'nobody has made this',
        message: 'x',
        client_id: clientId(),
      });
      expect(performance.now() - started).toBeLessThan(5_500);
      if (store === cluster.mariadb) expect(sent.error?.retryable).toBe(true);
      await until(async () => (await fetch(`${url}/health/ready`)).status === 503, 5_000);
      await store.start();
      const back = performance.now();
      await until(async () => (await fetch(`${url}/health/ready`)).status === 200, 5_000);
      const input = { conversation_id: 'lobby', message: 'again', client_id: clientId() };
      await until(async () => (await api({ url }, ann.token)('POST', '/message/v1/send', input)).status === 201, 5_000);
      expect(performance.now() - back).toBeLessThan(6_000);
    }
    await allReady();
  });
});

describe('across instances', () => {
  const [one, two] = [0, 1].map(index => ({
    get url() {
      return cluster.instances[index]?.url ?? '';
    },
  })) as [{ url: string }, { url: string }];

  test('[G9] a session that is ended on one is closed on the other within two seconds; within 30 s without Redis', async () => {
    for (const linked of [true, false]) {
      const ann = await signUp(cluster);
      const other = await signIn(one, ann.username);
      const socket = await connect(two, ann.token);
      const gone = new Promise<number>(resolve => socket.once('disconnect', () => resolve(performance.now())));
      if (!linked) await cluster.redis.kill();
      const { body } = await api(one, other.token)<Output<'session:list'>>('GET', '/user/v1/sessions');
      const theirs = body.items.find(({ current }) => !current)?.id;
      const started = performance.now();
      await api(one, other.token)('DELETE', `/user/v1/sessions/${theirs}`);
      expect((await gone) - started).toBeLessThan(linked ? 2_000 : 30_000);
      if (!linked) await cluster.redis.start();
    }
    await allReady();
  });

  test('[G8] without Redis what is said on one instance is heard on the others within seconds, also by who was just invited', async () => {
    const [ann, bob] = [await signUp(cluster), await signUp(cluster)];
    const { id } = await groupOf(ann);
    const [speaking, listening] = [await connect(one, ann.token), await connect(two, bob.token)];
    await cluster.redis.kill();
    try {
      await command(speaking, 'conversation:invite', { conversation_id: id, user_ids: [bob.id] });
      const joined = next(listening, 'member:joined', () => true, 10_000);
      await joined;
      const heard = next<{ message: string }>(listening, 'message:created', () => true, 8_000);
      await command(speaking, 'message:send', { conversation_id: id, message: 'no link', client_id: clientId() });
      expect(await heard).toMatchObject({ message: 'no link' });
    } finally {
      await cluster.redis.start();
    }
    // Healed: what is said now does not wait for the next look at the feed.
    await until(async () => {
      const started = performance.now();
      const heard = next(listening, 'message:created', () => true, 5_000);
      await command(speaking, 'message:send', { conversation_id: id, message: 'linked', client_id: clientId() });
      await heard;
      return performance.now() - started < 500;
    }, 10_000);
    speaking.disconnect();
    listening.disconnect();
  });

  test('[G11] whoever was on an instance that was killed is offline within 15 s', async () => {
    const [ann, bob] = [await signUp(cluster), await signUp(cluster)];
    const watching = await connect(one, ann.token);
    const watched = await connect(two, bob.token);
    await until(async () => {
      const { items } = await command(watching, 'presence:watch', { user_ids: [bob.id] });
      return items[0]?.status === 'online';
    });
    const gone = next<{ status: string }>(watching, 'presence:updated', ({ status }) => status === 'offline', 16_000);
    const victim = instanceOf(placeOf(watched));
    const started = performance.now();
    await victim.kill();
    await gone;
    expect(performance.now() - started).toBeLessThan(15_000);
    await victim.start();
    watching.disconnect();
    watched.disconnect();
    await allReady();
  });
});

test('a second process with the INSTANCE_ID of one that runs waits for it, and then refuses', async () => {
  const [first] = cluster.instances;
  const exit = await cluster.startDuplicate(first?.name ?? '');
  expect(exit.code).toBe(1);
  expect(exit.stderr).toContain('INSTANCE_ID');
});
