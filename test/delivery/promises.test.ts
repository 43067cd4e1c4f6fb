import type { Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Conversation, eventNames, type LogEvent, type Message, type Output } from '../../src/protocol/index.ts';
import { api, clientId, command, connect, emit, next, type Person, signIn, signUp, until } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';

/*
 * What every deployment promises, seen from outside by stock clients. On the embedded server here; `test/many` runs the same on
 * several instances, over which the clients of each test are spread.
 */

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

/** A device that keeps what it is told of a conversation, as it comes. */
const deviceOf = async (person: Pick<Person, 'token'>, options: Parameters<typeof connect>[2] = {}) => {
  const socket = await connect(server, person.token, options);
  const heard: LogEvent[] = [];
  for (const name of new Set(Object.values(eventNames))) socket.on(name, (event: LogEvent) => void heard.push(event));
  return {
    socket,
    in: (conversation_id: string) => heard.filter(event => event.conversation_id === conversation_id),
    has: (conversation_id: string, seq: number) =>
      until(() => heard.some(event => event.conversation_id === conversation_id && event.seq >= seq), 15_000),
  };
};

const groupOf = async (owner: Person, ...others: Person[]): Promise<Conversation> => {
  const created = await api(server, owner.token)<Conversation>('POST', '/conversation/v1', {
    kind: 'group',
    name: 'A group',
    members: others.map(({ id }) => id),
    client_id: clientId(),
  });
  if (created.status !== 201) throw new Error(JSON.stringify(created.body));
  return created.body;
};

const say = (socket: Socket, conversation_id: string, message: string, client_id = clientId()) =>
  command(socket, 'message:send', { conversation_id, message, client_id });

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** All events of a conversation, as a device gets them that holds nothing. */
const syncAll = async (socket: Socket, conversation_id: string, from = 0): Promise<LogEvent[]> => {
  const { epoch = '' } = (await command(socket, 'conversation:get', { conversation_id })) as { epoch?: string };
  const events: LogEvent[] = [];
  for (let seq = from; ; seq = events.at(-1)?.seq ?? seq) {
    const { conversations, more } = await command(socket, 'sync', { cursors: { [conversation_id]: { epoch, seq } } });
    events.push(...(conversations[conversation_id]?.events ?? []));
    if (!more) return events;
  }
};

test('[G3] [G4] [G12] three people on two devices each, all talking at once: one gapless order, live as by sync, on every device', async () => {
  const people = [await signUp(server), await signUp(server), await signUp(server)] as const;
  const { id } = await groupOf(...people);
  const devices = await Promise.all(
    people.flatMap(person => [deviceOf(person), deviceOf(person, { transports: ['polling'] })]),
  );
  const each = 40;
  const acks = await Promise.all(
    devices.map(async ({ socket }, at) => {
      const seqs: number[] = [];
      for (let count = 0; count < each; count++) seqs.push((await say(socket, id, `${at} שלום 🙂 ${count}`)).seq);
      return seqs;
    }),
  );
  const last = Math.max(...acks.flat());
  // Who waited for an answer before sending on stands in that order (G7), and no two share a seq.
  for (const seqs of acks) expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  expect(new Set(acks.flat()).size).toBe(each * devices.length);
  const whole = await syncAll(devices[0]!.socket, id);
  expect(whole.map(({ seq }) => seq)).toEqual(upTo(last));
  for (const device of devices) {
    await device.has(id, last);
    const heard = device.in(id);
    expect(heard.map(({ seq }) => seq)).toEqual(upTo(last, heard[0]?.seq));
    expect(heard).toEqual(whole.slice((heard[0]?.seq ?? 1) - 1));
  }
  for (const { socket } of devices) socket.disconnect();
});

test('[G2] the same message from two devices at the same moment, and again later: one id, one seq, seen once', async () => {
  const [ann, bob] = [await signUp(server), await signUp(server)];
  const { id } = await groupOf(ann, bob);
  const devices = await Promise.all([deviceOf(ann), deviceOf(ann), deviceOf(ann)]);
  const listener = await deviceOf(bob);
  for (let count = 0; count < 10; count++) {
    const client_id = clientId();
    const answers = await Promise.all(devices.map(({ socket }) => say(socket, id, `once ${count}`, client_id)));
    answers.push(await say(devices[count % 3]!.socket, id, `once ${count}`, client_id));
    expect(new Set(answers.map(answer => `${answer.id} ${answer.seq}`)).size).toBe(1);
    expect(answers.filter(({ duplicate }) => !duplicate).length).toBeLessThanOrEqual(1);
    await listener.has(id, answers[0]!.seq);
  }
  expect(listener.in(id).filter(({ kind }) => kind === 'message')).toHaveLength(10);
  for (const { socket } of [...devices, listener]) socket.disconnect();
});

