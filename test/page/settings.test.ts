import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { signIn as aDeviceOf } from '../support/clients.ts';
import { closeDialog, dialog, fromMyMenu, hasNote, notice } from './gestures.ts';
import {
  composer,
  heading,
  inChromium,
  listed,
  open,
  openDirect,
  password,
  register,
  say,
  saying,
  signIn,
} from './support.ts';

const field = (page: Page, name: string) => dialog(page).getByLabel(name, { exact: true });
const button = (page: Page, name: string) => dialog(page).getByRole('button', { name, exact: true });
const unfold = (page: Page, name: string) => dialog(page).locator('summary', { hasText: name }).click();
const next = 'another horse 2';

inChromium('the settings of an account', stage => {
  let ada: Page;
  let bob: Page;

  it('change the name, which others see', async () => {
    ada = await stage.visit();
    bob = await stage.visit();
    await register(ada, 'ada', 'Ada Byron');
    await register(bob, 'bob', 'Bob Noyce');
    await openDirect(ada, 'Bob Noyce');
    await say(ada, 'Before the wedding');
    await open(bob, 'Ada Byron');
    await fromMyMenu(ada, 'Profile');
    await field(ada, 'Name').fill('  ');
    await button(ada, 'Save').click();
    await hasNote(field(ada, 'Name'), 'Give yourself a name.');
    await field(ada, 'Name').fill('Ada Lovelace');
    await field(ada, 'Email').fill('no address');
    await button(ada, 'Save').click();
    await hasNote(field(ada, 'Email'), 'This is no email address.');
    await field(ada, 'Email').fill('ada@example.org');
    await button(ada, 'Save').click();
    await notice(ada, 'Saved.').waitFor();
    await closeDialog(ada);
    await ada.getByRole('button', { name: 'Ada Lovelace: account and settings' }).waitFor();
    await open(ada, 'Lobby');
    await say(ada, 'Call me Lovelace');
    await open(bob, 'Lobby');
    await saying(bob, 'Call me Lovelace').waitFor();
    await bob.locator('.message-name', { hasText: 'Ada Lovelace' }).waitFor();
    await bob.reload();
    await listed(bob, 'Ada Lovelace').waitFor();

    await fromMyMenu(ada, 'Profile');
    await expect.poll(() => field(ada, 'Email').inputValue(), { timeout: 10_000 }).toBe('ada@example.org');
    await closeDialog(ada);
  });

  it('list the devices, and sign out another one', async () => {
    const phone = await stage.visit({
      userAgent:
        'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
    });
    await signIn(phone, 'ada');
    await fromMyMenu(ada, 'Devices');
    const items = dialog(ada).getByRole('listitem');
    await expect.poll(() => items.count(), { timeout: 10_000 }).toBe(2);
    await items.first().getByText('This device').waitFor();
    const other = items.filter({ hasText: 'Chrome on Android' });
    await other.getByRole('button').click();
    await notice(ada, '1 device is signed out.').waitFor();
    await other.waitFor({ state: 'detached' });
    await phone.getByRole('heading', { name: 'Sign in' }).waitFor();
    await phone.getByText(/^You were signed out\./).waitFor();
    await phone.reload();
    await phone.getByRole('button', { name: 'Create account' }).waitFor();
    await closeDialog(ada);

    await aDeviceOf(stage.server, 'ada');
    await aDeviceOf(stage.server, 'ada');
    await fromMyMenu(ada, 'Devices');
    await expect.poll(() => items.count(), { timeout: 10_000 }).toBe(3);
    await button(ada, 'Sign out all others').click();
    await notice(ada, '2 devices are signed out.').waitFor();
    await dialog(ada).getByText('You are signed in nowhere else.').waitFor();
    await closeDialog(ada);
    await open(ada, 'Lobby');
    await say(ada, 'This one goes on');
    await saying(bob, 'This one goes on').waitFor();
    await phone.context().close();
  });

  it('change the password, which signs out the other devices', async () => {
    const other = await stage.visit();
    await signIn(other, 'ada');
    await fromMyMenu(ada, 'Profile');
    await unfold(ada, 'Change password');
    await button(ada, 'Change password').click();
    await hasNote(field(ada, 'Current password'), 'Please fill this in.');
    await field(ada, 'Current password').fill('wrong horse 1');
    await field(ada, 'New password').fill(next);
    await button(ada, 'Change password').click();
    await hasNote(field(ada, 'Current password'), 'This is not your password.');
    await field(ada, 'Current password').fill(password);
    await field(ada, 'New password').fill('short');
    await button(ada, 'Change password').click();
    await hasNote(field(ada, 'New password'), 'Use at least 8 characters.');
    await field(ada, 'New password').fill(next);
    await button(ada, 'Change password').click();
    await notice(ada, 'Your password is changed.').waitFor();
    await closeDialog(ada);
    await other.getByRole('heading', { name: 'Sign in' }).waitFor();
    await other.getByLabel('Username').fill('ada');
    await other.getByLabel('Password', { exact: true }).fill(password);
    await other.locator('button[type=submit]').click();
    await other.getByRole('alert').getByText('The username or the password is wrong.').waitFor();
    await other.getByLabel('Password', { exact: true }).fill(next);
    await other.locator('button[type=submit]').click();
    await heading(other, 'Lobby').waitFor();
    await other.context().close();
  });

  it('switch to light or dark, and keep that', async () => {
    const theme = () => ada.locator('html').getAttribute('data-theme');
    const background = () => ada.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(await theme()).toBe('light');
    const light = await background();
    /** What a phone draws around the page. */
    const around = () =>
      ada.locator('meta[name=theme-color]').evaluateAll(all => all.map(each => each.getAttribute('content')));
    expect(await around()).toEqual(['#ffffff', '#ffffff']);
    await fromMyMenu(ada, 'Settings');
    await dialog(ada).getByText('Dark', { exact: true }).click();
    await expect.poll(theme, { timeout: 10_000 }).toBe('dark');
    expect(await background()).not.toBe(light);
    expect(await around()).toEqual(['#1b1e27', '#1b1e27']);
    await closeDialog(ada);
    await ada.reload();
    await composer(ada).waitFor();
    expect(await theme()).toBe('dark');
    await fromMyMenu(ada, 'Settings');
    await dialog(ada).getByText('System', { exact: true }).first().click();
    await expect.poll(theme, { timeout: 10_000 }).toBe('light');
    await ada.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(theme, { timeout: 10_000 }).toBe('dark');
    await ada.emulateMedia({ colorScheme: 'light' });
    await closeDialog(ada);
  });

  it('end an account for good, and leave what it wrote without a name', async () => {
    await fromMyMenu(ada, 'Profile');
    await unfold(ada, 'Delete account');
    await field(ada, 'Password').fill(next);
    await field(ada, 'Write “ada” to confirm').fill('bob');
    await button(ada, 'Delete my account for good').click();
    await hasNote(field(ada, 'Write “ada” to confirm'), 'This is not your username.');
    await field(ada, 'Write “ada” to confirm').fill('ada');
    await button(ada, 'Delete my account for good').click();
    await ada.getByText('This account was deleted.').waitFor();
    await bob.reload();
    await listed(bob, 'Deleted account').waitFor();
    const fresh = await stage.visit();
    await signIn(fresh, 'bob');
    await saying(fresh, 'Call me Lovelace').waitFor();
    expect(await fresh.locator('.message-name').allTextContents()).toEqual(['Deleted account']);
    expect(await fresh.locator('body').textContent()).not.toContain('Ada ');
    await ada.getByRole('button', { name: 'Sign in', exact: true }).click();
    await ada.getByLabel('Username').fill('ada');
    await ada.getByLabel('Password', { exact: true }).fill(next);
    await ada.locator('button[type=submit]').click();
    await ada.getByRole('alert').getByText('The username or the password is wrong.').waitFor();
  });
});
