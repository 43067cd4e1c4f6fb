import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChatError, noAnswer, offline } from '../../src/client/errors.ts';
import { createDevice, openTab, type Send, seeded } from './outbox-rig.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
});

afterEach(() => {
  vi.useRealTimers();
});

/** All that can happen without time going by. */
const settled = () => vi.advanceTimersByTimeAsync(0);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

const muted = () => new ChatError('muted', { message: 'Muted.', details: { until: 'tomorrow' } });
const unavailable = (retry_after_ms?: number) =>
  new ChatError('unavailable', { retryable: true, ...(retry_after_ms && { retry_after_ms }) });

const texts = (sends: Send[]) => sends.map(({ entry }) => entry.message);
/** The one send that waits for its answer. */
const last = (sends: Send[]) => sends.at(-1) ?? expect.fail('nothing was sent');

describe('an entry', () => {
  it('is returned and shown at once, with an id of 128 random bits', async () => {
    const { outbox, write } = openTab(createDevice());
    const entry = outbox.add({ conversation_id: 'lobby', message: 'one', reply_to: 'm1' });
    expect(outbox.entries.get()).toEqual([entry]);
    expect(entry).toEqual({
      client_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      conversation_id: 'lobby',
      message: 'one',
      reply_to: 'm1',
      position: Date.now(),
      created_at: '2026-01-01T00:00:00.000Z',
      state: 'waiting',
      attempts: 0,
    });
    expect(Buffer.from(entry.client_id, 'hex')).toHaveLength(16);
    const ids = new Set(Array.from({ length: 200 }, () => write('more').client_id));
    expect(ids.size).toBe(200);
  });

  it('has such an id where there is no crypto', () => {
    vi.stubGlobal('crypto', undefined);
    const { write } = openTab(createDevice(), { random: seeded(1) });
    expect(write('one').client_id).toMatch(/^[0-9a-f]{32}$/);
    vi.unstubAllGlobals();
  });

  it('is sent only once the storage has it', async () => {
    const device = createDevice();
    const { storage, sends, write } = openTab(device);
    await settled();
    let open: () => void = expect.fail;
    storage.gate = () => new Promise(resolve => (open = () => resolve(undefined)));
    write('one');
    await pass(10_000);
    expect(sends).toEqual([]);
    expect(device.rows.size).toBe(0);
    storage.gate = async () => undefined;
    open();
    await settled();
    expect(device.rows.size).toBe(1);
    expect(texts(sends)).toEqual(['one']);
  });

  it('is not sent before that by what goes on elsewhere either', async () => {
    const { outbox, storage, sends, write } = openTab(createDevice());
    write('one', 'a');
    await settled();
    storage.gate = () => new Promise(() => undefined);
    write('two', 'b');
    outbox.resume();
    await settled();
    last(sends).answer();
    await pass(60_000);
    expect(texts(sends)).toEqual(['one']);
  });

  it('leaves the list and the storage when it was answered', async () => {
    const device = createDevice();
    const { outbox, sends, shown, write } = openTab(device);
    write('one');
    await settled();
    expect(shown()).toEqual(['one sending']);
    last(sends).answer();
    await settled();
    expect(outbox.entries.get()).toEqual([]);
    expect(device.rows.size).toBe(0);
    expect(device.holders).toEqual([]);
  });

  it('is sent all the same where the storage fails, and that is told', async () => {
    const { outbox, storage, onError, sends, shown, write } = openTab(createDevice());
    await settled();
    storage.failing = new Error('quota');
    write('one');
    write('two');
    await settled();
    expect(onError).toHaveBeenCalledWith(storage.failing);
    expect(texts(sends)).toEqual(['one']);
    last(sends).refuse(noAnswer());
    await settled();
    expect(shown()).toEqual(['one waiting', 'two waiting']);
    // What the storage does not know stays when it can be read again.
    storage.failing = undefined;
    await pass(1_000);
    last(sends).answer();
    await settled();
    last(sends).answer();
    await settled();
    expect(texts(sends)).toEqual(['one', 'one', 'two']);
    expect(outbox.entries.get()).toEqual([]);
  });

  it('that failed is not forgotten by a storage that could not take that', async () => {
    const device = createDevice();
    const { storage, sends, shown, write } = openTab(device);
    write('one');
    await settled();
    storage.failing = new Error('quota');
    last(sends).refuse(muted());
    await settled();
    storage.failing = undefined;
    write('two', 'other');
    await settled();
    expect(shown()).toEqual(['one failed', 'two sending']);
    expect(texts(sends)).toEqual(['one', 'two']);
  });
});