test('[G5] [G6] a device that slept comes back with its cursor, and has everything once; unread is exact', async () => {
  const [ann, bob] = [await signUp(server), await signUp(server)];
  const { id } = await groupOf(ann, bob);
  const speaker = await deviceOf(ann);
  const sleeper = await deviceOf(bob);
  const first = await say(speaker.socket, id, 'before');
  await sleeper.has(id, first.seq);
  sleeper.socket.disconnect();
  let last = first;
  for (let count = 0; count < 150; count++) last = await say(speaker.socket, id, `meanwhile ${count}`);
  const back = await deviceOf(bob);
  const missed = await syncAll(back.socket, id, first.seq);
  expect(missed.map(({ seq }) => seq)).toEqual(upTo(last.seq, first.seq + 1));
  const unread = async () =>
    ((await command(back.socket, 'conversation:get', { conversation_id: id })) as { unread?: number }).unread;
  expect(await unread()).toBe(151);
  await command(back.socket, 'receipt:read', { conversation_id: id, seq: last.seq - 5 });
  expect(await unread()).toBe(5);
  for (const { socket } of [speaker, back]) socket.disconnect();
});

describe('[G9] membership', () => {
  test('whoever is removed while they send and listen: nothing of theirs is later than it, nothing later reaches them', async () => {
    const [owner, member, witness] = [await signUp(server), await signUp(server), await signUp(server)];
    const { id } = await groupOf(owner, member, witness);
    const [kicking, kicked, watching] = [await deviceOf(owner), await deviceOf(member), await deviceOf(witness)];
    let refused: string | undefined;
    let sent = 0;
    const sending = (async () => {
      while (!refused) {
        const input = { conversation_id: id, message: `still here ${sent}`, client_id: clientId() };
        const answer = await emit(kicked.socket, 'message:send', input);
        if (answer.ok) sent += 1;
        else refused = answer.error.code;
      }
    })();
    await until(() => sent > 20);
    await command(kicking.socket, 'conversation:kick', { conversation_id: id, user_id: member.id });
    await sending;
    const after = await say(kicking.socket, id, 'they are gone');
    await watching.has(id, after.seq);
    const whole = await syncAll(watching.socket, id);
    const removal = whole.find(({ kind }) => kind === 'removed')?.seq ?? 0;
    expect(removal).toBeGreaterThan(20);
    expect(whole.filter(({ seq, from }) => seq > removal && from.id === member.id)).toEqual([]);
    expect(['not_found', 'forbidden', 'not_a_member']).toContain(refused);
    await kicked.has(id, removal);
    expect(kicked.in(id).filter(({ seq }) => seq > removal)).toEqual([]);
    for (const { socket } of [kicking, kicked, watching]) socket.disconnect();
  });

  test('[G12] whoever is invited while connected hears it, and what is said from then on', async () => {
    const [owner, guest] = [await signUp(server), await signUp(server)];
    const listener = await deviceOf(guest);
    const speaker = await deviceOf(owner);
    const { id } = await groupOf(owner);
    await say(speaker.socket, id, 'before they came');
    await command(speaker.socket, 'conversation:invite', { conversation_id: id, user_ids: [guest.id] });
    const { seq } = await say(speaker.socket, id, 'welcome');
    await listener.has(id, seq);
    const heard = listener.in(id);
    expect(heard[0]).toMatchObject({ kind: 'joined', user: { id: guest.id } });
    expect(heard.map(event => event.seq)).toEqual(upTo(seq, heard[0]?.seq));
    for (const { socket } of [listener, speaker]) socket.disconnect();
  });

  test('a session that is revoked from another device is closed within two seconds, and its token is good for nothing', async () => {
    const ann = await signUp(server);
    const other = await signIn(server, ann.username);
    const device = await deviceOf(ann);
    const closed = new Promise<number>(resolve => device.socket.once('disconnect', () => resolve(performance.now())));
    const closing = next<{ code: string }>(device.socket, 'closing');
    const { body } = await api(server, other.token)<Output<'session:list'>>('GET', '/user/v1/sessions');
    const theirs = body.items.find(({ current }) => !current);
    const started = performance.now();
    await api(server, other.token)('DELETE', `/user/v1/sessions/${theirs?.id}`);
    expect(await closing).toMatchObject({ code: 'signed_out', reconnect: false });
    expect((await closed) - started).toBeLessThan(2_000);
    // On each instance, however recently it has let this token pass.
    for (let count = 0; count < 6; count++)
      expect((await api(server, ann.token)('GET', '/user/v1/profile')).error?.code).toBe('signed_out');
  });
});

