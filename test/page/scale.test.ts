import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { travel } from './scrolling.ts';
import { numbered, seeder } from './seed.ts';
import { eventually, inChromium, installed, listed, open, said, saying, signIn } from './support.ts';

const messages = 5_000;
const conversations = 220;
/** As many messages as the library holds of a conversation. */
const held = 400;
/** Bytes, as they come over the wire, of everything before somebody can sign in. */
const firstLoad = 120 * 1024;

inChromium('the page with much on it', stage => {
  it(`[G3] scrolls through ${messages} messages both ways, without a hole or a jump, and keeps few of them`, async () => {
    const talkers = await Promise.all(['ann', 'ben', 'cat'].map(name => seeder(stage.server, name)));
    const [ann] = talkers as [(typeof talkers)[0]];
    const { id } = await ann.ask('conversation:create', { kind: 'room', name: 'Long' });
    for (const talker of talkers.slice(1)) await talker.ask('conversation:join', { conversation_id: id });
    const texts = numbered('message', messages).map((text, index) =>
      index % 9 ? text : `${text} ${'and on '.repeat(40)}`,
    );
    const seqs: number[] = [];
    for (let from = 0; from < messages; from += 125)
      for (const { seq } of (await talkers[(from / 125) % 3]?.say(id, texts.slice(from, from + 125))) ?? [])
        seqs.push(seq);

    const reader = await seeder(stage.server, 'reader');
    const { head } = await reader.ask('conversation:join', { conversation_id: id });
    await reader.ask('receipt:read', { conversation_id: id, seq: head });
    const page = await stage.visit();
    await signIn(page, 'reader');
    await open(page, 'Long');
    await saying(page, texts.at(-1)?.trim() ?? '').waitFor();
    await page.evaluate(`globalThis.long = [];
      new PerformanceObserver(list => globalThis.long.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' });`);
    for (const way of ['up', 'down'] as const) {
      const began = Date.now();
      const { seqs: seen, ...journey } = await travel(page, way, 2_500);
      const long = await page.evaluate<number[]>('globalThis.long.splice(0)');
      console.log(
        `${way} through ${messages} messages: ${Date.now() - began} ms, ${journey.steps} steps, ${journey.rows} rows, ${journey.nodes} nodes,` +
          ` ${long.length} long tasks, the longest ${Math.round(Math.max(0, ...long))} ms`,
      );
      expect(journey).toMatchObject({ isOver: true, holes: 0, jumps: [] });
      expect(seqs.filter(seq => !seen.includes(seq))).toEqual([]);
      expect(journey.rows).toBeLessThanOrEqual(held);
      expect((await said(page)).at(way === 'up' ? 0 : -1)?.seq).toBe(way === 'up' ? seqs[0] : seqs.at(-1));
    }
  });

  it(`lists ${conversations} conversations, and finds each`, async () => {
    const busy = await seeder(stage.server, 'busy');
    const host = await seeder(stage.server, 'host');
    for (let from = 0; from < conversations; from += 20)
      await Promise.all(
        numbered('Project', conversations)
          .slice(from, from + 20)
          .map(async name => {
            const { id } = await host.ask('conversation:create', { kind: 'group', name, members: [busy.id] });
            await host.say(id, [`welcome to ${name}`]);
          }),
      );
    const page = await stage.visit();
    await signIn(page, 'busy');
    await eventually(() => page.locator('.sidebar-item').count()).toBe(conversations + 1);
    const titles = await page.locator('.sidebar-row-title').allTextContents();
    expect(new Set(titles).size).toBe(conversations + 1);
    await open(page, 'Project 1');
    await saying(page, 'welcome to Project 1').waitFor();
    await listed(page, 'Project 1').locator('.sidebar-badge').waitFor({ state: 'detached' });
    await expect.poll(() => page.title()).toBe('(99+) Parley');
    await page.getByRole('searchbox', { name: /^Search conversations/ }).fill('project 217');
    const found = page.locator('.sidebar').getByRole('region', { name: 'Conversations' });
    await found.getByRole('button', { name: 'Project 217' }).click();
    await saying(page, 'welcome to Project 217').waitFor();
  });

  it(`is there for at most ${firstLoad / 1024} KB`, async () => {
    const context = await stage.browser.newContext();
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    await cdp.send('Network.enable');
    const loaded = new Map<string, { url: string; bytes: number }>();
    cdp.on('Network.responseReceived', ({ requestId, response }) =>
      loaded.set(requestId, { url: response.url, bytes: 0 }),
    );
    cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      const one = loaded.get(requestId);
      if (one) one.bytes = encodedDataLength;
    });
    await page.goto(stage.server.url);
    await page.getByRole('button', { name: 'Create account' }).waitFor();
    await page.waitForLoadState('networkidle');
    const files = [...loaded.values()].map(({ url, bytes }) => ({ path: new URL(url).pathname, bytes }));
    const sum = files.reduce((total, { bytes }) => total + bytes, 0);
    const list = files.map(({ path, bytes }) => `${path} ${bytes}`).join(', ');
    await installed(page);
    const kept = await page.evaluate<string[]>(`caches.keys()
      .then(names => Promise.all(names.map(name => caches.open(name).then(cache => cache.keys()))))
      .then(all => all.flat().map(({ url }) => new URL(url).pathname))`);
    console.log(
      `first load: ${sum} bytes: ${list}\nkept by the worker, as compressed: ${kept.length} files, ${zipped(kept)} bytes`,
    );
    expect(files.some(({ path, bytes }) => path.endsWith('.js') && bytes > 1_000)).toBe(true);
    expect(sum).toBeLessThanOrEqual(firstLoad);
    await context.close();
  });
});

const folder = fileURLToPath(new URL('../../dist/page', import.meta.url));

const zipped = (paths: string[]) =>
  paths.reduce((total, path) => {
    const file = `${folder}${path === '/' ? '/index.html' : path}`;
    try {
      return total + readFileSync(`${file}.gz`).length;
    } catch {
      return total + readFileSync(file).length;
    }
  }, 0);