describe('the order', () => {
  it('is that of writing, one at a time in a conversation', async () => {
    const { sends, write } = openTab(createDevice());
    for (const message of ['one', 'two', 'three']) write(message);
    await pass(60_000);
    expect(texts(sends)).toEqual(['one']);
    last(sends).answer();
    await settled();
    expect(texts(sends)).toEqual(['one', 'two']);
    last(sends).answer();
    await settled();
    expect(texts(sends)).toEqual(['one', 'two', 'three']);
  });

  it('of one conversation waits for no other, four at once', async () => {
    const { sends, write } = openTab(createDevice());
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) for (const n of [1, 2]) write(`${id}${n}`, id);
    await settled();
    expect(texts(sends)).toEqual(['a1', 'b1', 'c1', 'd1']);
    sends[1]?.answer();
    await settled();
    expect(texts(sends)).toEqual(['a1', 'b1', 'c1', 'd1', 'b2']);
    sends[0]?.refuse(unavailable(1e6));
    await settled();
    expect(texts(sends)).toEqual(['a1', 'b1', 'c1', 'd1', 'b2', 'e1']);
  });

  it('of a new conversation starts while others are under way', async () => {
    const { sends, write } = openTab(createDevice());
    write('one', 'a');
    await settled();
    write('two', 'b');
    await settled();
    expect(texts(sends)).toEqual(['one', 'two']);
  });

  it('is kept where the clock went back and the storage was not read yet', async () => {
    const device = createDevice();
    const before = openTab(device, { isOnline: false });
    for (const message of ['one', 'two', 'three']) before.write(message);
    await settled();
    before.die();
    vi.setSystemTime(Date.now() - 86_400_000);
    const after = openTab(device, { isOnline: false });
    after.write('four');
    after.write('five');
    await settled();
    after.write('six');
    await settled();
    const wanted = ['one', 'two', 'three', 'four', 'five', 'six'].map(message => `${message} waiting`);
    expect(after.shown()).toEqual(wanted);
    expect(openTab(device).shown()).toEqual([]);
    const again = openTab(device, { isOnline: false });
    await settled();
    expect(again.shown()).toEqual(wanted);
  });

  it('of what was written to a person goes on in the conversation that this made', async () => {
    const { outbox, sends, shown, write } = openTab(createDevice());
    for (const message of ['one', 'two']) write(message, 'to:bob');
    await settled();
    last(sends).answer({ conversation_id: 'c1' });
    write('three', 'c1');
    await pass(60_000);
    expect(texts(sends)).toEqual(['one', 'two']);
    expect(outbox.forConversation('c1').map(({ message }) => message)).toEqual(['two', 'three']);
    expect(outbox.forConversation('to:bob')).toBe(outbox.forConversation('c1'));
    expect(shown()).toEqual(['two sending', 'three waiting']);
    expect(last(sends).entry.conversation_id).toBe('to:bob');
    last(sends).answer({ conversation_id: 'c1' });
    await settled();
    expect(texts(sends)).toEqual(['one', 'two', 'three']);
  });

  it('of what was written to a person is kept when the client knows the conversation itself', async () => {
    const { outbox, sends, write } = openTab(createDevice());
    write('one', 'to:bob');
    await settled();
    outbox.alias('to:bob', 'c1');
    write('two', 'c1');
    await settled();
    expect(texts(sends)).toEqual(['one']);
    expect(outbox.forConversation('c1')).toHaveLength(2);
  });
});

