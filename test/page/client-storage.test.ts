import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { storageContract } from '../client/storage-contract.ts';
import { bundleOf, type ModuleServer, serveModules } from './modules.ts';
import { inChromium, watch } from './support.ts';

/** What the scripts below find in their page. `open` opens `storage`; `troubles` and `heard` say what it told. */
const script = `
  import { storageContract } from '/test/client/storage-contract.ts';
  import { openIndexedDbStorage } from '/src/client/indexed-db.ts';
  import { openStorage } from '/src/client/open-storage.ts';
  import { createLocks } from '/src/client/locks.ts';
  const troubles = [];
  const heard = [];
  const onTrouble = ({ message, cause }) => troubles.push(message + ' ' + (cause?.name ?? ''));
  const opened = { IndexedDB: openIndexedDbStorage, openStorage };
  Object.assign(globalThis, {
    createLocks, troubles, heard, onTrouble, openStorage,
    async open(name = 'chat', how = 'openStorage') {
      globalThis.storage = await opened[how]({ name, onTrouble });
      storage.subscribe(keys => heard.push(keys));
      return storage;
    },
    check: async (title, how) => storageContract[title](await open(how + ' ' + title, how)),
    /** How a database is when it is full: every put fails. Returns how to make room. */
    fill() {
      const { put } = IDBObjectStore.prototype;
      IDBObjectStore.prototype.put = () => { throw new DOMException('Full.', 'QuotaExceededError'); };
      return () => { IDBObjectStore.prototype.put = put; };
    },
    /** Deletes the database; rejects where somebody does not let go of it. */
    remove: () => new Promise((resolve, reject) => {
      indexedDB.deleteDatabase('chat').onsuccess = resolve;
      setTimeout(reject, 5_000, new Error('Somebody holds on to it.'));
    }),
    stored: async () => {
      const disk = await openIndexedDbStorage({ name: 'chat', onTrouble });
      const entries = await disk.list('');
      disk.close();
      return entries;
    },
  });
`;

/** What it rejects with is an error of its own: vitest would look for the page's stack among the files of this machine. */
const run = (page: Page, body: string): Promise<unknown> =>
  page.evaluate(`(async () => { ${body} })()`).catch((error: Error) => {
    throw new Error(error.message.replaceAll(/\n\s+at .*/g, ''));
  });

