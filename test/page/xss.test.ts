import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { api, clientId } from '../support/clients.ts';
import { payloads } from './payloads.ts';
import { travel } from './scrolling.ts';
import { type Seeder, seeder } from './seed.ts';
import { composer, eventually, inChromium, listed, open, said, say, saying, signIn } from './support.ts';

/** What the page never makes itself: anything of it came from a payload. */
const foreign = [
  'script:not([src^="assets/"])',
  'link:not([rel=icon], [rel=apple-touch-icon], [rel=manifest], [rel=stylesheet][href^="assets/"], [rel=modulepreload][href^="assets/"])',
  'svg:not(.icon, .icon *, [class])',
  'a:not([href^="#/"], .message-text a)',
  'iframe, object, embed, base, meta[http-equiv], form[action], [formaction], [srcdoc], img, video, audio, marquee, details',
  'template, math, style, isindex, [background]',
].join(', ');

const markedAsRun = /pwned|alert|javascript:|vbscript:/i;

inChromium('hostile text on the page', stage => {
  // Names are shorter than messages and hold no control characters.
  const names = payloads.map(text => [...text.replaceAll(/\p{Cc}/gu, ' ').trim()].slice(0, 80).join(''));
  const rooms = payloads.filter((_, index) => index % 6 === 0);
  const authors: Seeder[] = [];
  let victim: Seeder;

  beforeAll(async () => {
    expect(payloads.length).toBeGreaterThanOrEqual(100);
    victim = await seeder(stage.server, 'victim', 'Victim');
    for (let from = 0; from < names.length; from += 12)
      authors.push(
        ...(await Promise.all(
          names.slice(from, from + 12).map((name, at) => seeder(stage.server, `xss${from + at}`, name)),
        )),
      );
    let before: string | undefined;
    for (const [index, author] of authors.entries()) {
      const reply_to = before && { reply_to: before };
      const text = { conversation_id: 'lobby', message: payloads[index] ?? '', client_id: clientId() };
      before = (await author.ask('message:send', { ...text, ...reply_to })).id;
    }
    for (const [index, text] of rooms.entries()) {
      const author = authors[index] as Seeder;
      const name = [...`${index} ${text.replaceAll(/\p{Cc}/gu, ' ')}`].slice(0, 80).join('').trim();
      const topic = [...text.replaceAll(/\p{Cc}/gu, ' ')].slice(0, 250).join('');
      const made = {
        kind: 'room' as const,
        name,
        topic,
        members: [victim.id, ...authors.slice(0, 40).map(({ id }) => id)],
      };
      const { id } = await author.ask('conversation:create', made);
      await author.say(id, [`@victim ${text}`]);
      const direct = await author.ask('conversation:direct', { user_id: victim.id });
      await author.say(direct.id, [text]);
    }
  });

  const visit = async () => {
    const page = await stage.visit();
    await page
      .context()
      .addInitScript(
        "addEventListener('securitypolicyviolation', event => { (globalThis.violations ??= []).push(event.blockedURI); });",
      );
    await page.reload();
    await signIn(page, 'victim');
    return page;
  };

  const isClean = async (page: Page) => {
    expect(await page.locator(foreign).evaluateAll(nodes => nodes.map(node => node.outerHTML))).toEqual([]);
    const facts = await page.evaluate<{ dangerous: string[] }>(`({
      pwned: globalThis.pwned,
      violations: globalThis.violations,
      handlers: [...document.querySelectorAll('*')].flatMap(node => node.getAttributeNames()).filter(name => name.startsWith('on')),
      links: [...document.querySelectorAll('.message-text a')].map(link => link.protocol).filter(protocol => protocol !== 'http:' && protocol !== 'https:'),
      inside: [...document.querySelectorAll('.message-text *')].map(node => node.localName).filter(name => !['a', 'code', 'span', 'strong', 'button', 'em'].includes(name)),
      dangerous: [...document.querySelectorAll('*')].flatMap(node => ['style', 'class', 'id', 'src', 'action'].map(name => node.getAttribute(name) ?? '')),
    })`);
    expect({ ...facts, dangerous: facts.dangerous.filter(value => markedAsRun.test(value)) }).toEqual({
      ...{ pwned: undefined, violations: undefined },
      ...{ handlers: [], links: [], inside: [], dangerous: [] },
    });
    expect(await page.title()).toMatch(/^(\(\d+\+?\) )?Parley$/);
  };

  it('[S48] stays text in messages, names of authors and what they answer', async () => {
    const page = await visit();
    await open(page, 'Lobby');
    // It opens at what is new, which is the beginning.
    await travel(page, 'down', 5_000);
    expect((await said(page)).map(({ text }) => text)).toEqual(payloads);
    expect(await page.locator('.message-name').allTextContents()).toEqual(names);
    const quoted = await page.locator('.quote-text').allTextContents();
    expect(quoted).toHaveLength(payloads.length - 1);
    for (const [index, quote] of quoted.entries()) expect(payloads[index]).toContain(quote.replace(/…$/, ''));
    await isClean(page);
    for (const text of payloads.slice(60, 66)) await say(page, text);
    await eventually(async () => (await said(page)).length).toBe(payloads.length + 6);
    await composer(page).fill(payloads[0] ?? '');
    await open(page, (await titles(page))[1] ?? '');
    await listed(page, 'Lobby')
      .getByText(payloads[0] ?? '', { exact: true })
      .waitFor();
    await isClean(page);
  });

  const titles = (page: Page) => page.locator('.sidebar-item .sidebar-row-title').allTextContents();

  it('[S48] stays text in titles, topics, lists of members, and of who types', async () => {
    const page = await visit();
    const all = await titles(page);
    expect(all.length).toBe(1 + 2 * rooms.length);
    for (const name of names.slice(0, rooms.length)) expect(all).toContain(name);
    await isClean(page);
    for (const title of all.filter(one => /^\d+ /.test(one))) {
      await open(page, title);
      const text = rooms[Number(title.split(' ')[0])]?.replaceAll(/\p{Cc}/gu, ' ').trim() ?? '';
      expect((await page.locator('.conversation-header .conversation-line').textContent())?.trim()).toBe(
        text.slice(0, 250),
      );
    }
    await page.getByRole('button', { name: 'Members' }).click();
    await page.locator('.members-row').nth(39).waitFor();
    const id = decodeURIComponent(page.url().split('/c/')[1]?.split('/')[0] ?? '');
    for (const author of authors.slice(0, 40)) {
      await author.ask('typing:start', { conversation_id: id });
      await page.locator('.conversation-header .typing').waitFor();
    }
    expect(await page.locator('.members-row .person-name').allTextContents()).toEqual(
      expect.arrayContaining(names.slice(0, 40)),
    );
    await isClean(page);
  });

  it('[S48] stays text in what a search finds, in the inbox, and wherever people and rooms are chosen', async () => {
    const page = await visit();
    const search = page.getByRole('searchbox', { name: /^Search conversations/ });
    for (const query of ['<', 'alert', 'window', '"']) {
      await search.fill(query);
      await page.locator('.found-group[aria-busy=false]').nth(3).waitFor();
      await isClean(page);
    }
    await search.fill('alert');
    await eventually(() => page.locator('.found-group mark').count()).toBeGreaterThan(0);
    await isClean(page);
    await search.press('Escape');

    await page.getByRole('button', { name: /^Inbox/ }).click();
    await page.locator('.inbox-row').nth(20).waitFor();
    await isClean(page);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    for (const [item, row] of [
      ['Browse rooms', '.rooms-item'],
      ['Message somebody', '.people-option'],
    ] as const) {
      await page.getByRole('button', { name: 'New conversation' }).click();
      await page.getByRole('menuitem', { name: item }).click();
      if (row === '.people-option') await page.getByRole('combobox', { name: 'Search for people' }).fill('<');
      await page.locator(row).nth(5).waitFor();
      await isClean(page);
      await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    }
    await open(page, 'Lobby');
    await composer(page).pressSequentially('@xss1');
    await page.getByRole('option').first().waitFor();
    await isClean(page);
    await composer(page).fill('');
    const first = authors[0] as Seeder;
    const { status } = await api(stage.server, first.token)('PUT', '/user/v1/profile', { full_name: names[33] });
    expect(status).toBe(200);
    await first.say('lobby', ['renamed']);
    await saying(page, 'renamed').waitFor();
    await isClean(page);
  });
});