describe('an error that will pass', () => {
  it.each([
    ['a retryable one', unavailable()],
    ['an answer that was lost', noAnswer()],
    ['no connection', new ChatError('offline')],
    ['a token that ran out', new ChatError('token_expired')],
    ['no token', new ChatError('unauthenticated')],
    ['a session that ended', new ChatError('signed_out')],
    ['the end of this client', new ChatError('closed')],
  ])('is %s: the same client_id again, and nothing behind it before', async (_, error) => {
    const { sends, shown, write } = openTab(createDevice());
    const { client_id } = write('one');
    write('two');
    await settled();
    last(sends).refuse(error);
    await settled();
    expect(shown()).toEqual(['one waiting', 'two waiting']);
    await pass(500);
    expect(sends.map(({ entry }) => entry.client_id)).toEqual([client_id, client_id]);
  });

  it('is waited for with full jitter, twice as long each time, 30 s at most', async () => {
    const part = 0.75;
    const { outbox, sends, write } = openTab(createDevice(), { random: () => part });
    write('one');
    await settled();
    for (const [attempts, most] of [1, 2, 4, 8, 16, 30, 30].entries()) {
      expect(outbox.entries.get()[0]).toMatchObject({ attempts, state: 'sending' });
      const { length } = sends;
      last(sends).refuse(unavailable());
      await pass(most * 1_000 * part - 1);
      expect(sends).toHaveLength(length);
      await pass(1);
      expect(sends).toHaveLength(length + 1);
    }
  });

  it('is waited for anywhere between nothing and the most', async () => {
    const random = seeded(5);
    const waits: number[] = [];
    for (let index = 0; index < 100; index++) {
      const { sends, write } = openTab(createDevice(), { random });
      write('one');
      await settled();
      const since = Date.now();
      last(sends).refuse(unavailable());
      while (sends.length < 2) await vi.advanceTimersToNextTimerAsync();
      waits.push(Date.now() - since);
    }
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_000);
    expect(Math.max(...waits)).toBeGreaterThan(900);
    expect(Math.min(...waits)).toBeLessThan(100);
  });

  it('is not tried before the time that the server names, other conversations are', async () => {
    const device = createDevice();
    const { sends, write } = openTab(device);
    write('one');
    await settled();
    last(sends).refuse(new ChatError('slow_mode', { retryable: true, retry_after_ms: 3_600_000 }));
    await settled();
    expect(device.holders).toEqual([]);
    write('two', 'other');
    await pass(3_599_999);
    expect(texts(sends)).toEqual(['one', 'two']);
    await pass(1);
    expect(texts(sends)).toEqual(['one', 'two', 'one']);
  });

  it('tells why and until when it waits where the server wants so, in every tab and after a reload', async () => {
    const device = createDevice();
    const tab = openTab(device);
    const other = openTab(device, { name: 'other' });
    const delays = (of: Pick<typeof tab, 'outbox'>) => of.outbox.entries.get().map(({ delayed }) => delayed);
    const { client_id } = tab.write('one');
    await settled();
    last(tab.sends).refuse(new ChatError('slow_mode', { retryable: true, retry_after_ms: 30_000 }));
    await settled();
    const delayed = { code: 'slow_mode', until: Date.now() + 30_000 };
    expect(delays(tab)).toEqual([delayed]);
    expect(delays(other)).toEqual([delayed]);
    tab.die();
    const after = openTab(device, { name: 'after' });
    await pass(10_000);
    expect(delays(after)).toEqual([delayed]);
    other.die();
    await pass(20_000);
    expect(after.outbox.entries.get()).toMatchObject([{ state: 'sending', attempts: 1 }]);
    expect(delays(after)).toEqual([undefined]);

    // By itself it waits for a moment, and nobody wanted it to.
    last(after.sends).refuse(noAnswer());
    await settled();
    expect(delays(after)).toEqual([undefined]);
    await pass(30_000);
    last(after.sends).refuse(unavailable(50_000));
    await settled();
    expect(delays(after)).toEqual([{ code: 'unavailable', until: Date.now() + 50_000 }]);
    after.outbox.retry(client_id);
    expect(delays(after)).toEqual([undefined]);
  });

  it('is told without a delay where what is stored of that is odd', async () => {
    for (const odd of ['soon', { code: 'slow_mode' }, { code: 1, until: 2 }, null]) {
      const device = createDevice();
      const { client_id, ...rest } = openTab(createDevice()).write('one');
      device.rows.set(`outbox:ada:${client_id}`, { ...rest, client_id, v: 1, until: 0, delayed: odd });
      const { outbox, onError } = openTab(device, { isOnline: false });
      await settled();
      expect(outbox.entries.get()).toEqual([{ client_id, ...rest }]);
      expect(onError).not.toHaveBeenCalled();
    }
  });

  it('waits out a time beyond what timers can count', async () => {
    const { sends, write } = openTab(createDevice());
    write('one');
    await settled();
    const setTimer = vi.spyOn(globalThis, 'setTimeout');
    last(sends).refuse(unavailable(2 ** 31 + 1_000));
    await pass(1_000);
    expect(sends).toHaveLength(1);
    for (const [, ms] of setTimer.mock.calls) expect(ms).toBeLessThan(2 ** 31);
    setTimer.mockRestore();
    await pass(2 ** 31);
    expect(sends).toHaveLength(2);
  });

  it('is tried at once with a new connection', async () => {
    const { outbox, net, sends, write } = openTab(createDevice());
    write('one');
    await settled();
    net.isOnline = false;
    last(sends).refuse(offline());
    await pass(60_000);
    expect(sends).toHaveLength(1);
    net.isOnline = true;
    outbox.resume();
    await settled();
    expect(sends).toHaveLength(2);
    last(sends).refuse(unavailable(50_000));
    await settled();
    outbox.resume();
    await settled();
    expect(sends).toHaveLength(3);
  });

  it('is tried at once by a client that was started anew, when it connects', async () => {
    const device = createDevice();
    const before = openTab(device);
    before.write('one');
    await settled();
    last(before.sends).refuse(unavailable(50_000));
    await settled();
    before.die();
    const after = openTab(device);
    after.outbox.resume();
    await settled();
    expect(texts(after.sends)).toEqual(['one']);
    expect(after.outbox.entries.get()[0]?.attempts).toBe(1);
  });
});

