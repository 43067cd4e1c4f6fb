import { io, type Socket } from 'socket.io-client';
import { eventNames, type LogEvent, type Message } from '../../src/protocol/index.ts';
import { type AckResult, clientId, command, connect, type Person, until } from '../support/clients.ts';

/** Milliseconds after which an answer that did not come is asked for again; a server answers within 5 s. */
const answerMs = 7_000;

type At = { url: string };

/** A stock client that comes back by itself, as an app configures it. */
const staying = (at: At, { token }: Pick<Person, 'token'>, transports: string[]): Socket =>
  io(at.url, {
    forceNew: true,
    transports,
    auth: { token },
    reconnectionDelay: 100,
    reconnectionDelayMax: 1_000,
    timeout: 5_000,
  });

export interface Acked {
  client_id: string;
  message: string;
  id: string;
  seq: number;
}

/** Sends one message after the other, each until it is acknowledged: what a client's outbox does. */
const createSender = (at: At, person: Person, conversation_id: string, name: string, transports: string[]) => {
  const socket = staying(at, person, transports);
  const acked: Acked[] = [];
  const refused: string[] = [];
  let slowestMs = 0;
  let stopping = false;

  const connected = () =>
    socket.connected ? undefined : new Promise<void>(resolve => void socket.once('connect', () => resolve()));

  const sendOne = async (message: string) => {
    const client_id = clientId();
    const started = performance.now();
    for (;;) {
      await connected();
      const cut = new Promise<undefined>(resolve => void socket.once('disconnect', () => resolve(undefined)));
      const asked = socket.timeout(answerMs).emitWithAck('message:send', { conversation_id, message, client_id });
      const answer: AckResult<Message> | undefined = await Promise.race([asked.catch(() => undefined), cut]);
      if (answer?.ok) {
        slowestMs = Math.max(slowestMs, performance.now() - started);
        acked.push({ client_id, message, id: answer.data.id, seq: answer.data.seq });
        return;
      }
      if (answer && !answer.error.retryable) {
        refused.push(answer.error.code);
        return;
      }
      await new Promise(resolve => setTimeout(resolve, 50 + Math.random() * 200));
    }
  };

  const work = (async () => {
    for (let count = 0; !stopping && refused.length === 0; count++) await sendOne(`${name} ${count} 🙂 שלום`);
  })();

  return {
    acked,
    refused,
    slowestMs: () => slowestMs,
    async stop() {
      stopping = true;
      await work;
      socket.disconnect();
    },
  };
};

/** A device that keeps its own copy of a conversation: live where it comes in order, by sync after each reconnect and over each gap. */
const createDevice = (at: At, person: Person, conversation: { id: string; epoch: string }, transports: string[]) => {
  const socket = staying(at, person, transports);
  const held: LogEvent[] = [];
  const wrong: string[] = [];
  /** The highest seq that this connection has shown, which must never go back or jump (G12). */
  let shown = 0;
  let connects = 0;
  /** The highest seq that was heard of. */
  let known = 0;
  let syncing = false;

  const take = (event: LogEvent) => {
    if (event.seq === held.length + 1) held.push(event);
    else if (event.seq <= held.length && held[event.seq - 1]?.id !== event.id)
      wrong.push(`two events at ${event.seq}: ${event.id} and ${held[event.seq - 1]?.id}`);
  };

  const sync = async () => {
    for (let more = true; more; ) {
      const cursors = { [conversation.id]: { epoch: conversation.epoch, seq: held.length } };
      const answer = await socket.timeout(answerMs).emitWithAck('sync', { cursors });
      if (!answer.ok) throw new Error(answer.error.code);
      const { events = [], reset } = answer.data.conversations[conversation.id] ?? {};
      if (reset) wrong.push('a reset that nobody asked for');
      for (const event of events) take(event);
      more = answer.data.more;
    }
  };

  /** One at a time, and again where what arrived meanwhile is still missing. */
  const catchUp = async () => {
    if (syncing) return;
    syncing = true;
    for (let done = false; !done && socket.connected; ) {
      try {
        await sync();
        done = held.length >= known;
      } catch {
        await new Promise(resolve => setTimeout(resolve, 200));
      }
    }
    syncing = false;
  };

  const onLive = (event: LogEvent) => {
    if (event.conversation_id !== conversation.id) return;
    // A duplicate is delivered again (G2): it may stand behind what was shown, but nothing may be left out.
    if (shown > 0 && event.seq > shown + 1) wrong.push(`${shown} was followed by ${event.seq}`);
    shown = Math.max(shown, event.seq);
    known = Math.max(known, event.seq);
    take(event);
    if (held.length < event.seq) void catchUp();
  };

  for (const name of new Set(Object.values(eventNames))) socket.on(name, onLive);
  socket.on('heads', ({ heads }: { heads: Record<string, number> }) => {
    if ((heads[conversation.id] ?? 0) > held.length) void catchUp();
  });
  socket.on('connect', () => {
    connects += 1;
    shown = 0;
    void catchUp();
  });

  return {
    held,
    wrong,
    connects: () => connects,
    until: (seq: number, deadlineMs: number) => until(() => held.length >= seq, deadlineMs),
    stop: () => socket.disconnect(),
  };
};

