import type { BrowserContext, Page } from 'playwright-core';
import { afterEach, beforeAll, expect, it } from 'vitest';
import type { Message } from '../../src/protocol/index.ts';
import { api, password, signIn, signUp, someName } from '../support/clients.ts';
import { bundleOf } from './modules.ts';
import { inChromium, type Stage, watch } from './support.ts';

/** What an app does first, and what the scripts below find in their page. */
const app = `<!doctype html><link rel="icon" href="data:,"><script src="/library.js"></script><script>
  const troubles = [];
  const ends = [];
  const statuses = [];
  const kinds = [];
  const client = library.createClient({ onError: error => troubles.push(String(error)) });
  client.on('ended', reason => ends.push(reason));
  client.connection.subscribe(() => statuses.push(client.connection.get().status));
  client.storage.subscribe(() => kinds.push(client.storage.get()));
  const shown = id => client.conversation(id).messages.get()?.messages.map(({ message }) => message) ?? [];
  const waiting = () => client.outbox.get().map(({ message }) => message);
  const restored = client.restore();
</script>`;

/** What it rejects with is an error of its own: vitest would look for the page's stack among the files of this machine. */
const run = <T>(page: Page, body: string): Promise<T> =>
  page.evaluate<T>(`(async () => { ${body} })()`).catch((error: Error) => {
    throw new Error(error.message.replaceAll(/\n\s+at .*/g, ''));
  });

/** An app that uses the library, as its tabs are at the end of a link of their own to the server. */
const useApp = (stage: Stage) => {
  let library = '';
  const contexts: BrowserContext[] = [];
  const problems: string[] = [];

  beforeAll(async () => {
    library = await bundleOf("export * from './src/client/index.ts'", 'library');
  });
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
    expect(problems.splice(0)).toEqual([]);
  });

  /** A browser with nothing stored. Its app comes from the server's origin, as out of a service worker: also while the link is cut. */
  const newBrowser = async () => {
    const link = await stage.link();
    const context = await stage.browser.newContext();
    contexts.push(context);
    context.setDefaultTimeout(15_000);
    await context.route(`${link.url}/`, route => route.fulfill({ contentType: 'text/html; charset=utf-8', body: app }));
    await context.route(`${link.url}/library.js`, route =>
      route.fulfill({ contentType: 'text/javascript; charset=utf-8', body: library }),
    );
    const newTab = async () => {
      const page = await context.newPage();
      watch(page, problems);
      await page.goto(`${link.url}/`);
      return page;
    };
    return { context, link, newTab };
  };

  /** Signed up in the first tab of a browser, with a direct conversation `id` with somebody else, whose view of its log is `log`. */
  const newPerson = async () => {
    const browser = await newBrowser();
    const other = await signUp(stage.server);
    const page = await browser.newTab();
    const username = someName();
    const id = await run<string>(
      page,
      `await client.signUp(${JSON.stringify({ username, password, full_name: 'Ann' })});
      await client.synced();
      const there = await client.direct('${other.id}');
      await there.open();
      return there.id`,
    );
    const log = async () => {
      const path = `/message/v1/history?conversation_id=${id}&after=0&limit=100`;
      // Anew, as a token may be short-lived here.
      const { token } = await signIn(stage.server, other.username);
      const { body } = await api(stage.server, token)<{ items: Message[] }>('GET', path);
      return body.items.map(({ message }) => message);
    };
    return { ...browser, page, id, log };
  };

  return { newBrowser, newPerson };
};

const signedIn = async (page: Page) => {
  await run(page, 'await restored; await client.synced()');
  return page;
};

const say = (page: Page, id: string, text: string) =>
  run(page, `client.conversation(${JSON.stringify(id)}).send(${JSON.stringify(text)})`);

/** Until this page shows exactly these in its outbox. */
const waits = (page: Page, texts: string[]) =>
  expect.poll(() => run(page, 'return waiting()'), { timeout: 15_000 }).toEqual(texts);