inChromium('the storage of the client library', stage => {
  let modules: ModuleServer;
  beforeAll(async () => {
    modules = await serveModules(script);
  });
  afterAll(() => modules?.close());

  /** A page of a browser that has nothing stored. */
  const visit = async () => ready(await stage.visit({ url: modules.url }));
  const ready = async (page: Page) => {
    await page.waitForFunction('globalThis.open.length === 0 && globalThis.openStorage');
    return page;
  };
  const another = async (page: Page) => {
    const tab = await page.context().newPage();
    const problems: string[] = [];
    watch(tab, problems);
    await tab.goto(modules.url);
    return ready(tab);
  };
  const leave = (page: Page) => page.context().close();
  const kept = 'This device does not keep what is written: it is gone with this page.';

  for (const how of ['IndexedDB', 'openStorage'])
    it(`keeps the contract of storages: ${how}`, async () => {
      const page = await visit();
      for (const title of Object.keys(storageContract))
        expect(await run(page, `await check(${JSON.stringify(title)}, '${how}')`).catch(String), title).toBe(undefined);
      expect(await run(page, 'return troubles')).toEqual([]);
      await leave(page);
    });

  it('keeps what was written through a reload', async () => {
    const page = await visit();
    await run(page, "await open(); await storage.write([['a', 1], ['b', { c: '😀' }]])");
    await page.reload();
    await ready(page);
    expect(await run(page, "return [(await open()).kind, await storage.list('')]")).toEqual([
      'persistent',
      [
        ['a', 1],
        ['b', { c: '😀' }],
      ],
    ]);
    await leave(page);
  });

  it('lets tabs hear of what the others wrote once it can be read, and not of their own', async () => {
    const first = await visit();
    const second = await another(first);
    await run(first, 'await open()');
    await run(
      second,
      'await open(); globalThis.read = []; storage.subscribe(async ([key]) => read.push(await storage.get(key)))',
    );
    await run(first, "await storage.write([['a', 1], ['b', undefined], ['a', 2]])");
    await second.waitForFunction('read.length === 1');
    expect(await run(second, 'return [heard, read]')).toEqual([[['a', 'b']], [2]]);
    await run(second, "await storage.write([['c', 3]])");
    await first.waitForFunction('heard.length > 0');
    expect(await run(first, 'return [heard, await storage.list("")]')).toEqual([
      [['c']],
      [
        ['a', 2],
        ['c', 3],
      ],
    ]);
    expect(await run(second, 'return heard.length')).toBe(1);
    await leave(first);
  });

  it('lets tabs hear of a write that was under way when its storage was closed', async () => {
    const first = await visit();
    const second = await another(first);
    await run(first, 'await open()');
    await run(
      second,
      "await open('chat', 'IndexedDB'); const written = storage.write([['late', 1]]); storage.close(); await written",
    );
    await first.waitForFunction('heard.length > 0');
    expect(await run(first, "return [heard, await storage.get('late')]")).toEqual([[['late']], 1]);
    await leave(first);
  });

  it('lets the others hear where one of those who listen throws', async () => {
    const first = await visit();
    const second = await another(first);
    await run(
      first,
      "await open(); storage.subscribe(() => { throw new Error('mine') }); storage.subscribe(k => heard.push(k))",
    );
    await run(second, "await open(); await storage.write([['a', 1]])");
    await first.waitForFunction('heard.length === 2');
    expect(await run(first, 'return troubles.length')).toBe(1);
    await leave(first);
  });

  it('has all of a write or nothing of it when the page is closed in the middle, and all that was confirmed', async () => {
    const page = await visit();
    let confirmed = 0;
    await page.exposeFunction('confirmed', (n: number) => {
      confirmed = n;
    });
    await run(page, 'await open()');
    const next = await another(page);
    const writing = run(
      page,
      `for (let n = 1; ; n++) {
        await storage.write(Array.from({ length: 200 }, (_, index) => ['entry:' + index, { n, text: 'x'.repeat(2_000) }]));
        confirmed(n);
      }`,
    ).catch(() => undefined);
    await expect.poll(() => confirmed, { timeout: 30_000 }).toBeGreaterThan(9);
    await page.close();
    await writing;
    const found = (await run(
      next,
      "await open(); return (await storage.list('entry:')).map(([, { n }]) => n)",
    )) as number[];
    expect(found).toHaveLength(200);
    expect(new Set(found).size).toBe(1);
    expect(found[0]).toBeGreaterThanOrEqual(confirmed);
    await leave(next);
  });

  it('works in memory where IndexedDB is forbidden, and says so', async () => {
    const page = await visit();
    const found = await run(
      page,
      `IDBFactory.prototype.open = () => { throw new DOMException('Not in here.', 'SecurityError') };
      await open();
      await storage.write([['a', 1]]);
      return [storage.kind, await storage.list(''), troubles]`,
    );
    expect(found).toEqual(['memory', [['a', 1]], [`${kept} SecurityError`]]);
    await leave(page);
  });

  it('works in memory in a frame that may keep nothing, and its locks do', async () => {
    const page = await visit();
    await page.setContent(`<iframe sandbox="allow-scripts" srcdoc="<p>framed</p>"></iframe>`);
    const frame = page.frames()[1]!;
    // A frame without an origin may not import modules of others: it is given them as text.
    const code = await bundleOf(
      "export * from './src/client/open-storage.ts'; export * from './src/client/locks.ts'",
      'client',
    );
    expect(
      await frame.evaluate(`(async () => { ${code}
        const troubles = [];
        const storage = await client.openStorage({ name: 'chat', onTrouble: ({ cause }) => troubles.push(cause.name) });
        await storage.write([['a', 1]]);
        return [storage.kind, await storage.get('a'), troubles, await client.createLocks('chat').alone('a', async () => 'alone')];
      })()`),
    ).toEqual(['memory', 1, ['SecurityError'], 'alone']);
    await leave(page);
  });

  it('works in memory where the database is held up for longer than 3 s, and does not hold it up in turn', async () => {
    const holder = await visit();
    await run(
      holder,
      `globalThis.held = await new Promise(resolve => {
        const request = indexedDB.open('chat', 1);
        request.onsuccess = () => resolve(request.result);
      });
      globalThis.deleted = new Promise(resolve => { indexedDB.deleteDatabase('chat').onsuccess = resolve })`,
    );
    const page = await another(holder);
    expect(await run(page, 'await open(); return [storage.kind, troubles]')).toEqual(['memory', [`${kept} Error`]]);
    await run(holder, 'held.close(); await deleted');
    // Ours opens now, too late; a second deletion would wait for it if it stayed open.
    await expect.poll(() => run(holder, 'return (await indexedDB.databases()).length')).toBe(1);
    await run(holder, 'await remove()');
    await leave(page);
  });

  it('keeps in memory what a full disk refuses, says so once, and brings it along when there is room', async () => {
    const page = await visit();
    const other = await another(page);
    await run(other, 'await open()');
    const full = await run(
      page,
      `await open();
      await storage.write([['a', 1], ['b', 1]]);
      globalThis.makeRoom = fill();
      await storage.write([['b', undefined], ['a', 2], ['c', 2]]);
      await Promise.all([storage.write([['d', 3]]), storage.write([['d', 4]])]);
      (await storage.get('d'));
      return [await storage.list(''), await storage.get('b') ?? 'none', await storage.get('c'), storage.kind, troubles, await stored()]`,
    );
    expect(full).toEqual([
      [
        ['a', 2],
        ['c', 2],
        ['d', 4],
      ],
      'none',
      2,
      'memory',
      [`${kept} QuotaExceededError`],
      [
        ['a', 1],
        ['b', 1],
      ],
    ]);
    const room = await run(
      page,
      `makeRoom();
      await storage.write([['e', 5]]);
      const after = [storage.kind, await stored(), troubles.length];
      fill();
      await storage.write([['f', 6]]);
      return [...after, troubles.length]`,
    );
    const all = [
      ['a', 2],
      ['c', 2],
      ['d', 4],
      ['e', 5],
    ];
    expect(room).toEqual(['persistent', all, 1, 2]);
    await other.waitForFunction("heard.flat().includes('c')");
    expect(((await run(other, 'return heard.flat()')) as string[]).sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'd', 'e']);
    await leave(page);
  });

  it('still stores what fits while something that does not fit waits in memory', async () => {
    const page = await visit();
    const found = await run(
      page,
      `await open();
      await storage.write([['a', 1]]);
      const { put } = IDBObjectStore.prototype;
      IDBObjectStore.prototype.put = function (value, key) {
        if (value.length > 10) throw new DOMException('Full.', 'QuotaExceededError');
        return put.call(this, value, key);
      };
      await storage.write([['big', 'x'.repeat(11)]]);
      await storage.write([['small', 'x'], ['a', undefined]]);
      return [await stored(), storage.kind, troubles.length, (await storage.list('')).map(([key]) => key)]`,
    );
    expect(found).toEqual([[['small', 'x']], 'memory', 1, ['big', 'small']]);
    await leave(page);
  });

  it('does so with a quota of the browser itself', async () => {
    const page = await visit();
    const quota = await page.context().newCDPSession(page);
    const origin = new URL(modules.url).origin;
    // Before the first write, as Chromium remembers for a while how much room it found.
    await quota.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 100_000 });
    await run(page, "await open(); await storage.write([['a', 'first']])");
    const big = "crypto.getRandomValues(new Uint8Array(60_000)).join('')";
    expect(
      await run(
        page,
        `await storage.write([['b', ${big}]]);
        return [storage.kind, troubles, (await storage.list('')).map(([key]) => key), (await stored()).map(([key]) => key)]`,
      ),
    ).toEqual(['memory', [`${kept} QuotaExceededError`], ['a', 'b'], ['a']]);
    await quota.send('Storage.overrideQuotaForOrigin', { origin });
    expect(
      await run(page, "await storage.write([['c', 1]]); return [storage.kind, (await stored()).map(([key]) => key)]"),
    ).toEqual(['persistent', ['a', 'b', 'c']]);
    await leave(page);
  });

  it('lets others delete the database, and goes on with a new one', async () => {
    const page = await visit();
    const other = await another(page);
    await run(page, "await open(); await storage.write([['a', 1]])");
    await run(other, 'await remove()');
    expect(await run(page, "await storage.write([['b', 2]]); return [await stored(), troubles, storage.kind]")).toEqual(
      [[['b', 2]], [], 'persistent'],
    );
    await leave(page);
  });

  it('goes on with a new connection where the old one was closed without a word', async () => {
    const page = await visit();
    const found = await run(
      page,
      `const connections = [];
      const { transaction } = IDBDatabase.prototype;
      IDBDatabase.prototype.transaction = function (...given) {
        connections.push(this);
        return transaction.apply(this, given);
      };
      await open();
      await storage.write([['a', 1]]);
      connections.at(-1).close();
      await storage.write([['b', 2]]);
      connections.at(-1).close();
      return [await storage.list(''), troubles, new Set(connections).size]`,
    );
    expect(found).toEqual([
      [
        ['a', 1],
        ['b', 2],
      ],
      [],
      3,
    ]);
    await leave(page);
  });

  it('keeps writes in memory while the database is broken, rejects what cannot be known, and recovers', async () => {
    const page = await visit();
    const found = await run(
      page,
      `await open();
      await storage.write([['a', 1]]);
      const { open: openDatabase } = IDBFactory.prototype;
      const { transaction } = IDBDatabase.prototype;
      const broken = () => { throw new DOMException('Broken.', 'UnknownError') };
      IDBFactory.prototype.open = broken;
      IDBDatabase.prototype.transaction = broken;
      await storage.write([['b', 2]]);
      await storage.write([['a', undefined], ['c', 3]]);
      const during = [
        storage.kind, troubles.length, await storage.get('b'), await storage.get('a') ?? 'none',
        await storage.get('z').catch(({ cause }) => cause.name), await storage.list('').catch(({ cause }) => cause.name),
      ];
      IDBFactory.prototype.open = openDatabase;
      IDBDatabase.prototype.transaction = transaction;
      const merged = await storage.list('');
      storage.close();
      await storage.get('a').catch(({ code }) => during.push(code));
      return [during, merged, troubles.length]`,
    );
    const left = [
      ['b', 2],
      ['c', 3],
    ];
    expect(found).toEqual([['memory', 1, 2, 'none', 'UnknownError', 'UnknownError', 'closed'], left, 1]);
    // Closing was the last chance of what was only in memory.
    await expect.poll(() => run(page, 'return stored()')).toEqual(left);
    await leave(page);
  });

  it('lets one tab at a time do what is to be done alone, and the next when that tab is gone', async () => {
    const first = await visit();
    const second = await another(first);
    await run(
      first,
      "globalThis.log = []; createLocks('chat').alone('parley:x', () => new Promise(() => log.push('first')))",
    );
    await first.waitForFunction('log.length === 1');
    await run(
      second,
      `globalThis.log = [];
      const locks = createLocks('chat');
      locks.alone('parley:x', async () => { log.push('second'); throw new Error('failed') }).catch(error => log.push(error.message));
      locks.alone('parley:x', async () => log.push('third'));
      await locks.alone('parley:y', async () => log.push('another name'));
      // A client of another name in the same browser has nothing to wait for.
      await createLocks('-other').alone('parley:x', async () => log.push('another client'));`,
    );
    expect(await run(second, 'return log')).toEqual(['another name', 'another client']);
    await first.close();
    await second.waitForFunction('log.length === 5');
    expect(((await run(second, 'return log')) as string[]).sort()).toEqual([
      'another client',
      'another name',
      'failed',
      'second',
      'third',
    ]);
    await leave(second);
  });
});
