import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import {
  besides,
  closeDialog,
  comesInSight,
  confirm,
  dialog,
  fromMenuOf,
  hasFocus,
  idOf,
  isInSight,
  notice,
} from './gestures.ts';
import { numbered, openId, type Seeder, seeder } from './seed.ts';
import { composer, inChromium, listed, open, register, say, saying } from './support.ts';

const reaction = (page: Page, text: string, name: string) =>
  saying(page, text).getByRole('list', { name: 'Reactions' }).getByRole('button', { name });

/** What the answer quotes. */
const quote = (page: Page, text: string) => saying(page, 'An answer').getByRole('button', { name: `Eve ${text}` });

const quick = (page: Page, emoji: string) => page.getByRole('menuitemcheckbox', { name: `React with ${emoji}` });

inChromium('what can be done with messages', stage => {
  let eve: Page;
  let dan: Page;
  let rosa: Seeder;
  let group: string;

  it('edit, seen by the other, also where it is quoted', async () => {
    eve = await stage.visit();
    dan = await stage.visit();
    await register(eve, 'eve', 'Eve');
    await register(dan, 'dan', 'Dan Müller');
    rosa = await seeder(stage.server, 'rosa', 'Rosa Parks');
    const members = [await idOf(stage.server, rosa, 'eve'), await idOf(stage.server, rosa, 'dan')];
    ({ id: group } = await rosa.ask('conversation:create', { kind: 'group', name: 'The bus', members }));
    await open(eve, 'The bus');
    await open(dan, 'The bus');

    await say(eve, 'First words');
    await besides(saying(dan, 'First words'), 'Reply');
    await dan.locator('.composer').getByText('Replying to Eve').waitFor();
    await hasFocus(composer(dan));
    await say(dan, 'An answer');
    await quote(eve, 'First words').waitFor();

    await composer(eve).press('ArrowUp');
    await eve.locator('.composer').getByText('Edit message').waitFor();
    expect(await composer(eve).inputValue()).toBe('First words');
    await composer(eve).press('Escape');
    await eve.locator('.composer').getByText('Edit message').waitFor({ state: 'detached' });
    await composer(eve).fill('a draft that waits');
    await fromMenuOf(saying(eve, 'First words'), 'Edit');
    await composer(eve).fill('Better words');
    await composer(eve).press('Enter');
    await saying(dan, 'Better words').getByText('edited', { exact: true }).waitFor();
    await quote(dan, 'Better words').waitFor();
    expect(await composer(eve).inputValue()).toBe('a draft that waits');
    await composer(eve).fill('');
  });

  it('react, count, and take a reaction back', async () => {
    await besides(saying(dan, 'Better words'), 'React');
    await quick(dan, '🎉').click();
    await reaction(eve, 'Better words', '🎉, 1 reaction').click();
    const both = reaction(dan, 'Better words', '🎉, 2 reactions');
    await both.waitFor();
    expect(await both.getAttribute('aria-pressed')).toBe('true');
    await both.click();
    await reaction(eve, 'Better words', '🎉, 1 reaction').waitFor();
    expect(await reaction(dan, 'Better words', '🎉, 1 reaction').getAttribute('aria-pressed')).toBe('false');

    await besides(saying(eve, 'Better words'), 'React');
    await eve.getByRole('menuitem', { name: 'More emoji' }).click();
    const picker = eve.getByRole('dialog', { name: 'Emoji' });
    await picker.getByRole('button', { name: 'grinning face', exact: true }).waitFor();
    await picker.getByRole('searchbox', { name: 'Search emoji' }).fill('no such thing');
    await picker.getByText('No emoji of that name. Try another word.').waitFor();
    await picker.getByRole('searchbox', { name: 'Search emoji' }).fill('octopus');
    await picker.getByRole('button', { name: 'octopus' }).click();
    await picker.waitFor({ state: 'detached' });
    await reaction(dan, 'Better words', '🐙, 1 reaction').waitFor();
    await reaction(eve, 'Better words', '🎉, 1 reaction').click();
    await reaction(dan, 'Better words', '🎉').waitFor({ state: 'detached' });
  });

  it('take back, so that its text is nowhere any more', async () => {
    await fromMenuOf(saying(eve, 'Better words'), 'Take back');
    await confirm(eve, 'Cancel');
    await saying(eve, 'Better words').waitFor();
    await fromMenuOf(saying(eve, 'Better words'), 'Take back');
    await confirm(eve, 'Take back');
    await saying(dan, 'This message was taken back').waitFor();
    await quote(dan, 'This message was taken back').waitFor();
    expect(await dan.locator('body').textContent()).not.toContain('Better words');
    await saying(dan, 'This message was taken back').hover();
    expect(await saying(dan, 'This message was taken back').getByRole('button').count()).toBe(0);
  });

  it('jump to what a reply answers, however far up that is', async () => {
    const [first] = await rosa.say(group, ['the far original', ...numbered('between', 120)]);
    const { id } = await rosa.ask('message:send', {
      conversation_id: group,
      message: 'a late answer',
      client_id: 'late',
      reply_to: first?.id,
    });
    await comesInSight(saying(dan, 'a late answer'));
    // What is read when a conversation is opened begins at its end.
    const names = async () => (await rosa.ask('message:readers', { id })).read.map(({ username }) => username);
    await expect.poll(names, { timeout: 15_000 }).toContain('dan');
    await dan.reload();
    await comesInSight(saying(dan, 'a late answer'));
    expect(await saying(dan, 'the far original').count()).toBe(0);
    await saying(dan, 'a late answer').getByRole('button', { name: 'the far original' }).click();
    await comesInSight(saying(dan, 'the far original'));
    await dan.locator('.message.flashed').getByText('the far original').waitFor();
    await dan.goBack();
    await comesInSight(saying(dan, 'a late answer'));
    await dan.locator('.message.flashed').getByText('a late answer').waitFor();
    expect(await isInSight(saying(dan, 'between 120'))).toBe(true);
  });

  it('mention, completed with keys alone', async () => {
    await open(eve, 'The bus');
    await composer(eve).pressSequentially('Hello @');
    const list = eve.getByRole('listbox', { name: 'People to mention' });
    await list.getByRole('option', { name: 'Rosa Parks' }).waitFor();
    await composer(eve).pressSequentially('mü');
    await expect.poll(() => list.getByRole('option').count(), { timeout: 10_000 }).toBe(1);
    await composer(eve).press('Escape');
    await list.waitFor({ state: 'detached' });
    await composer(eve).press('Backspace');
    await composer(eve).press('Backspace');
    await composer(eve).press('Backspace');
    await composer(eve).pressSequentially('@');
    await list.waitFor();
    const chosen = list.getByRole('option', { selected: true });
    const first = await chosen.textContent();
    await composer(eve).press('ArrowDown');
    await expect.poll(() => chosen.textContent(), { timeout: 10_000 }).not.toBe(first);
    await composer(eve).press('ArrowUp');
    await composer(eve).pressSequentially('d');
    await list.getByRole('option', { name: 'Dan Müller', selected: true }).waitFor();
    await composer(eve).press('Enter');
    expect(await composer(eve).inputValue()).toBe('Hello @dan ');
    await composer(eve).press('Enter');
    await saying(dan, 'Hello @dan').locator('strong.mention', { hasText: '@dan' }).waitFor({ state: 'attached' });
    await composer(eve).pressSequentially('and @al');
    await list.getByRole('option', { name: 'Everybody here', selected: true }).waitFor();
    await composer(eve).press('Tab');
    expect(await composer(eve).inputValue()).toBe('and @all ');
    await composer(eve).press('Enter');
    await saying(dan, 'and @all').locator('strong.mention', { hasText: '@all' }).waitFor({ state: 'attached' });
    await saying(eve, 'Hello @dan').getByRole('button', { name: '@dan' }).click();
    await eve.locator('.conversation-header').getByRole('heading', { name: 'Dan Müller' }).waitFor();
  });

  it('ask who has read it', async () => {
    await open(dan, 'Lobby');
    await open(eve, 'The bus');
    await say(eve, 'Who reads this?');
    await fromMenuOf(saying(eve, 'Who reads this?'), 'Who has read it');
    await dialog(eve).getByRole('heading', { name: 'Nobody has read it yet' }).waitFor();
    await closeDialog(eve);
    await open(dan, 'The bus');
    await comesInSight(saying(dan, 'Who reads this?'));
    await listed(dan, 'The bus').locator('.sidebar-badge').waitFor({ state: 'detached' });
    await saying(eve, 'Who reads this?').locator('.tick.read').waitFor();
    await fromMenuOf(saying(eve, 'Who reads this?'), 'Who has read it');
    await dialog(eve).getByRole('heading', { name: 'Read by 1 person' }).waitFor();
    await dialog(eve).getByText('Dan Müller').waitFor();
    expect(await dialog(eve).getByText('Rosa Parks').count()).toBe(0);
    await closeDialog(eve);
    expect(openId(eve)).toBe(group);
  });

  it('copy its text, and a link that leads to it', async () => {
    const copied = () => eve.evaluate('navigator.clipboard.readText()') as Promise<string>;
    await eve.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await fromMenuOf(saying(eve, 'Who reads this?'), 'Copy text');
    await notice(eve, 'Copied').first().waitFor();
    expect(await copied()).toBe('Who reads this?');
    await fromMenuOf(saying(eve, 'Who reads this?'), 'Copy link to message');
    await expect.poll(copied, { timeout: 10_000 }).toContain(`${stage.server.url}/#/c/${group}/at/`);
    await rosa.say(group, numbered('after', 60));
    await dan.goto(await copied());
    await comesInSight(saying(dan, 'Who reads this?'));
    await dan.locator('.message.flashed').getByText('Who reads this?').waitFor();
  });
});