inChromium('an app on the client library', stage => {
  const { newBrowser, newPerson } = useApp(stage);

  it('[G2] sends what two tabs wrote while the network was gone once and in order, though one of them was closed', async () => {
    const { context, link, newTab, page: first, id, log } = await newPerson();
    const second = await signedIn(await newTab());
    await run(second, `await client.conversation('${id}').open()`);
    await say(first, id, 'before');
    await expect.poll(log).toEqual(['before']);
    await waits(first, []);

    link.cut();
    await context.setOffline(true);
    const written: string[] = [];
    for (const [page, text] of [
      [first, 'one'],
      [second, 'two'],
      [first, 'three'],
      [first, 'four'],
      [second, 'five'],
    ] as const) {
      await say(page, id, text);
      written.push(text);
      // Both tabs show one outbox: who writes in the other one next writes behind it.
      await waits(first, written);
      await waits(second, written);
    }
    await first.close();

    link.heal();
    await context.setOffline(false);
    await waits(second, []);
    expect(await log()).toEqual(['before', ...written]);
    await second.waitForFunction(`shown('${id}').join() === '${['before', ...written].join()}'`);
    expect(await run(second, 'return troubles')).toEqual([]);
  });

  it('[G2] sends once what was written in two tabs that both live on, as soon as the network is back', async () => {
    const { context, link, newTab, page: first, id, log } = await newPerson();
    const second = await signedIn(await newTab());
    link.cut();
    await context.setOffline(true);
    await Promise.all([1, 2, 3, 4, 5].flatMap(n => [say(first, id, `a${n}`), say(second, id, `b${n}`)]));
    for (const page of [first, second])
      await expect.poll(() => run(page, 'return waiting().length'), { timeout: 15_000 }).toBe(10);

    link.heal();
    await context.setOffline(false);
    await waits(first, []);
    await waits(second, []);
    const all = await log();
    for (const tab of ['a', 'b'])
      expect(all.filter(text => text.startsWith(tab))).toEqual([1, 2, 3, 4, 5].map(n => tab + n));
    expect(all).toHaveLength(10);
    expect(await run(first, 'return troubles')).toEqual([]);
    expect(await run(second, 'return troubles')).toEqual([]);
  });

  it('[G2] sends once what reached the server unanswered from a tab that was closed while it sent for both', async () => {
    const { link, newTab, page: first, id, log } = await newPerson();
    const second = await signedIn(await newTab());
    link.deafen();
    await say(first, id, 'heard by the server only');
    await expect.poll(log).toEqual(['heard by the server only']);
    await say(second, id, 'behind it');
    await waits(first, ['heard by the server only', 'behind it']);
    await waits(second, ['heard by the server only', 'behind it']);
    // Either may be the one that sends; the other one is told nothing of it.
    const states = () => Promise.all([first, second].map(page => run(page, 'return client.outbox.get()[0].state')));
    const [sender, other] = (await states())[0] === 'sending' ? [first, second] : [second, first];
    expect((await states()).sort()).toEqual(['sending', 'waiting']);
    await sender.close();
    link.cut();
    link.heal();
    await waits(other, []);
    expect(await log()).toEqual(['heard by the server only', 'behind it']);
    expect(await run(other, 'return troubles')).toEqual([]);
  });

  it('[G2] keeps a full outbox through a reload without a network, and sends all of it once', async () => {
    const { context, link, page, id, log } = await newPerson();
    link.cut();
    const written = Array.from({ length: 30 }, (_, index) => `written ${index}`);
    await run(page, `for (const text of ${JSON.stringify(written)}) client.conversation('${id}').send(text)`);
    await waits(page, written);
    // What is shown may not be stored yet. A tab that looks only at the storage tells when it is.
    const witness = await context.newPage();
    await witness.goto(page.url());
    await run(witness, 'await restored');
    await waits(witness, written);
    await witness.close();
    await page.reload();
    await run(page, 'await restored');
    await waits(page, written);
    expect(await log()).toEqual([]);

    link.heal();
    await run(page, 'client.reconnect()');
    await waits(page, []);
    expect(await log()).toEqual(written);
    expect(await run(page, 'return troubles')).toEqual([]);
  });

  it('shows conversations and messages at once when it starts without a server', async () => {
    const { link, page, id } = await newPerson();
    await say(page, id, 'kept');
    await page.waitForFunction(`shown('${id}').join() === 'kept' && waiting().length === 0`);
    await run(page, 'await client.close()');
    link.cut();
    await page.reload();
    // Five seconds are for a busy machine; no answer of a server could come in any time.
    await page.waitForFunction(`client.user.get() && shown('${id}').join() === 'kept'`, undefined, { timeout: 5_000 });
    expect(await run(page, 'return client.conversations.get().map(({ id }) => id)')).toEqual(['lobby', id]);
    await page.waitForFunction("client.connection.get().status === 'waiting'");
    expect(await run(page, 'return [client.connection.get().error.code, statuses.includes("online")]')).toEqual([
      'offline',
      false,
    ]);
    expect(await run(page, 'return troubles')).toEqual([]);
  });

  it('[G9] ends in every tab when somebody signs out in one', async () => {
    const { newTab, page: first, id } = await newPerson();
    const second = await signedIn(await newTab());
    await run(first, 'await client.signOut()');
    expect(await run(first, 'return [ends, client.user.get() ?? "nobody"]')).toEqual([['here'], 'nobody']);
    await second.waitForFunction('ends.length > 0 && !client.user.get()');
    expect(await run(second, 'return [ends, client.conversations.get().length, troubles]')).toEqual([
      ['signed_out'],
      0,
      [],
    ]);
    expect(await run(second, `try { client.conversation('${id}') } catch ({ code }) { return code }`)).toBe(
      'signed_out',
    );
    await second.reload();
    expect(await run(second, 'return (await restored) ?? "nobody"')).toBe('nobody');
  });

  it('ends in every tab also when somebody signs out without a network, and says that the server was not told', async () => {
    const { link, newTab, page: first } = await newPerson();
    const second = await signedIn(await newTab());
    link.cut();
    await run(first, 'await client.signOut()');
    expect(await run(first, 'return [ends, troubles.length, client.connection.get().status]')).toEqual([
      ['here'],
      1,
      'stopped',
    ]);
    await second.waitForFunction('ends.length > 0 && !client.user.get()');
    expect(await run(second, 'return [ends, client.conversations.get().length, troubles]')).toEqual([
      ['signed_out'],
      0,
      [],
    ]);
  });

  it('works in memory where IndexedDB is forbidden, and says so', async () => {
    const { context, newTab } = await newBrowser();
    await context.addInitScript(
      "IDBFactory.prototype.open = () => { throw new DOMException('Not in here.', 'SecurityError') }",
    );
    const page = await newTab();
    await page.waitForFunction("client.storage.get() === 'memory'");
    // Before anybody signs in: who shows it has to hear of it, too.
    await page.waitForFunction("kinds.at(-1) === 'memory'");
    await run(
      page,
      `await client.signUp(${JSON.stringify({ username: someName(), password, full_name: 'Mem' })});
      await client.synced();
      globalThis.room = await client.create({ kind: 'group', name: 'Memory' });
      await room.open();
      room.send('kept for now')`,
    );
    await page.waitForFunction("shown(room.id).join() === 'kept for now' && waiting().length === 0");
    expect(await run(page, 'return [client.storage.get(), troubles]')).toEqual([
      'memory',
      ['Error: This device does not keep what is written: it is gone with this page.'],
    ]);
  });

  it('tells whoever shows it when the disk is full, sends all the same, and tells when there is room again', async () => {
    const { page, id, log } = await newPerson();
    await run(
      page,
      `const { put } = IDBObjectStore.prototype;
      IDBObjectStore.prototype.put = () => { throw new DOMException('Full.', 'QuotaExceededError') };
      globalThis.makeRoom = () => { IDBObjectStore.prototype.put = put };
      client.conversation('${id}').send('not kept')`,
    );
    await page.waitForFunction("kinds.at(-1) === 'memory'");
    await expect.poll(log).toEqual(['not kept']);
    await run(page, 'makeRoom()');
    await say(page, id, 'kept');
    await page.waitForFunction("kinds.at(-1) === 'persistent'");
    await waits(page, []);
    expect(await log()).toEqual(['not kept', 'kept']);
  });
});

