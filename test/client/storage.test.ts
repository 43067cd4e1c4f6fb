import { afterEach, describe, expect, it, vi } from 'vitest';
import { guardStorage } from '../../src/client/guarded-storage.ts';
import { createLocks } from '../../src/client/locks.ts';
import { createMemoryStorage } from '../../src/client/memory-storage.ts';
import { openStorage } from '../../src/client/open-storage.ts';
import { storageContract } from './storage-contract.ts';

afterEach(() => vi.unstubAllGlobals());

// test/page/client-storage.test.ts holds the IndexedDB one to the same contract, in a browser.
describe('a storage in memory', () => {
  for (const [title, check] of Object.entries(storageContract)) it(title, () => check(createMemoryStorage()));

  it('is what opens where there is no IndexedDB, without a complaint', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const onTrouble = vi.fn();
    const storage = await openStorage({ name: 'none', onTrouble });
    expect(storage.kind).toBe('memory');
    expect(onTrouble).not.toHaveBeenCalled();
  });

  it('is what opens where IndexedDB may not even be looked at, and it is said', async () => {
    const forbidden = new DOMException('Not in here.', 'SecurityError');
    const open = () => {
      throw forbidden;
    };
    vi.stubGlobal('indexedDB', { open });
    const onTrouble = vi.fn();
    const storage = await openStorage({ name: 'forbidden', onTrouble });
    await storage.write([['a', 1]]);
    expect(await storage.list('')).toEqual([['a', 1]]);
    expect(storage.kind).toBe('memory');
    expect(onTrouble.mock.calls).toEqual([[expect.objectContaining({ cause: forbidden })]]);
  });
});

describe('a guarded storage', () => {
  const open = () => {
    const disk = createMemoryStorage();
    const held: (() => void)[] = [];
    let isHeld = false;
    const write: typeof disk.write = async changes => {
      if (isHeld) await new Promise<void>(resolve => held.push(resolve));
      await disk.write(changes);
    };
    const onTrouble = vi.fn<(error: Error) => void>();
    const told: string[] = [];
    const storage = guardStorage({ ...disk, kind: 'persistent', write }, { onTrouble, isOwn: true });
    storage.subscribe(() => told.push(storage.kind));
    const hold = () => {
      isHeld = true;
    };
    const letGo = () => {
      isHeld = false;
      for (const go of held.splice(0)) go();
    };
    return { disk, storage, onTrouble, told, held, hold, letGo };
  };

  for (const [title, check] of Object.entries(storageContract))
    it(title, () =>
      check(guardStorage(createMemoryStorage(), { onTrouble: error => expect.fail(error.message), isOwn: true })),
    );

  it('waits 5 s for a write, then works in memory, until that write has ended and what came since is written', async () => {
    vi.useFakeTimers();
    const { disk, storage, onTrouble, told, held, hold, letGo } = open();
    hold();
    const write = storage.write([['a', 1]]);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(storage.kind).toBe('persistent');
    await vi.advanceTimersByTimeAsync(1);
    await write;
    expect([storage.kind, await storage.get('a'), await storage.list('')]).toEqual(['memory', 1, [['a', 1]]]);
    // Nobody waits again, and nothing overtakes what is under way.
    await storage.write([['a', 2]]);
    await storage.write([['b', 3]]);
    expect([held.length, await storage.get('a'), onTrouble.mock.calls.length]).toEqual([1, 2, 1]);
    letGo();
    await vi.advanceTimersByTimeAsync(0);
    expect(await disk.list('')).toEqual([
      ['a', 2],
      ['b', 3],
    ]);
    expect([storage.kind, told, onTrouble.mock.calls.length]).toEqual(['persistent', ['memory', 'persistent'], 1]);
    vi.useRealTimers();
  });
});

const withoutWebLocks = () => {
  vi.stubGlobal('navigator', {});
  return createLocks('chat');
};

/** Work that says when it began, and ends when it is told to. */
const createWork = (log: string[], name: string) => {
  let finish: () => void = expect.fail;
  let fail: () => void = expect.fail;
  const end = new Promise<string>((resolve, reject) => {
    finish = () => resolve(name);
    fail = () => reject(new Error(name));
  });
  const work = () => {
    log.push(name);
    return end;
  };
  return { work, finish, fail };
};

const turn = () => new Promise(resolve => setImmediate(resolve));

describe('locks without Web Locks', () => {
  it('let one work of a name run at a time, in the order of asking, and others meanwhile', async () => {
    const locks = withoutWebLocks();
    const log: string[] = [];
    const [one, two, three, other] = ['one', 'two', 'three', 'other'].map(name => createWork(log, name));
    const ends = [one!, two!, three!].map(({ work }) => locks.alone('a', work));
    const otherEnd = locks.alone('b', other!.work);
    await turn();
    expect(log).toEqual(['one', 'other']);
    one!.finish();
    expect(await ends[0]).toBe('one');
    await turn();
    expect(log).toEqual(['one', 'other', 'two']);
    three!.finish();
    two!.finish();
    other!.finish();
    expect(await Promise.all(ends)).toEqual(['one', 'two', 'three']);
    expect(await otherEnd).toBe('other');
  });

  it('let the next in after work that rejects or throws', async () => {
    const locks = withoutWebLocks();
    const log: string[] = [];
    const failing = createWork(log, 'failing');
    const rejected = expect(locks.alone('a', failing.work)).rejects.toThrow('failing');
    const thrown = expect(
      locks.alone('a', () => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
    const next = locks.alone('a', async () => 'next');
    failing.fail();
    await rejected;
    await thrown;
    expect(await next).toBe('next');
    expect(await locks.alone('a', async () => 'later')).toBe('later');
  });

  it('are what runs where Web Locks are forbidden, but work that rejects does not run twice', async () => {
    const refuse = async () => {
      throw new DOMException('Not in here.', 'SecurityError');
    };
    vi.stubGlobal('navigator', { locks: { request: refuse } });
    expect(await createLocks('chat').alone('a', async () => 'done')).toBe('done');

    vi.stubGlobal('navigator', { locks: { request: (_name: string, work: () => Promise<unknown>) => work() } });
    const work = vi.fn(refuse);
    await expect(createLocks('chat').alone('a', work)).rejects.toThrow('Not in here.');
    expect(work).toHaveBeenCalledTimes(1);
  });
});
