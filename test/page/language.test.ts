import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import de from '../../client-demo/words/de/index.ts';
import en from '../../client-demo/words/en/index.ts';
import { inChromium, open, password, ready, register, say, saying } from './support.ts';

type Text = string | Readonly<Record<string, string>>;
type Messages = Readonly<Record<string, Readonly<Record<string, Text>>>>;

const forms = (text: Text | undefined): string[] => (typeof text === 'object' ? Object.values(text) : [text ?? '']);

/** The texts of one language as patterns: whatever stands for a name in braces. */
const patterns = (texts: readonly string[]) =>
  texts.map(text => ({
    text,
    pattern: new RegExp(
      `^${text
        .split(/\{\w+\}/)
        .map(part => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
        .join('.+')}$`,
    ),
  }));

/** What is English and is not the same in German. Texts that begin or end with a name fit too much. */
const english = patterns(
  Object.entries(en as Messages).flatMap(([room, texts]) =>
    Object.entries(texts).flatMap(([key, text]) => {
      const german = forms((de as Messages)[room]?.[key]);
      return forms(text).filter(form => !german.includes(form) && /^[^{]{3}.*[^}]$/.test(form));
    }),
  ),
);

/** Every text that is seen or heard on the page. */
const texts = (page: Page) =>
  page.evaluate(`(() => {
    const found = [];
    const walker = document.createTreeWalker(document.querySelector('#page'), NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      if (node.nodeType === Node.TEXT_NODE) found.push(node.data);
      else for (const name of ['aria-label', 'title', 'placeholder', 'alt']) found.push(node.getAttribute(name) ?? '');
    return found.map(text => text.trim()).filter(text => text !== '');
  })()`) as Promise<string[]>;

const englishOn = async (page: Page) =>
  (await texts(page)).filter(shown => english.some(({ pattern }) => pattern.test(shown)));

const german = (page: Page) => page.getByRole('button', { name: /: Konto und Einstellungen$/ });

/** Shows each of the menus and dialogs, and passes what is English on them. */
const walk = async (page: Page, menu: RegExp | string, look: (screen: string) => Promise<void>) => {
  const button = page.getByRole('button', { name: menu });
  await button.click();
  await look(`the menu ${menu}`);
  const count = await page.getByRole('menuitem').count();
  await page.keyboard.press('Escape');
  for (let at = 0; at < count; at++) {
    await button.click();
    const item = page.getByRole('menuitem').nth(at);
    const label = (await item.textContent()) ?? '';
    if (['Abmelden', 'Link kopieren'].includes(label.trim())) {
      await page.keyboard.press('Escape');
      continue;
    }
    await item.click();
    await page.getByRole('dialog').waitFor();
    await look(label);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  }
};

inChromium('the page in German', stage => {
  it('is a browser’s that asks for it, from the first screen to the last dialog', async () => {
    const page = await stage.visit({ locale: 'de-DE' });
    const found: string[] = [];
    const look = async (screen: string) => {
      for (const text of await englishOn(page)) found.push(`${screen}: ${text}`);
    };
    await page.getByRole('button', { name: de.signIn.create }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toMatch(/^de/);
    await page.getByRole('button', { name: de.signIn.create }).click();
    await page.getByText(de.signIn.missing).first().waitFor();
    await look('signing up');
    await page.getByRole('button', { name: de.signIn.signIn }).click();
    await look('signing in');
    await page.getByRole('button', { name: de.signIn.create }).click();
    await page.getByLabel(de.signIn.fullName).fill('Rosa Luxemburg');
    await page.getByLabel(de.signIn.password, { exact: true }).fill(password);
    await page.getByRole('button', { name: de.signIn.create }).click();
    await ready(page);
    await look('the lobby');
    await say(page, 'Guten Tag');
    await saying(page, 'Guten Tag').waitFor();
    await saying(page, 'Guten Tag').hover();
    await page.getByRole('button', { name: de.app.more, exact: true }).click();
    await look('the menu of a message');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: de.composer.emoji, exact: true }).click();
    await page.getByText(de.composer.emojiSmileys).waitFor();
    await look('the emoji');
    await page.keyboard.press('Escape');
    await walk(page, /: Konto und Einstellungen$/, look);
    await walk(page, de.sidebar.new, look);
    await page.getByRole('searchbox').fill('nirgends');
    await page.getByText(de.sidebar.noRooms).waitFor();
    await look('the search');
    await page.getByRole('searchbox').press('Escape');
    await page.getByRole('button', { name: de.timeline.showMembers, exact: true }).click();
    await page.getByRole('complementary').getByText(de.people.everybody).waitFor();
    await look('the members');
    expect(found).toEqual([]);
    expect(await texts(page)).toContain(de.people.everybody);
  });

  it('is anybody’s who chooses it, at once and for good; and the search of emoji speaks it', async () => {
    const page = await stage.visit();
    await register(page, 'jane', 'Jane Doe');
    await open(page, 'Lobby');
    // The search for what is English finds it where it is.
    expect((await englishOn(page)).length).toBeGreaterThan(5);
    await page.getByRole('button', { name: /: account and settings$/ }).click();
    await page.getByRole('menuitem', { name: 'Settings' }).click();
    await page.getByRole('dialog').getByText('Deutsch', { exact: true }).click();
    await page.getByRole('dialog').getByText(de.settings.theme, { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => englishOn(page), { timeout: 10_000 }).toEqual([]);
    await page.reload();
    await german(page).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('de');
    await page.getByRole('button', { name: de.composer.emoji, exact: true }).click();
    await page.getByLabel(de.composer.emojiSearch).fill('Tintenfisch');
    await page.getByRole('dialog').getByRole('button').first().waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.locator('.composer textarea').inputValue()).toMatch(/^[🐙🦑]$/u);
    await german(page).click();
    await page.getByRole('menuitem', { name: de.sidebar.settings }).click();
    await page.getByRole('dialog').getByText('English', { exact: true }).click();
    await page.getByRole('dialog').getByText('Theme', { exact: true }).waitFor();
  });
});