describe('the clock', () => {
  it.each([
    ['a backoff', unavailable(), 1_000],
    ['a time that the server names', unavailable(600_000), 600_000],
  ])('set back by two hours keeps nothing waiting for as long: %s', async (_, error, mostMs) => {
    const device = createDevice();
    const { sends, shown, write } = openTab(device);
    const other = openTab(device, { name: 'other', isOnline: false });
    write('one');
    write('two');
    await settled();
    last(sends).refuse(error);
    await settled();
    vi.setSystemTime(Date.now() - 7_200_000);
    await pass(mostMs);
    expect(texts(sends)).toEqual(['one', 'one']);
    last(sends).answer();
    await settled();
    expect(shown()).toEqual(['two sending']);
    expect(other.shown()).toEqual(['two waiting']);
  });

  it('set back keeps nothing waiting in another tab that takes over, nor in one that is opened then', async () => {
    const device = createDevice();
    const sends: Send[] = [];
    const [a, b] = ['a', 'b'].map(name => openTab(device, { name, sends }));
    a?.write('one');
    await settled();
    last(sends).refuse(unavailable(60_000));
    await settled();
    a?.die();
    vi.setSystemTime(Date.now() - 7_200_000);
    await pass(60_000);
    expect(texts(sends)).toEqual(['one', 'one']);
    b?.die();
    openTab(device, { name: 'c', sends });
    await settled();
    expect(last(sends).tab).toBe('c');
  });
});

describe('many at once', () => {
  it('cost as much each as few: 20,000 are written and sent within seconds', async () => {
    vi.useRealTimers();
    const began = performance.now();
    const { outbox, onError, write } = openTab(createDevice(), { send: async entry => entry as never });
    for (let index = 0; index < 20_000; index++) write(`${index}`, `c${index % 3}`);
    expect(outbox.entries.get()).toHaveLength(20_000);
    await vi.waitUntil(() => outbox.entries.get().length === 0, { timeout: 20_000, interval: 500 });
    expect(onError).not.toHaveBeenCalled();
    // Where each looks at all others it is minutes, on a fast machine.
    expect(performance.now() - began).toBeLessThan(20_000);
  }, 60_000);

  it('are stored in one write', async () => {
    const device = createDevice();
    const { storage, write } = openTab(device, { isOnline: false });
    await settled();
    for (let index = 0; index < 50; index++) write(`${index}`);
    await settled();
    expect([storage.writes, device.rows.size]).toEqual([1, 50]);
  });
});

describe('what was on its way each time the connection was cut', () => {
  it('goes last and alone, and waits its time on a new connection, too', async () => {
    const { outbox, net, sends, write } = openTab(createDevice());
    for (const id of ['a', 'b']) write(`${id}1`, id);
    await settled();
    const cut = async () => {
      net.isOnline = false;
      for (const send of sends) if (send.open) send.refuse(noAnswer());
      await settled();
      net.isOnline = true;
      outbox.resume();
      await settled();
    };
    await cut();
    expect(texts(sends)).toEqual(['a1', 'b1', 'a1', 'b1']);
    write('c1', 'c');
    await cut();
    // Cut twice: those two wait, and then go one after the other.
    expect(texts(sends.slice(4))).toEqual(['c1']);
    last(sends).answer();
    await pass(30_000);
    expect(texts(sends.slice(4))).toEqual(['c1', 'a1']);
    write('d1', 'd');
    await settled();
    expect(texts(sends.slice(4))).toEqual(['c1', 'a1']);
    await cut();
    await pass(0);
    expect(texts(sends.slice(6))).toEqual(['d1']);
    last(sends).answer();
    await settled();
    expect(texts(sends.slice(7))).toEqual(['b1']);
    last(sends).answer();
    await pass(30_000);
    expect(texts(sends.slice(8))).toEqual(['a1']);
    last(sends).answer();
    await settled();
    expect(outbox.entries.get()).toEqual([]);
  });
});

