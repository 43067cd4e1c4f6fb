import { expect, test, vi } from 'vitest';
import { command, connect, emit, type Person, signUp, wholeHistory } from '../support/clients.ts';
import { type ServerProcess, spawnServer } from '../support/process.ts';
import { temporaryFolder } from '../support/server.ts';

vi.setConfig({ testTimeout: 180_000 });

interface Sent {
  client_id: string;
  message: string;
  acked?: { id: string; seq: number };
}

/** One of three devices of a person that goes on sending, each message after the answer to the one before, until its link breaks. */
const sendUntilCut = async (at: { url: string }, person: Person, prefix: string, note: (sent: Sent) => void) => {
  const transports = prefix.endsWith('0') ? ['polling'] : ['websocket'];
  const socket = await connect(at, person.token, { transports });
  const cut = new Promise<undefined>(resolve => socket.once('disconnect', () => resolve(undefined)));
  const sent: Sent[] = [];
  for (let count = 0; socket.connected; count++) {
    const one: Sent = { client_id: `${prefix}.${count}`, message: `${prefix} says ${count} 🙂 שלום` };
    sent.push(one);
    const { client_id, message } = one;
    const result = await Promise.race([
      emit(socket, 'message:send', { conversation_id: 'lobby', message, client_id }, 30_000).catch(() => undefined),
      cut,
    ]);
    if (!result) break;
    if (!result.ok) throw new Error(JSON.stringify(result.error));
    one.acked = { id: result.data.id, seq: result.data.seq };
    note(one);
  }
  socket.disconnect();
  return sent;
};

test('[G1] [G2] [G3] [G7] kill -9 under load, three times: every acked message is there once, in order, and a resend finds it', async () => {
  const env = { DATA_DIR: temporaryFolder(), RATE_LIMIT: 'off', LOG_LEVEL: 'warn' };
  const people: Person[] = [];
  const all: Sent[] = [];
  let server: ServerProcess = spawnServer(env);
  for (let round = 0; round < 3; round++) {
    const at = { url: await server.ready };
    while (people.length < 4) people.push(await signUp(at));
    let acks = 0;
    const note = () => {
      if (++acks === 150 + 70 * round) server.child.kill('SIGKILL');
    };
    const devices = people.flatMap((person, p) =>
      [0, 1, 2].map(device => sendUntilCut(at, person, `${round}-${p}-${device}`, note)),
    );
    const sent = (await Promise.all(devices)).flat();
    expect((await server.exit).signal).toBe('SIGKILL');
    expect(acks).toBeGreaterThanOrEqual(150 + 70 * round);

    server = spawnServer(env);
    const again = { url: await server.ready };
    for (const [p, person] of people.entries()) {
      const socket = await connect(again, person.token);
      for (const one of sent.filter(({ client_id }) => client_id.startsWith(`${round}-${p}-`))) {
        const { client_id, message } = one;
        const answer = await command(socket, 'message:send', { conversation_id: 'lobby', message, client_id });
        if (one.acked) expect(answer).toMatchObject({ ...one.acked, duplicate: true });
        one.acked ??= { id: answer.id, seq: answer.seq };
      }
      socket.disconnect();
    }
    all.push(...sent);

    const history = await wholeHistory(again, people[0] as Person);
    const stored = new Map(history.map(item => [item.client_id, item]));
    expect(stored.size).toBe(history.length);
    expect(history.length).toBe(all.length);
    for (const { client_id, message, acked } of all) expect(stored.get(client_id)).toMatchObject({ ...acked, message });
    // The lobby's log begins with its creation; no seq is missing behind it, and `n` counts the messages.
    expect(history.map(({ seq }) => seq)).toEqual(history.map((_, index) => index + 2));
    expect(history.map(({ n }) => n)).toEqual(history.map((_, index) => index + 1));
    // Who waited for an answer before sending on finds the two in that order.
    for (const prefix of new Set(all.map(({ client_id }) => client_id.split('.')[0]))) {
      const own = history.map(({ client_id }) => client_id).filter(client_id => client_id.startsWith(`${prefix}.`));
      expect(own).toEqual(own.map((_, index) => `${prefix}.${index}`));
    }
  }
  server.child.kill('SIGTERM');
  expect((await server.exit).code).toBe(0);
});
