import type { Locator, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { dialog, focusIsSeen, hasFocus, idOf, isFocused } from './gestures.ts';
import { seeder } from './seed.ts';
import { composer, heading, inChromium, listed, password, ready, saying } from './support.ts';

/** Goes on with Tab (or back) until it has the focus; each step is to be seen. */
const tabTo = async (
  page: Page,
  name: string | RegExp,
  role: 'button' | 'textbox' | 'link' = 'button',
  key = 'Tab',
) => {
  const wanted = page.getByRole(role, { name, exact: true });
  for (let step = 0; step < 40; step++) {
    if ((await wanted.count()) === 1 && (await isFocused(wanted))) return;
    await page.keyboard.press(key);
    expect(await outline(page), `step ${step} to ${name}`).toBe('');
  }
  expect.fail(`Tab never came to ${name}.`);
};

/** What has the focus without being seen to have it; nothing where all is well. */
const outline = (page: Page) =>
  page.evaluate(`(() => {
    const element = document.activeElement;
    if (element === document.body) return '';
    const drawn = [element, element.parentElement, element.parentElement.parentElement, element.nextElementSibling]
      .filter(Boolean)
      .flatMap(each => [getComputedStyle(each), getComputedStyle(each, '::after')])
      .some(({ outlineStyle, outlineWidth, boxShadow }) => (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none');
    return drawn ? '' : element.outerHTML.slice(0, 200);
  })()`);

/** Goes back into the messages, and up to this one. */
const climbTo = async (page: Page, message: Locator) => {
  const isAmong = () => page.evaluate(`document.activeElement.matches('.message')`);
  for (let step = 0; step < 10 && !(await isAmong()); step++) await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('End');
  for (let step = 0; step < 10 && !(await isFocused(message)); step++) await page.keyboard.press('ArrowUp');
  await hasFocus(message);
};

/** A text typed where the focus is. */
const type = async (page: Page, text: string, key = 'Enter') => {
  await page.keyboard.type(text);
  await page.keyboard.press(key);
};

inChromium('the page by keyboard alone', stage => {
  let kim: Page;

  it('signs up and sends', async () => {
    kim = await stage.visit();
    await tabTo(kim, 'Your name', 'textbox');
    await type(kim, 'Kim Possible', 'Tab');
    await hasFocus(kim.getByLabel('Username'));
    await type(kim, 'kim', 'Tab');
    await type(kim, password);
    await ready(kim);
    await hasFocus(composer(kim));
    const mary = await seeder(stage.server, 'mary', 'Mary Jackson');
    const members = [await idOf(stage.server, mary, 'kim')];
    const { id } = await mary.ask('conversation:create', { kind: 'group', name: 'Workshop', members });
    await mary.say(id, ['older words', 'Shall we?']);
    await type(kim, 'Hello from my keys');
    await saying(kim, 'Hello from my keys').waitFor();
    await hasFocus(composer(kim));
  });

  it('moves between conversations, and finds them', async () => {
    await listed(kim, 'Workshop').waitFor();
    await kim.keyboard.press('Alt+ArrowDown');
    await heading(kim, 'Workshop').waitFor();
    await focusIsSeen(kim);
    await kim.keyboard.press('Alt+ArrowUp');
    await heading(kim, 'Lobby').waitFor();
    await kim.keyboard.press('Control+k');
    await hasFocus(kim.getByRole('searchbox'));
    await kim.keyboard.press('ArrowDown');
    await hasFocus(listed(kim, 'Lobby').getByRole('link'));
    await kim.keyboard.press('ArrowDown');
    await hasFocus(listed(kim, 'Workshop').getByRole('link'));
    await kim.keyboard.press('Enter');
    await heading(kim, 'Workshop').waitFor();
    await hasFocus(composer(kim));
    await kim.keyboard.press('Control+k');
    await kim.keyboard.type('lob');
    await kim.getByRole('region', { name: 'Conversations' }).getByRole('button', { name: 'Lobby' }).waitFor();
    await kim.keyboard.press('Enter');
    await heading(kim, 'Lobby').waitFor();
    await focusIsSeen(kim);
    await kim.keyboard.press('Alt+ArrowDown');
    await heading(kim, 'Workshop').waitFor();
  });

  it('replies, reacts, edits and takes back among the messages', async () => {
    const asked = saying(kim, 'Shall we?');
    await asked.waitFor();
    await hasFocus(composer(kim));
    await climbTo(kim, asked);
    await kim.keyboard.press('ArrowUp');
    await hasFocus(saying(kim, 'older words'));
    await kim.keyboard.press('ArrowDown');
    await kim.keyboard.press('r');
    await hasFocus(composer(kim));
    await type(kim, 'We shall');
    await saying(kim, 'We shall').getByRole('button', { name: 'Mary Jackson Shall we?' }).waitFor();

    await climbTo(kim, asked);
    await kim.keyboard.press('+');
    await hasFocus(kim.getByRole('menuitemcheckbox', { name: 'React with 👍' }));
    await kim.keyboard.press('ArrowRight');
    await kim.keyboard.press('Enter');
    await asked.getByRole('button', { name: '❤️, 1 reaction' }).waitFor();
    await hasFocus(asked);
    await kim.keyboard.press('Enter');
    await hasFocus(kim.getByRole('menu').getByRole('menuitemcheckbox').first());
    await kim.keyboard.press('Escape');
    await hasFocus(asked);

    await kim.keyboard.press('End');
    await hasFocus(saying(kim, 'We shall'));
    await kim.keyboard.press('e');
    await hasFocus(composer(kim));
    await kim.keyboard.press('Control+a');
    await type(kim, 'We shall not');
    await saying(kim, 'We shall not').getByText('edited', { exact: true }).waitFor();
    await hasFocus(composer(kim));
    await kim.keyboard.press('ArrowUp');
    expect(await composer(kim).inputValue()).toBe('We shall not');
    await kim.keyboard.press('Escape');
    await hasFocus(composer(kim));

    await climbTo(kim, saying(kim, 'We shall not'));
    await kim.keyboard.press('Delete');
    await dialog(kim).getByRole('heading', { name: 'Take this message back?' }).waitFor();
    await tabTo(kim, 'Take back');
    await kim.keyboard.press('Enter');
    await saying(kim, 'This message was taken back').waitFor();
    await focusIsSeen(kim);
  });

  it('opens and leaves menus and dialogs, and is back where it was', async () => {
    const account = kim.getByRole('button', { name: /: account and settings$/ });
    await account.focus();
    for (const item of ['Profile', 'Devices', 'Settings', 'Inbox', 'Keyboard shortcuts']) {
      await kim.keyboard.press('Enter');
      await hasFocus(kim.getByRole('menuitem').first());
      while (!(await isFocused(kim.getByRole('menuitem', { name: item })))) await kim.keyboard.press('ArrowDown');
      await kim.keyboard.press('Enter');
      await dialog(kim).getByRole('heading', { name: item, exact: true }).waitFor();
      const isWithin = () => kim.evaluate(`document.querySelector('dialog').contains(document.activeElement)`);
      await expect.poll(isWithin, { timeout: 10_000 }).toBe(true);
      for (let step = 0; step < 5; step++) {
        await kim.keyboard.press('Tab');
        expect(await outline(kim), item).toBe('');
      }
      await kim.keyboard.press('Escape');
      await dialog(kim).waitFor({ state: 'hidden' });
      await hasFocus(account);
    }
    await kim.keyboard.press('Alt+n');
    await hasFocus(dialog(kim).getByRole('combobox'));
    await kim.keyboard.type('mary');
    await dialog(kim).getByRole('option', { name: 'Mary Jackson', selected: true }).waitFor();
    await kim.keyboard.press('Enter');
    await heading(kim, 'Mary Jackson').waitFor();
    await hasFocus(composer(kim));
  });

  it('lists its shortcuts, and shows the members', async () => {
    await kim.keyboard.type('?');
    expect(await composer(kim).inputValue()).toBe('?');
    await kim.keyboard.press('Backspace');
    await kim.keyboard.press('Control+k');
    await kim.keyboard.press('ArrowDown');
    await kim.keyboard.press('?');
    for (const [what, keys] of [
      ['Show these shortcuts', '?'],
      ['Search', '/CtrlK'],
      ['Next conversation', 'Alt↓'],
      ['React', '+'],
      ['New line', 'ShiftEnter'],
    ] as const)
      await dialog(kim)
        .locator('dl > div')
        .filter({ hasText: new RegExp(`^${what}`) })
        .filter({ hasText: keys })
        .waitFor();
    await kim.keyboard.press('Escape');
    await dialog(kim).waitFor({ state: 'hidden' });
    await focusIsSeen(kim);
    await kim.keyboard.press('/');
    await hasFocus(kim.getByRole('searchbox'));
    await type(kim, 'work');
    await heading(kim, 'Workshop').waitFor();
    await kim.keyboard.press('Alt+m');
    await kim.getByRole('complementary').getByRole('heading', { name: '2 members' }).waitFor();
    await kim.keyboard.press('Alt+m');
    await kim.getByRole('complementary').waitFor({ state: 'detached' });
    await focusIsSeen(kim);
  });

  it('uses the emoji by arrows', async () => {
    await composer(kim).focus();
    await tabTo(kim, 'Emoji');
    await kim.keyboard.press('Enter');
    await hasFocus(kim.getByRole('searchbox', { name: 'Search emoji' }));
    await kim.keyboard.type('party');
    await kim.getByRole('button', { name: 'party popper' }).waitFor();
    await kim.keyboard.press('ArrowDown');
    await kim.keyboard.press('Enter');
    await kim.getByRole('dialog', { name: 'Emoji' }).waitFor({ state: 'detached' });
    await hasFocus(composer(kim));
    expect((await composer(kim).inputValue()).length).toBeGreaterThan(0);
    await composer(kim).fill('');
  });

  it('passes the messages in few steps, whatever there is to press in them', async () => {
    const mary = await seeder(stage.server, 'mary2', 'Mary Ross');
    const members = [await idOf(stage.server, mary, 'kim')];
    const { id } = await mary.ask('conversation:create', { kind: 'group', name: 'Links', members });
    const sent = await mary.say(
      id,
      Array.from({ length: 30 }, (_, index) => `see https://example.org/${index} and @mary`),
    );
    await Promise.all(sent.slice(0, 5).map(one => mary.ask('message:react', { id: one.id, emoji: '👍' })));
    await listed(kim, 'Links').getByRole('link').click();
    const message = (index: number) => kim.locator(`.message[data-seq="${sent[index]?.seq}"]`);
    await message(29).waitFor();
    await kim.getByRole('button', { name: 'More about this conversation' }).focus();
    let steps = 0;
    for (; steps < 40 && !(await isFocused(composer(kim))); steps++) await kim.keyboard.press('Tab');
    expect(steps).toBeLessThan(12);
    // From what is in a message the arrows go on as from the message itself.
    for (let step = 0; step < 5 && !(await isFocused(message(29).getByRole('link'))); step++)
      await kim.keyboard.press('Shift+Tab');
    await hasFocus(message(29).getByRole('link'));
    await kim.keyboard.press('ArrowUp');
    await hasFocus(message(28));
    await kim.keyboard.press('Tab');
    await hasFocus(message(28).getByRole('link'));
    // What is beside a message only while it has the focus is gone when a dialog closes.
    const tool = message(28).getByRole('button', { name: 'More', exact: true });
    for (let step = 0; step < 5 && !(await isFocused(tool)); step++) await kim.keyboard.press('Tab');
    await hasFocus(tool);
    await kim.keyboard.press('?');
    await dialog(kim).waitFor();
    await kim.keyboard.press('Escape');
    await dialog(kim).waitFor({ state: 'hidden' });
    await hasFocus(message(28));
  });
});