describe('a client_id of the app’s own', () => {
  it.each(['x', 'pong-1', ' ', '}~', 'a'.repeat(128)])('may be %j', client_id => {
    const { outbox } = openTab(createDevice());
    expect(outbox.add({ conversation_id: 'lobby', message: 'one', client_id }).client_id).toBe(client_id);
  });

  it('is one entry, also where that was given up while it was being stored, or failed', async () => {
    const device = createDevice();
    const { outbox, sends, shown } = openTab(device);
    const one = { conversation_id: 'lobby', message: 'one', client_id: 'one' };
    const entry = outbox.add(one);
    expect(outbox.add({ ...one, message: 'other words' })).toBe(entry);
    await settled();
    expect(outbox.add(one).state).toBe('sending');
    last(sends).refuse(muted());
    await settled();
    expect(outbox.add(one).state).toBe('failed');
    outbox.discard('one');
    outbox.add(one);
    await settled();
    expect([shown(), device.rows.size]).toEqual([['one sending'], 1]);
    outbox.discard('one');
    await Promise.resolve();
    outbox.add(one);
    await settled();
    last(sends).answer();
    await pass(60_000);
    expect([outbox.entries.get(), device.rows.size]).toEqual([[], 0]);
  });

  it('of a message to another conversation is refused', () => {
    const { outbox } = openTab(createDevice());
    outbox.add({ conversation_id: 'a', message: 'one', client_id: 'one' });
    expect(() => outbox.add({ conversation_id: 'b', message: 'one', client_id: 'one' })).toThrow(ChatError);
    expect(outbox.entries.get()).toHaveLength(1);
  });
});

describe('what is no message', () => {
  it.each([
    ['message', 42],
    ['message', undefined],
    ['message', null],
    ['message', {}],
    ['reply_to', 7],
    ['conversation_id', undefined],
    ['client_id', ''],
    ['client_id', '~mine'],
    ['client_id', 'ä'],
    ['client_id', 'a'.repeat(129)],
    ['client_id', 5],
  ])('is refused at once, by its field: %s %j', async (field, value) => {
    const device = createDevice();
    const { outbox, sends } = openTab(device);
    const written = { conversation_id: 'lobby', message: 'one', [field]: value } as never;
    const refused = { code: 'invalid_input', retryable: false, details: { [field]: expect.any(String) } };
    expect(() => outbox.add(written)).toThrow(expect.objectContaining(refused));
    await settled();
    expect([outbox.entries.get(), sends, device.rows.size]).toEqual([[], [], 0]);
  });
});

describe('a definite error', () => {
  it('fails its entry visibly, and those behind it go on', async () => {
    const { outbox, sends, shown, write } = openTab(createDevice());
    for (const message of ['one', 'two']) write(message);
    await settled();
    last(sends).refuse(muted());
    await pass(60_000);
    expect(shown()).toEqual(['one failed', 'two sending']);
    expect(outbox.entries.get()[0]).toMatchObject({
      error: { code: 'muted', message: 'Muted.', details: { until: 'tomorrow' } },
      attempts: 1,
    });
    expect(texts(sends)).toEqual(['one', 'two']);
  });

  it('is still there after a restart, and retry sends it again in its place', async () => {
    const device = createDevice();
    const before = openTab(device);
    const { client_id } = before.write('one');
    await settled();
    last(before.sends).refuse(muted());
    await settled();
    before.die();
    const { outbox, sends, shown, write } = openTab(device, { isOnline: true });
    await settled();
    expect(shown()).toEqual(['one failed']);
    expect(outbox.entries.get()[0]?.error).toEqual({
      code: 'muted',
      message: 'Muted.',
      details: { until: 'tomorrow' },
    });
    outbox.retry(client_id);
    write('two');
    await settled();
    expect(outbox.entries.get()[0]).toMatchObject({ state: 'sending', attempts: 0, client_id });
    expect(outbox.entries.get()[0]).not.toHaveProperty('error');
    last(sends).answer();
    await settled();
    expect(shown()).toEqual(['two sending']);
  });

  it('is what an exception of any other kind counts as: the entry stays, and the exception is told', async () => {
    const oops = new TypeError('oops');
    const send = () => {
      throw oops;
    };
    const { outbox, onError, shown, write } = openTab(createDevice(), { send });
    for (const message of ['one', 'two']) write(message);
    await settled();
    expect(shown()).toEqual(['one failed', 'two failed']);
    expect(outbox.entries.get()[0]?.error?.code).toBe('odd_answer');
    expect(onError).toHaveBeenCalledWith(oops);
  });
});

