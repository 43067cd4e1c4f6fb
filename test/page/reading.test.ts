import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { comesInSight, idOf, isInSight } from './gestures.ts';
import { numbered, type Seeder, seeder } from './seed.ts';
import { inChromium, listed, open, register, say, saying } from './support.ts';

const unread = (page: Page, text: string) => listed(page, 'Workshop').getByText(text, { exact: true });
const jump = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** How far the end of what was said is below what one sees, in pixels. */
const belowSight = (page: Page) =>
  page.locator('.timeline').evaluate(node => node.scrollHeight - node.scrollTop - node.clientHeight);

inChromium('a conversation that one comes back to', stage => {
  let ada: Page;
  let mary: Seeder;
  let workshop: string;

  it('begins at what is new, and counts down as it is read', async () => {
    ada = await stage.visit();
    await register(ada, 'ada', 'Ada');
    mary = await seeder(stage.server, 'mary', 'Mary Jackson');
    const members = [await idOf(stage.server, mary, 'ada')];
    ({ id: workshop } = await mary.ask('conversation:create', { kind: 'group', name: 'Workshop', members }));
    await open(ada, 'Workshop');
    await mary.say(workshop, numbered('old', 30));
    await comesInSight(saying(ada, 'old 30'));
    await unread(ada, '30 unread messages').waitFor({ state: 'detached' });
    await open(ada, 'Lobby');
    await mary.say(workshop, numbered('new', 60));
    await unread(ada, '60 unread messages').waitFor({ state: 'attached' });
    await open(ada, 'Workshop');
    const line = ada.getByRole('listitem').filter({ hasText: /^New messages$/ });
    await comesInSight(line);
    await comesInSight(saying(ada, 'new 1'));
    expect(await isInSight(saying(ada, 'old 30'))).toBe(true);
    expect(await isInSight(saying(ada, 'new 60'))).toBe(false);

    // What is in sight is read, no more and no less.
    const leftOver = async () =>
      Number.parseInt(
        (await listed(ada, 'Workshop')
          .getByText(/unread/)
          .textContent()) ?? '',
        10,
      );
    const firstUnseen = async () => {
      for (let count = 1; count <= 60; count++) if (!(await isInSight(saying(ada, `new ${count}`)))) return count;
      return 61;
    };
    await expect
      .poll(async () => Math.abs((await leftOver()) - (61 - (await firstUnseen()))), { timeout: 15_000 })
      .toBeLessThan(2);
    const left = await leftOver();
    await jump(ada, `${left} new messages, jump to latest`).click();
    await comesInSight(saying(ada, 'new 60'));
    await listed(ada, 'Workshop').locator('.sidebar-badge').waitFor({ state: 'detached' });
    await ada.locator('.jump-latest').waitFor({ state: 'detached' });
    await expect.poll(() => belowSight(ada), { timeout: 10_000 }).toBeLessThan(2);
  });

  it('keeps its place, tells what comes below it, and leads there', async () => {
    await saying(ada, 'new 10').scrollIntoViewIfNeeded();
    await jump(ada, 'Jump to latest').waitFor();
    const place = () => saying(ada, 'new 10').evaluate(node => node.getBoundingClientRect().top);
    const before = await place();
    await mary.say(workshop, ['fresh 1', 'fresh 2', 'fresh 3']);
    await jump(ada, '3 new messages, jump to latest').waitFor();
    expect(await ada.locator('.jump-count').textContent()).toBe('3');
    await unread(ada, '3 unread messages').waitFor({ state: 'attached' });
    expect(Math.abs((await place()) - before)).toBeLessThan(2);
    await jump(ada, '3 new messages, jump to latest').click();
    await comesInSight(saying(ada, 'fresh 3'));
    const line = ada.getByRole('listitem').filter({ hasText: /^New messages$/ });
    await comesInSight(line);
    expect(await line.evaluate(node => node.nextElementSibling?.textContent)).toContain('fresh 1');
    await unread(ada, '3 unread messages').waitFor({ state: 'detached' });
    // At the end it follows; and whoever writes comes to what they wrote.
    await mary.say(workshop, numbered('more', 20));
    await comesInSight(saying(ada, 'more 20'));
    await saying(ada, 'new 10').scrollIntoViewIfNeeded();
    await jump(ada, 'Jump to latest').waitFor();
    await say(ada, 'my own word');
    await comesInSight(saying(ada, 'my own word'));
  });

  it('is read on all devices of a person at once', async () => {
    const other = await stage.visit();
    await register(other, 'eve', 'Eve');
    const user_ids = [await idOf(stage.server, mary, 'eve')];
    await mary.ask('conversation:invite', { conversation_id: workshop, user_ids });
    const again = await ada.context().newPage();
    await again.goto(stage.server.url);
    await listed(again, 'Workshop').waitFor();
    await open(ada, 'Lobby');
    await mary.say(workshop, ['for everybody']);
    await unread(again, '1 unread message').waitFor({ state: 'attached' });
    await unread(ada, '1 unread message').waitFor({ state: 'attached' });
    await open(ada, 'Workshop');
    await comesInSight(saying(ada, 'for everybody'));
    await unread(ada, '1 unread message').waitFor({ state: 'detached' });
    await unread(again, '1 unread message').waitFor({ state: 'detached' });
    await unread(other, '1 unread message').waitFor({ state: 'attached' });
  });
});
