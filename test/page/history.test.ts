import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { isInSight, movedSince, scrollBy, spotInSight, travel } from './scrolling.ts';
import { numbered, type Seeder, seeder } from './seed.ts';
import { eventually, heading, inChromium, listed, open, said, say, saying, signIn } from './support.ts';

const count = 330;

inChromium('history on the page', stage => {
  let talker: Seeder;
  let other: Seeder;
  let id: string;
  let seqs: number[];
  let ids: string[];

  beforeAll(async () => {
    talker = await seeder(stage.server, 'talker', 'Talker');
    other = await seeder(stage.server, 'other', 'Other');
    ({ id } = await talker.ask('conversation:create', { kind: 'room', name: 'Archive' }));
    await other.ask('conversation:join', { conversation_id: id });
    const texts = numbered('message', count).map((text, index) => {
      if (index === 39) return `${text} with a needle in it`;
      return index % 7 === 0 ? `${text}\nand\na\nfew\nmore\nlines` : text;
    });
    const sent = [];
    for (let from = 0; from < count; from += 22)
      sent.push(...(await (from % 4 ? talker : other).say(id, texts.slice(from, from + 22))));
    seqs = sent.map(({ seq }) => seq);
    ids = sent.map(one => one.id);
    await talker.ask('message:send', {
      ...{ conversation_id: id, message: 'as I said', client_id: 'reply-to-the-third' },
      ...{ reply_to: ids[2] ?? '' },
    });
  });

  /** A reader of the room who has read everything. */
  const reader = async (username: string) => {
    const person = await seeder(stage.server, username);
    const { head } = await person.ask('conversation:join', { conversation_id: id });
    await person.ask('receipt:read', { conversation_id: id, seq: head });
    const page = await stage.visit();
    await signIn(page, username);
    return page;
  };

  /** The last one is the answer. */
  const at = (page: Page, index: number) =>
    index === count ? saying(page, 'as I said') : page.locator(`.message[data-seq="${seqs[index]}"]`);
  const isShown = (page: Page, index: number) =>
    eventually(async () => (await at(page, index).count()) > 0 && isInSight(at(page, index))).toBe(true);
  const fromEnd = (page: Page) =>
    page.locator('.timeline').evaluate(node => node.scrollHeight - node.scrollTop - node.clientHeight);

  it('[G3] comes in while scrolling up to the beginning and down again, whole, in order, and without a jump', async () => {
    const page = await reader('scroller');
    await open(page, 'Archive');
    await saying(page, 'as I said').waitFor();
    expect((await said(page)).length).toBeLessThan(count);
    const up = await travel(page, 'up', 500);
    expect(up).toMatchObject({ isOver: true, holes: 0, jumps: [] });
    await page.getByText('This is the beginning of Archive').waitFor();
    expect(up.seqs.slice(-count - 1, -1)).toEqual(seqs);
    expect((await said(page)).map(({ text }) => text.split('\n')[0]).slice(0, 3)).toEqual(numbered('message', 3));
    const down = await travel(page, 'down', 500);
    expect(down).toMatchObject({ isOver: true, holes: 0, jumps: [] });
  });

  it('leads from an answer to what it answers, far above, and back to the latest', async () => {
    const page = await reader('jumper');
    await open(page, 'Archive');
    await saying(page, 'as I said').locator('.quote').click();
    await isShown(page, 2);
    await eventually(() => page.url()).toContain(`#/c/${encodeURIComponent(id)}/at/${seqs[2]}`);
    await page.getByRole('button', { name: 'Jump to latest' }).click();
    await saying(page, 'as I said').waitFor();
    await eventually(() => fromEnd(page)).toBeLessThan(2);
    // A reload leads to the end, too.
    expect(page.url()).toBe(`${stage.server.url}/#/c/${encodeURIComponent(id)}`);
    // The same answer leads there again.
    await saying(page, 'as I said').locator('.quote').click();
    await isShown(page, 2);
    await page.goBack();
    await heading(page, 'Archive').waitFor();
    await isShown(page, count);
    await page.goForward();
    await isShown(page, 2);
  });

  it('goes back from a message that was searched for, and from under what lies open', async () => {
    const page = await reader('returner');
    await open(page, 'Lobby');
    await open(page, 'Archive');
    await saying(page, 'as I said').waitFor();
    await page.evaluate(`location.hash = '#/c/${encodeURIComponent(id)}/at/${seqs[19]}'`);
    await isShown(page, 19);
    await page.goBack();
    await isShown(page, count);
    await page.getByRole('button', { name: 'New conversation' }).click();
    await page.getByRole('menuitem', { name: 'Browse rooms' }).click();
    await page.getByRole('dialog').waitFor();
    await page.goBack();
    await heading(page, 'Lobby').waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('opens at the message that a link or a search names', async () => {
    const page = await reader('finder');
    await page.goto(`${stage.server.url}/#/c/${encodeURIComponent(id)}/at/${seqs[19]}`);
    await heading(page, 'Archive').waitFor();
    await isShown(page, 19);
    await page.goto('about:blank');
    await page.goto(`${stage.server.url}/#/c/${encodeURIComponent(id)}/at/${seqs[99]}`);
    await isShown(page, 99);

    await open(page, 'Lobby');
    await page.getByRole('searchbox', { name: /^Search conversations/ }).fill('needle');
    const hits = page.locator('.sidebar').getByRole('region', { name: 'Messages' });
    await hits.getByRole('button', { name: /with a needle in it/ }).click();
    await heading(page, 'Archive').waitFor();
    await isShown(page, 39);
    expect(await hits.locator('mark').textContent()).toBe('needle');
  });

  it('stays where the reader is while others speak, react and edit above', async () => {
    const page = await reader('still');
    await open(page, 'Archive');
    await saying(page, 'as I said').waitFor();
    await travel(page, 'up', 1_500);
    await page.locator('.timeline').evaluate(node => {
      node.scrollTop = node.scrollHeight / 2;
    });
    const spot = await spotInSight(page);
    const stays = async () => expect(Math.abs(await movedSince(page, spot))).toBeLessThan(2);
    const above = seqs.indexOf(spot.seq) - 6;

    await talker.say(id, ['fresh']);
    await saying(page, 'fresh').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: '1 new message, jump to latest' }).waitFor();
    await stays();
    await other.ask('message:react', { id: ids[above] ?? '', emoji: '🎉' });
    await at(page, above).getByRole('button', { name: '🎉, 1 reaction' }).waitFor({ state: 'attached' });
    await stays();
    const edited = ids.findIndex((one, index) => index > above - 22 && one !== undefined);
    const author = (Math.floor(edited / 22) * 22) % 4 ? talker : other;
    await author.ask('message:edit', { id: ids[edited] ?? '', message: 'long\n'.repeat(80).trim() });
    await at(page, edited).getByText('edited').waitFor({ state: 'attached' });
    await stays();
    await other.ask('message:unreact', { id: ids[above] ?? '', emoji: '🎉' });
    await at(page, above).getByRole('button', { name: '🎉, 1 reaction' }).waitFor({ state: 'detached' });
    await stays();

    // Whoever writes sees what they wrote.
    await say(page, 'here I am');
    await saying(page, 'here I am').waitFor();
    await eventually(() => fromEnd(page)).toBeLessThan(2);
    await talker.say(id, ['followed']);
    await saying(page, 'followed').waitFor();
    await eventually(() => fromEnd(page)).toBeLessThan(2);
    await scrollBy(page, -400);
    await eventually(() => fromEnd(page)).toBeGreaterThan(300);
    await listed(page, 'Archive').waitFor();
  });
});