describe('what the person does', () => {
  it('retry sends at once what waits for its time', async () => {
    const { outbox, sends, shown, write } = openTab(createDevice());
    const { client_id } = write('one');
    await settled();
    last(sends).refuse(unavailable(50_000));
    await settled();
    outbox.retry(client_id);
    outbox.retry('unknown');
    await settled();
    expect(sends).toHaveLength(2);
    outbox.retry(client_id);
    await settled();
    expect(sends).toHaveLength(2);
    expect(shown()).toEqual(['one sending']);
  });

  it.each([
    ['is refused', (one: Send) => one.refuse(muted())],
    ['will pass', (one: Send) => one.refuse(unavailable())],
    ['succeeds', (one: Send) => one.answer()],
  ])('discard gives up what is being sent, and its answer is ignored: one that %s', async (_, end) => {
    const device = createDevice();
    const { outbox, sends, shown, write } = openTab(device);
    const { client_id } = write('one');
    write('two');
    await settled();
    outbox.discard(client_id);
    outbox.discard(client_id);
    expect(shown()).toEqual(['two waiting']);
    await settled();
    expect(device.rows.size).toBe(1);
    expect(texts(sends)).toEqual(['one']);
    end(last(sends));
    await pass(60_000);
    expect(texts(sends)).toEqual(['one', 'two']);
    expect(shown()).toEqual(['two sending']);
  });

  it('discard of what waits or failed lets the next go', async () => {
    const { outbox, sends, write } = openTab(createDevice());
    const [one, two] = ['one', 'two', 'three'].map(message => write(message));
    await settled();
    last(sends).refuse(unavailable(50_000));
    await settled();
    outbox.discard(two?.client_id ?? '');
    outbox.discard(one?.client_id ?? '');
    await settled();
    expect(texts(sends)).toEqual(['one', 'three']);
  });

  it('discard before the storage has it leaves nothing there, and sends nothing', async () => {
    const device = createDevice();
    const { outbox, sends, write } = openTab(device);
    outbox.discard(write('one').client_id);
    await settled();
    expect([device.rows.size, sends.length, outbox.entries.get().length]).toEqual([0, 0, 0]);
  });
});

describe('[G2] a message that was seen in the log', () => {
  it.each([
    ['an answer', (one: Send) => one.answer()],
    ['no answer', (one: Send) => one.refuse(noAnswer())],
    ['a refusal', (one: Send) => one.refuse(muted())],
  ])('is done, and the next one goes; then comes %s', async (_, end) => {
    const device = createDevice();
    const { outbox, sends, shown, write } = openTab(device);
    const { client_id } = write('one');
    write('two');
    await settled();
    outbox.settle(client_id);
    outbox.settle('of another device');
    expect(shown()).toEqual(['two sending']);
    await settled();
    expect(device.rows.size).toBe(1);
    const [first] = sends;
    if (first) end(first);
    await pass(60_000);
    expect(shown()).toEqual(['two sending']);
    expect(texts(sends)).toEqual(['one', 'two']);
  });
});

describe('the lists', () => {
  it('are replaced and never changed, and one of a conversation only with it', async () => {
    const { outbox, sends, write } = openTab(createDevice());
    const changes = vi.fn();
    outbox.entries.subscribe(changes);
    write('one', 'a');
    const all = outbox.entries.get();
    const a = outbox.forConversation('a');
    write('two', 'b');
    expect(all).toHaveLength(1);
    expect(outbox.entries.get()).toHaveLength(2);
    expect(outbox.forConversation('a')).toBe(a);
    expect(outbox.forConversation('c')).toBe(outbox.forConversation('d'));
    await settled();
    expect(a[0]?.state).toBe('waiting');
    expect(outbox.forConversation('a')[0]?.state).toBe('sending');
    const b = outbox.forConversation('b');
    sends[0]?.answer();
    await settled();
    expect(outbox.forConversation('a')).toEqual([]);
    expect(outbox.forConversation('b')).toBe(b);
    expect(changes).toHaveBeenCalled();
  });
});