/** People who go on talking in a conversation while something is done to the servers, and devices that listen. */
export const startLoad = async (
  at: At,
  people: Person[],
  conversation: { id: string; epoch: string },
  { senders = 6, devices = 6 }: { senders?: number; devices?: number } = {},
) => {
  // One in three on polling alone.
  const transports = (index: number) => (index % 3 === 2 ? ['polling'] : ['websocket']);
  const person = (index: number) => people[index % people.length] as Person;
  const sending = Array.from({ length: senders }, (_, index) =>
    createSender(at, person(index), conversation.id, `sender ${index}`, transports(index)),
  );
  const listening = Array.from({ length: devices }, (_, index) =>
    createDevice(at, person(index + 1), conversation, transports(index)),
  );
  const count = () => sending.reduce((sum, { acked }) => sum + acked.length, 0);

  return {
    acked: count,
    slowestMs: () => Math.max(...sending.map(sender => sender.slowestMs())),
    reconnects: () => listening.reduce((sum, device) => sum + device.connects() - 1, 0),
    /** Resolves when so many more messages were acknowledged than now. */
    more: (messages: number, deadlineMs = 30_000) => {
      const from = count();
      return until(() => count() >= from + messages, deadlineMs);
    },
    /** Resolves when every sender has had an answer since now. */
    async everybody(deadlineMs = 30_000) {
      const before = sending.map(({ acked }) => acked.length);
      await until(() => sending.every(({ acked }, index) => acked.length > (before[index] ?? 0)), deadlineMs);
    },
    /** Stops, waits until every device has everything, and returns what is not as promised; empty where all is well. */
    async check(deadlineMs = 20_000): Promise<string[]> {
      await Promise.all(sending.map(sender => sender.stop()));
      const acked = sending.flatMap(sender => sender.acked);
      const wrong = sending.flatMap(({ refused }) => refused.map(code => `a definite refusal: ${code}`));
      const witness = await connect(at, person(0).token);
      const whole: LogEvent[] = [];
      for (let more = true; more; ) {
        const cursors = { [conversation.id]: { epoch: conversation.epoch, seq: whole.length } };
        const answer = await command(witness, 'sync', { cursors });
        whole.push(...(answer.conversations[conversation.id]?.events ?? []));
        more = answer.more;
      }
      witness.disconnect();
      for (const [index, event] of whole.entries())
        if (event.seq !== index + 1) wrong.push(`${event.seq} stands where ${index + 1} belongs`);
      const said = new Map<string, LogEvent[]>();
      for (const event of whole) said.set(event.client_id, [...(said.get(event.client_id) ?? []), event]);
      for (const { client_id, id, seq, message } of acked) {
        const [event, ...others] = said.get(client_id) ?? [];
        if (!event) wrong.push(`acknowledged and lost: ${client_id} at ${seq}`);
        else if (event.id !== id || event.seq !== seq || !('message' in event) || event.message !== message)
          wrong.push(`acknowledged as ${id} at ${seq}, found as ${event.id} at ${event.seq}`);
        if (others.length > 0) wrong.push(`${client_id} stands there ${others.length + 1} times`);
      }
      for (const { acked: own } of sending)
        for (let index = 1; index < own.length; index++)
          if ((own[index]?.seq ?? 0) <= (own[index - 1]?.seq ?? 0)) wrong.push('sent later, stored earlier (G7)');
      for (const [index, device] of listening.entries()) {
        await device.until(whole.length, deadlineMs).catch(() => {
          wrong.push(`device ${index} holds ${device.held.length} of ${whole.length}`);
        });
        wrong.push(...device.wrong.map(what => `device ${index}: ${what}`));
        for (const [at, event] of device.held.entries())
          if (event.id !== whole[at]?.id) wrong.push(`device ${index} holds another event at ${at + 1}`);
        device.stop();
      }
      return wrong;
    },
  };
};
