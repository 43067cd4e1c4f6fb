import type { Locator, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { idOf } from './gestures.ts';
import { seeder } from './seed.ts';
import { composer, heading, inChromium, listed, password, saying } from './support.ts';

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** What of the three is on the screen: exactly one at a time. */
const shown = async (page: Page) => {
  const parts = { list: '.sidebar', conversation: '.main', members: '.members-panel' };
  const all = await Promise.all(
    Object.entries(parts).map(async ([name, part]) => ((await page.locator(part).isVisible()) ? name : '')),
  );
  return all.filter(Boolean).join(' ');
};

const shows = (page: Page, what: 'list' | 'conversation' | 'members') =>
  expect.poll(() => shown(page), { timeout: 10_000 }).toBe(what);

/** Nothing reaches beyond the edge. */
const fits = async (page: Page) => {
  const width = await page.evaluate('document.documentElement.scrollWidth');
  expect(width).toBeLessThanOrEqual(390);
};

const hit = async (button: Locator) => {
  const box = await button.boundingBox();
  // Whole pixels, as what is still moving in stands between two.
  expect(Math.round(Math.min(box?.width ?? 0, box?.height ?? 0)), String(button)).toBeGreaterThanOrEqual(40);
  await button.tap();
};

inChromium('the page on a phone', stage => {
  let page: Page;

  it('begins with the list, and leads from there into a conversation and to its members', async () => {
    page = await stage.visit(phone);
    await page.getByLabel('Your name').fill('Pia Phone');
    await page.getByLabel('Username').fill('pia');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await fits(page);
    await page.getByRole('button', { name: 'Create account' }).tap();
    await shows(page, 'list');
    const mary = await seeder(stage.server, 'mary', `Mary ${'Longname'.repeat(9)}`);
    const members = [await idOf(stage.server, mary, 'pia')];
    const { id } = await mary.ask('conversation:create', {
      kind: 'group',
      name: 'A workshop with quite a long name, longer than a phone is wide',
      members,
    });
    await mary.say(id, ['Hello', 'x'.repeat(300)]);
    await fits(page);
    await page.locator('.sidebar-row').filter({ hasText: 'A workshop' }).tap();
    await shows(page, 'conversation');
    await saying(page, 'x'.repeat(300)).waitFor();
    await fits(page);
    await hit(page.getByRole('button', { name: 'Members', exact: true }));
    await shows(page, 'members');
    const headings = page.getByRole('complementary').getByRole('heading', { level: 3 });
    await expect.poll(() => headings.allTextContents(), { timeout: 15_000 }).toContain('2 members');
    await fits(page);
  });

  it('goes back by the browser’s Back', async () => {
    await page.goBack();
    await shows(page, 'conversation');
    await page.goBack();
    await shows(page, 'list');
    await page.goForward();
    await shows(page, 'conversation');
    await page.reload();
    await shows(page, 'conversation');
    await saying(page, 'Hello').waitFor();
  });

  it('goes back by the page’s own buttons', async () => {
    await hit(page.getByRole('button', { name: 'Members', exact: true }));
    await shows(page, 'members');
    await hit(page.getByRole('button', { name: 'Back', exact: true }));
    await shows(page, 'conversation');
    await hit(page.getByRole('button', { name: 'Back to the conversations' }));
    await shows(page, 'list');
  });

  it('writes with a button, and Enter makes a line', async () => {
    await listed(page, 'Lobby').getByRole('link').tap();
    await heading(page, 'Lobby').waitFor();
    await composer(page).tap();
    await composer(page).fill('one');
    await composer(page).press('Enter');
    await composer(page).pressSequentially('two');
    await hit(page.getByRole('button', { name: 'Send', exact: true }));
    await saying(page, 'one\ntwo').waitFor();
    expect(await composer(page).inputValue()).toBe('');
  });

  it('opens what can be done with a message by a tap', async () => {
    await saying(page, 'one\ntwo').locator('.bubble').tap();
    const menu = page.getByRole('menu', { name: 'Actions for this message' });
    await menu.getByRole('menuitemcheckbox', { name: 'React with 👍' }).tap();
    await saying(page, 'one\ntwo').getByRole('button', { name: '👍, 1 reaction' }).waitFor();
    await saying(page, 'one\ntwo').locator('.bubble').tap();
    await menu.getByRole('menuitem', { name: 'Reply' }).tap();
    await page.locator('.composer').getByText('Replying to Pia Phone').waitFor();
    await fits(page);
    await hit(page.getByRole('button', { name: 'Do not reply' }));
    await page.locator('.composer').getByText('Replying to Pia Phone').waitFor({ state: 'detached' });
  });

  it('shows dialogs and the emoji whole', async () => {
    await hit(page.getByRole('button', { name: 'Emoji', exact: true }));
    const picker = page.getByRole('dialog', { name: 'Emoji' });
    await picker.getByRole('button', { name: 'grinning face', exact: true }).waitFor();
    await fits(page);
    await picker.getByRole('button', { name: 'grinning face', exact: true }).tap();
    await expect.poll(() => composer(page).inputValue(), { timeout: 10_000 }).toBe('😀');
    await page.getByRole('button', { name: 'Back to the conversations' }).tap();
    await page.getByRole('button', { name: 'New conversation' }).tap();
    await page.getByRole('menuitem', { name: 'New group' }).tap();
    await page.getByRole('dialog').getByRole('heading', { name: 'New group' }).waitFor();
    await fits(page);
    const box = await page.getByRole('dialog').boundingBox();
    expect(box?.width).toBeLessThanOrEqual(390);
    await hit(page.getByRole('dialog').getByRole('button', { name: 'Close' }));
    await listed(page, 'Lobby').getByText('Draft').waitFor();
  });
});