describe('the storage', () => {
  it('brings back as waiting what was being sent at a crash', async () => {
    const device = createDevice();
    const before = openTab(device);
    const { client_id } = before.write('one');
    await settled();
    expect(before.shown()).toEqual(['one sending']);
    before.die();
    const after = openTab(device, { isOnline: false });
    await settled();
    expect(after.shown()).toEqual(['one waiting']);
    after.net.isOnline = true;
    after.outbox.resume();
    await settled();
    expect(last(after.sends).entry.client_id).toBe(client_id);
  });

  it('may hold nonsense, which is left alone, left out and told once', async () => {
    const device = createDevice();
    const good = openTab(device, { isOnline: false });
    const { client_id } = good.write('one');
    await settled();
    const key = [...device.rows.keys()][0] ?? '';
    const row = device.rows.get(key) as object;
    const prefix = key.slice(0, -client_id.length);
    const nonsense = [
      ...[null, 1, 'text', [], {}, new Map(), { v: 2 }, { ...row, client_id: 'another' }, { ...row, v: 2 }],
      ...[{ position: 'first' }, { position: Number.NaN }, { message: 1 }, { state: 'odd' }, { state: 'failed' }].map(
        odd => ({ ...row, client_id: 'x', ...odd }),
      ),
      ...[{ conversation_id: undefined }, { attempts: '1' }, { created_at: 5 }, { reply_to: {} }].map(odd => ({
        ...row,
        client_id: 'x',
        ...odd,
      })),
    ];
    const odd = nonsense.map((value, index) => [index < 9 ? `${prefix}odd${index}` : `${prefix}x`, value] as const);
    for (const [name, value] of odd) {
      device.rows.set(name, value);
      const tab = openTab(device);
      await settled();
      expect([name, texts(tab.sends)]).toEqual([name, ['one']]);
      last(tab.sends).refuse(noAnswer());
      await pass(60_000);
      expect(tab.onError).toHaveBeenCalledTimes(1);
      expect(String(tab.onError.mock.calls[0]?.[0])).toContain(name);
      expect(tab.outbox.entries.get()).toHaveLength(1);
      tab.die();
      expect(device.rows.get(name)).toEqual(value);
      device.rows.delete(name);
    }
  });

  it('of one person is nobody else’s', async () => {
    const device = createDevice();
    openTab(device, { user_id: 'ada', isOnline: false }).write('one');
    await settled();
    const other = openTab(device, { user_id: 'bob' });
    await settled();
    expect(other.shown()).toEqual([]);
    expect(other.sends).toEqual([]);
  });

  it('that cannot be read is told, and what is written is sent', async () => {
    const device = createDevice();
    const tab = openTab(device);
    tab.storage.failing = new Error('broken');
    tab.write('one');
    await settled();
    expect(texts(tab.sends)).toEqual(['one']);
    expect(tab.onError).toHaveBeenCalledWith(tab.storage.failing);
  });
});