inChromium(
  'an app on the client library whose access tokens are short-lived',
  stage => {
    const { newPerson } = useApp(stage);

    it('[S06] stays online in two tabs for several lives of a token, which one of them exchanges at a time', async () => {
      const { context, newTab, page: first, id, log } = await newPerson();
      const presented: string[] = [];
      let underWay = 0;
      let most = 0;
      await context.route('**/api/user/v1/refresh-token', async route => {
        presented.push(route.request().headers().authorization ?? '');
        underWay += 1;
        most = Math.max(most, underWay);
        // Long enough for another tab to come in between, where it could.
        const response = await route.fetch();
        await new Promise(resolve => setTimeout(resolve, 200));
        underWay -= 1;
        await route.fulfill({ response });
      });
      const second = await signedIn(await newTab());
      for (const page of [first, second]) await run(page, 'statuses.length = 0');
      const lives = () => new Set(presented).size;
      await expect.poll(lives, { timeout: 60_000 }).toBeGreaterThan(4);
      await expect.poll(() => underWay).toBe(0);
      expect([presented.length, most]).toEqual([lives(), 1]);
      for (const page of [first, second])
        expect(await run(page, 'return [statuses, troubles, client.connection.get().status]')).toEqual([
          [],
          [],
          'online',
        ]);
      await say(first, id, 'from the first');
      await waits(first, []);
      await say(second, id, 'from the second');
      await waits(second, []);
      expect(await log()).toEqual(['from the first', 'from the second']);
    });
  },
  { accessTokenTtlSeconds: 5 },
);
