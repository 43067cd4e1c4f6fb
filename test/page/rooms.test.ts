import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { begin, closeDialog, confirm, dialog, fromItsMenu, hasFocus, hasNote, notice } from './gestures.ts';
import { createLink } from './proxy.ts';
import { seeder } from './seed.ts';
import {
  banner,
  composer,
  eventually,
  heading,
  inChromium,
  listed,
  open,
  register,
  say,
  saying,
  signIn,
  waiting,
} from './support.ts';

const name = (page: Page) => dialog(page).getByLabel('Name', { exact: true });
const members = (page: Page) => page.getByRole('button', { name: 'Members', exact: true });
const panel = (page: Page) => page.getByRole('complementary', { name: 'Details' });

const pick = async (page: Page, written: string, fullName: string) => {
  await dialog(page).getByRole('combobox', { name: 'Search for people' }).fill(written);
  await dialog(page).getByRole('option', { name: fullName }).click();
};

inChromium('rooms and groups', stage => {
  let ann: Page;
  let ben: Page;
  let cleo: Page;

  it('are made public, found in the directory, joined and left', async () => {
    ann = await stage.visit();
    ben = await stage.visit();
    await register(ann, 'ann', 'Ann');
    await register(ben, 'ben', 'Ben');
    await begin(ann, 'New room');
    await dialog(ann).getByRole('button', { name: 'Create room' }).click();
    await hasNote(name(ann), 'Give it a name.');
    await name(ann).fill('Gardening');
    await dialog(ann).getByLabel('Topic').fill('Beds and pots');
    await confirm(ann, 'Create room');
    await heading(ann, 'Gardening').waitFor();
    await ann.locator('.conversation-header').getByText('Beds and pots').waitFor();
    await say(ann, 'Welcome');

    await begin(ben, 'New room');
    await name(ben).fill('gardening');
    await dialog(ben).getByRole('button', { name: 'Create room' }).click();
    await hasNote(name(ben), 'Another room has this name.');
    await closeDialog(ben);

    await begin(ben, 'Browse rooms');
    await dialog(ben).getByLabel('Search the rooms').fill('gard');
    await dialog(ben).getByRole('listitem').getByText('1 member', { exact: true }).waitFor();
    await confirm(ben, 'Join Gardening');
    await heading(ben, 'Gardening').waitFor();
    await saying(ben, 'Welcome').waitFor();
    await say(ben, 'Thank you');
    await saying(ann, 'Thank you').waitFor();
    await begin(ben, 'Browse rooms');
    await confirm(ben, 'Open Gardening');

    await fromItsMenu(ben, 'Leave');
    await confirm(ben, 'Leave');
    await listed(ben, 'Gardening').waitFor({ state: 'detached' });
    await say(ann, 'Bye');
    await open(ben, 'Lobby');
    expect(await listed(ben, 'Gardening').count()).toBe(0);
  });

  it('are joined by a link, and by an invitation', async () => {
    const address = ann.url();
    expect(address).toContain('#/c/');
    await ben.goto(address);
    await ben.getByText('You are not in this room yet. Everybody may join it.').waitFor();
    await ben.getByRole('button', { name: 'Join', exact: true }).click();
    await saying(ben, 'Bye').waitFor();

    cleo = await stage.visit();
    await register(cleo, 'cleo', 'Cleo');
    await fromItsMenu(ann, 'Invite people');
    await dialog(ann).getByRole('combobox', { name: 'Search for people' }).fill('ben');
    await dialog(ann).getByRole('option', { name: 'Ben' }).getByText('Already in').waitFor();
    expect(await dialog(ann).getByRole('button', { name: 'Invite', exact: true }).isDisabled()).toBe(true);
    await pick(ann, '@cle', 'Cleo');
    await confirm(ann, 'Invite 1 person');
    await notice(ann, 'Cleo is in now.').waitFor();
    await listed(cleo, 'Gardening').waitFor();
    await members(ann).click();
    await panel(ann).getByRole('heading', { name: '3 members' }).waitFor();
    await members(ann).click();
    await panel(ann).waitFor({ state: 'detached' });
  });

  it('of chosen people are groups, which nobody else finds', async () => {
    await begin(ann, 'New group');
    await name(ann).fill('Two of us');
    await pick(ann, 'ben', 'Ben');
    // Chosen by the pointer, and the next name can be typed at once.
    await hasFocus(dialog(ann).getByRole('combobox', { name: 'Search for people' }));
    await ann.keyboard.type('cleo');
    await dialog(ann).getByRole('option', { name: 'Cleo' }).click();
    // What was filled in outlives an Escape too many.
    await ann.keyboard.press('Escape');
    await dialog(ann).waitFor({ state: 'hidden' });
    await begin(ann, 'New group');
    expect(await name(ann).inputValue()).toBe('Two of us');
    await dialog(ann).getByRole('button', { name: 'Take Ben out' }).waitFor();
    await dialog(ann).getByRole('button', { name: 'Take Cleo out' }).click();
    await confirm(ann, 'Create group');
    await heading(ann, 'Two of us').waitFor();
    await ann.locator('.conversation-header').getByText('2 members').waitFor();
    await open(ben, 'Two of us');
    await ben.getByRole('button', { name: 'Say hello' }).click();
    await saying(ann, '👋').waitFor();
    await begin(cleo, 'Browse rooms');
    await dialog(cleo).getByText('Gardening').waitFor();
    expect(await dialog(cleo).getByText('Two of us').count()).toBe(0);
    await closeDialog(cleo);
    expect(await listed(cleo, 'Two of us').count()).toBe(0);
  });

  it('are made once, also where the answer was lost and Create is pressed again', async () => {
    const wire = await createLink(stage.server.url);
    const gus = await seeder(stage.server, 'gus');
    const page = await stage.visit({ url: wire.url });
    await signIn(page, 'gus');
    await begin(page, 'New group');
    await name(page).fill('Twins');
    wire.cutAfter(0, 'down');
    await dialog(page).getByRole('button', { name: 'Create group' }).click();
    await dialog(page).locator('.form-error').waitFor();
    const made = async () =>
      (await gus.ask('conversation:list', {})).items.filter(conversation => conversation.name === 'Twins').length;
    expect(wire.isWhole()).toBe(false);
    await eventually(made).toBe(1);
    wire.heal();
    await page.evaluate("dispatchEvent(new Event('online'))");
    await banner(page).waitFor({ state: 'hidden' });
    await confirm(page, 'Create group');
    await heading(page, 'Twins').waitFor();
    expect(await made()).toBe(1);
    await wire.close();
  });

  it('are renamed for everybody at once, by who may', async () => {
    await open(ann, 'Gardening');
    await open(ben, 'Gardening');
    await fromItsMenu(ann, 'Settings');
    await name(ann).fill('Allotments');
    await dialog(ann).getByLabel('Topic').fill('');
    await confirm(ann, 'Save');
    await notice(ann, 'Saved.').waitFor();
    await heading(ben, 'Allotments').waitFor();
    await listed(ben, 'Allotments').waitFor();
    await listed(cleo, 'Allotments').waitFor();
    await ben.locator('.conversation-header').getByText('3 members').waitFor();

    await members(ben).click();
    await panel(ben).getByRole('button', { name: 'Settings' }).click();
    await dialog(ben).getByText('Only owners and admins can change this.').waitFor();
    expect(await name(ben).count()).toBe(0);
    await closeDialog(ben);
    await panel(ben).getByRole('button', { name: 'Close' }).click();
  });

  it('slow down, which is told and kept', async () => {
    await fromItsMenu(ann, 'Settings');
    await dialog(ann).getByLabel('Slow mode').selectOption('1 minute');
    await confirm(ann, 'Save');
    await open(cleo, 'Allotments');
    await hasNote(composer(cleo), 'Slow mode: one message each minute');
    await say(cleo, 'In time');
    await saying(ann, 'In time').waitFor();
    await say(cleo, 'Too soon');
    // It goes out by itself as soon as it may; until then it can be thought better of.
    const early = waiting(cleo).filter({ hasText: 'Too soon' });
    await early.getByText(/^Slow mode: sent in \d+ s$/).waitFor();
    await early.getByRole('button', { name: 'Discard' }).click();
    await early.waitFor({ state: 'detached' });
    expect(await saying(ann, 'Too soon').count()).toBe(0);
    // Whoever moderates does not wait.
    await say(ann, 'Calm');
    await say(ann, 'down');
    await saying(ben, 'down').waitFor();
    await fromItsMenu(ann, 'Settings');
    await dialog(ann).getByLabel('Slow mode').selectOption('Off');
    await confirm(ann, 'Save');
    await hasNote(composer(cleo), '');
  });

  it('end for everybody when they are deleted', async () => {
    await fromItsMenu(ann, 'Settings');
    await dialog(ann).getByRole('button', { name: 'Delete' }).click();
    await dialog(ann).getByRole('heading', { name: 'Delete Allotments?' }).waitFor();
    await confirm(ann, 'Delete');
    for (const page of [ann, ben, cleo]) await listed(page, 'Allotments').waitFor({ state: 'detached' });
    await heading(ann, 'Lobby').waitFor();
    await ben.getByText('This conversation is not there').waitFor();
    await ben.getByRole('button', { name: 'To the conversations' }).click();
    await open(ben, 'Two of us');
    await composer(ben).waitFor();
  });
});