describe('two tabs', () => {
  const openTwo = (device = createDevice()) => {
    const sends: Send[] = [];
    return { device, sends, a: openTab(device, { name: 'a', sends }), b: openTab(device, { name: 'b', sends }) };
  };

  it('show the same, and one of them sends', async () => {
    const { device, sends, a, b } = openTwo();
    a.write('one');
    b.write('two');
    await settled();
    expect(sends).toHaveLength(1);
    for (let sent = 0; sent < 2; sent++) {
      expect(a.outbox.entries.get().map(({ message }) => message)).toEqual(
        b.outbox.entries.get().map(({ message }) => message),
      );
      expect(sends.filter(({ open }) => open)).toHaveLength(1);
      last(sends).answer();
      await settled();
    }
    expect(new Set(texts(sends))).toEqual(new Set(['one', 'two']));
    expect([a.shown(), b.shown(), device.holders, device.rows.size]).toEqual([[], [], [], 0]);
    await pass(60_000);
    expect(sends).toHaveLength(2);
  });

  it('wait for the same time together', async () => {
    const { sends, a, b } = openTwo();
    a.write('one');
    await settled();
    last(sends).refuse(unavailable(5_000));
    await pass(4_999);
    expect(sends).toHaveLength(1);
    await pass(1);
    expect(sends).toHaveLength(2);
    expect(b.outbox.entries.get()[0]?.attempts).toBe(1);
    await pass(60_000);
    expect(sends).toHaveLength(2);
  });

  it('take over where the one that sends dies', async () => {
    const { sends, a, b } = openTwo();
    const { client_id } = a.write('one');
    a.write('two');
    await settled();
    expect(last(sends).tab).toBe('a');
    a.die();
    await settled();
    expect(last(sends)).toMatchObject({ tab: 'b', entry: { client_id } });
    last(sends).answer();
    await settled();
    last(sends).answer();
    await settled();
    expect(b.shown()).toEqual([]);
    expect(texts(sends)).toEqual(['one', 'one', 'two']);
  });

  it('take over where the one that sends loses its connection or closes', async () => {
    const { device, sends, a, b } = openTwo();
    a.write('one');
    await settled();
    a.net.isOnline = false;
    last(sends).refuse(offline());
    await pass(1_000);
    expect(last(sends).tab).toBe('b');
    a.net.isOnline = true;
    a.outbox.resume();
    await settled();
    expect(sends).toHaveLength(2);
    await b.outbox.close();
    await settled();
    expect(last(sends).tab).toBe('a');
    await a.outbox.close();
    await settled();
    expect(device.holders).toEqual([]);
    expect(device.rows.size).toBe(1);
  });

  it('send for one that has no connection', async () => {
    const { sends, a, b } = openTwo();
    a.net.isOnline = false;
    a.write('one');
    await settled();
    expect(last(sends).tab).toBe('b');
    last(sends).answer();
    await settled();
    expect([a.shown(), b.shown()]).toEqual([[], []]);
  });

  it('agree on what one gives up, retries or saw in the log', async () => {
    const { device, sends, a, b } = openTwo();
    const [one, two] = ['one', 'two', 'three'].map(message => a.write(message));
    await settled();
    expect(last(sends).tab).toBe('a');
    b.outbox.discard(one?.client_id ?? '');
    await settled();
    expect(a.shown()).toEqual(['two waiting', 'three waiting']);
    last(sends).refuse(unavailable());
    await settled();
    last(sends).refuse(muted());
    await settled();
    expect(b.shown()[0]).toBe('two failed');
    b.outbox.settle(last(sends).entry.client_id);
    await settled();
    last(sends).refuse(noAnswer());
    await settled();
    expect([a.shown(), b.shown()]).toEqual([['two failed'], ['two failed']]);
    b.outbox.retry(two?.client_id ?? '');
    await settled();
    expect(texts(sends)).toEqual(['one', 'two', 'three', 'two']);
    last(sends).answer();
    await settled();
    expect([a.shown(), b.shown(), device.rows.size]).toEqual([[], [], 0]);
  });

  it('do not send again what the other was just answered, however slow its storage is', async () => {
    const { sends, a, b } = openTwo();
    a.write('one');
    await settled();
    expect(last(sends).tab).toBe('a');
    a.storage.gate = () => new Promise(resolve => setTimeout(resolve, 500));
    last(sends).answer();
    await pass(60_000);
    expect(sends).toHaveLength(1);
    expect([a.shown(), b.shown()]).toEqual([[], []]);
  });

  it('show no more what was given up here while news of it came from the other', async () => {
    const { device, sends, a, b } = openTwo();
    a.net.isOnline = false;
    const { client_id } = a.write('one');
    await settled();
    expect(last(sends).tab).toBe('b');
    let open: () => void = expect.fail;
    a.storage.gate = () => new Promise(resolve => (open = () => resolve(undefined)));
    last(sends).refuse(unavailable(50_000));
    await settled();
    const seen: string[][] = [];
    a.outbox.discard(client_id);
    a.outbox.entries.subscribe(() => seen.push(a.shown()));
    a.storage.gate = async () => undefined;
    open();
    await settled();
    expect(seen.flat()).toEqual([]);
    expect([a.shown(), b.shown(), device.rows.size]).toEqual([[], [], 0]);
  });

  it('do not bring back what the other has dropped a moment ago', async () => {
    const { device, sends, a } = openTwo();
    a.write('one');
    await settled();
    device.rows.clear();
    last(sends).refuse(unavailable());
    await pass(60_000);
    expect(a.shown()).toEqual([]);
    expect(device.rows.size).toBe(0);
    expect(sends).toHaveLength(1);
  });

  it('send without a lock where there is none to be had, and tell', async () => {
    const device = createDevice();
    const broken = new Error('no locks');
    const locksOf = () => ({ alone: () => Promise.reject(broken) });
    const { onError, outbox, sends, write } = openTab({ ...device, locksOf });
    write('one');
    await settled();
    last(sends).answer();
    await settled();
    expect(outbox.entries.get()).toEqual([]);
    expect(onError).toHaveBeenCalledWith(broken);
  });
});

describe('a closed one', () => {
  it('sends nothing more and keeps what is written', async () => {
    const device = createDevice();
    const { outbox, sends, write } = openTab(device);
    write('one');
    await settled();
    last(sends).refuse(unavailable());
    const closing = outbox.close();
    write('two');
    await closing;
    outbox.resume();
    await pass(60_000);
    expect(sends).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
    const after = openTab(device, { isOnline: false });
    await settled();
    expect(after.shown()).toEqual(['one waiting', 'two waiting']);
  });

  it.each([
    ['an answer', (one: Send) => one.answer()],
    ['an exception', (one: Send) => one.refuse(new TypeError('gone'))],
  ])('does not touch its storage for %s that comes later', async (_, end) => {
    const device = createDevice();
    const { onError, outbox, sends, storage, write } = openTab(device);
    write('one');
    await settled();
    await outbox.close();
    await settled();
    expect(device.holders).toEqual([]);
    storage.failing = new Error('closed');
    end(last(sends));
    await settled();
    expect(onError).not.toHaveBeenCalled();
    expect(device.rows.size).toBe(1);
  });
});