test('typing, receipts and presence reach whoever they concern, wherever they are connected', async () => {
  const [ann, bob] = [await signUp(server), await signUp(server)];
  const { id } = await groupOf(ann, bob);
  const [mine, again, theirs] = [await deviceOf(ann), await deviceOf(ann), await deviceOf(bob)];
  const typing = [mine, again].map(({ socket }) =>
    next<{ typing: { id: string }[] }>(socket, 'typing:updated', update =>
      update.typing.some(who => who.id === bob.id),
    ),
  );
  await command(theirs.socket, 'typing:start', { conversation_id: id });
  await Promise.all(typing);
  const { seq } = await say(mine.socket, id, 'read this');
  const receipts = [mine, again].map(({ socket }) =>
    next<{ receipts: { user_id: string; read_seq: number }[] }>(socket, 'receipt:updated', update =>
      update.receipts.some(receipt => receipt.user_id === bob.id && receipt.read_seq >= seq),
    ),
  );
  await command(theirs.socket, 'receipt:read', { conversation_id: id, seq });
  await Promise.all(receipts);
  const { items } = await command(again.socket, 'presence:watch', { user_ids: [bob.id] });
  expect(items).toMatchObject([{ user_id: bob.id, status: 'online' }]);
  const gone = next<{ status: string }>(again.socket, 'presence:updated', () => true, 15_000);
  theirs.socket.disconnect();
  expect(await gone).toMatchObject({ user_id: bob.id, status: 'offline' });
  for (const { socket } of [mine, again]) socket.disconnect();
});

test('edits, reactions and unsendings of several devices at once: every device ends with the same, as history has it', async () => {
  const people = [await signUp(server), await signUp(server), await signUp(server)] as const;
  const { id } = await groupOf(...people);
  const devices = await Promise.all(people.map(person => deviceOf(person)));
  const targets: Message[] = [];
  for (let count = 0; count < 6; count++) targets.push(await say(devices[count % 3]!.socket, id, `target ${count}`));
  await Promise.all(
    devices
      .flatMap(({ socket }, at) =>
        targets.flatMap((target, index) => [
          command(socket, 'message:react', { id: target.id, emoji: '❤️' }),
          ...(index % 3 === at && index < 3
            ? [command(socket, 'message:edit', { id: target.id, message: `changed ${index}` })]
            : []),
          ...(index === 5 && at === 2 ? [command(socket, 'message:unsend', { id: target.id })] : []),
        ]),
      )
      .map(promise => promise.catch(() => undefined)),
  );
  const whole = await syncAll(devices[0]!.socket, id);
  const last = whole.at(-1)?.seq ?? 0;
  for (const device of devices) {
    await device.has(id, last);
    const heard = device.in(id);
    expect(heard.map(({ seq }) => seq)).toEqual(upTo(last, heard[0]?.seq));
  }
  const histories = await Promise.all(
    people.map(async ({ token }) => {
      const path = `/message/v1/history?conversation_id=${id}&limit=50`;
      return (await api(server, token)<Output<'message:history'>>('GET', path)).body.items;
    }),
  );
  for (const items of histories)
    for (const [index, target] of targets.entries()) {
      const found = items.find(item => item.id === target.id);
      if (index < 5) expect(found?.reactions).toEqual([{ emoji: '❤️', count: 3, me: true }]);
      if (index < 3) expect(found?.message).toBe(`changed ${index}`);
      if (index === 5) expect(found?.unsent).toBe(true);
    }
  for (const { socket } of devices) socket.disconnect();
});
