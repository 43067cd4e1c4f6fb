import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { begin, closeDialog, confirm, dialog, fromMyMenu, hasFocus, hasNote } from './gestures.ts';
import {
  composer,
  eventually,
  heading,
  inChromium,
  listed,
  open,
  password,
  ready,
  register,
  say,
  saying,
  signIn,
} from './support.ts';

const fields = (page: Page) => ({
  name: page.getByLabel('Your name'),
  username: page.getByLabel('Username'),
  secret: page.getByLabel('Password', { exact: true }),
  create: page.getByRole('button', { name: 'Create account' }),
});

const me = (page: Page, name: string | RegExp) => page.getByRole('button', { name });

inChromium('a first visit', stage => {
  it('signs up in three fields, one of which fills itself in, with what is wrong said beside each', async () => {
    const page = await stage.visit();
    const { name, username, secret, create } = fields(page);
    await create.click();
    await hasNote(name, 'Please fill this in.');
    await hasFocus(name);
    await name.fill('Grace Hopper');
    expect(await username.inputValue()).toBe('grace.hopper');
    await username.fill('no spaces');
    await name.fill('Grace B. Hopper');
    expect(await username.inputValue()).toBe('no spaces');
    await secret.fill('short');
    await create.click();
    await hasNote(username, 'Use 3 to 20 letters, digits, dots, dashes or underscores.');
    await hasNote(secret, 'Use at least 8 characters.');
    await hasNote(name, '');
    await hasFocus(username);
    await username.fill('grace');
    await secret.fill(password);
    await page.getByRole('button', { name: 'Show password' }).click();
    expect(await secret.getAttribute('type')).toBe('text');
    await create.click();
    await ready(page);
    await heading(page, 'Lobby').waitFor();
    await me(page, 'Grace B. Hopper: account and settings').waitFor();

    const other = await stage.visit();
    const taken = fields(other);
    await taken.name.fill('Another Grace');
    await taken.username.fill('Grace');
    await taken.secret.fill(password);
    await taken.create.click();
    await hasNote(taken.username, 'This username is taken.');
    await taken.username.fill('grace2');
    await taken.create.click();
    await ready(other);
  });

  it('signs out and in again, and says so where the password is wrong', async () => {
    const page = await stage.visit();
    await register(page, 'hedy', 'Hedy Lamarr');
    await fromMyMenu(page, 'Sign out');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    const { username, secret } = fields(page);
    await username.fill('hedy');
    await secret.fill('wrong horse 1');
    await page.locator('button[type=submit]').click();
    await page.getByRole('alert').getByText('The username or the password is wrong.').waitFor();
    // From the form for new accounts, which a reload begins with.
    await page.reload();
    await signIn(page, 'hedy');
    await me(page, 'Hedy Lamarr: account and settings').waitFor();
  });

  it('signs in to the account that was made where the answer to that was lost, and keeps what was typed', async () => {
    const page = await stage.visit({ reducedMotion: 'reduce' });
    const { name, username, secret, create } = fields(page);
    const guest = page.getByRole('button', { name: 'Just look around as a guest' });
    const turns: unknown[] = [];
    const turning = "getComputedStyle(document.querySelector('[aria-busy=true]'), '::after').animationIterationCount";
    await page.route('**/user/v1/register', async route => {
      await route.fetch();
      await eventually(() => guest.isDisabled()).toBe(true);
      // Whoever wants no motion sees that it is busy by what stands still.
      turns.push(await page.evaluate(turning));
      await route.abort();
    });
    await name.fill('Lost Answer');
    await secret.fill(password);
    await create.click();
    await page.getByRole('alert').waitFor();
    expect(turns).toEqual(['1']);
    expect(await guest.isDisabled()).toBe(false);
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect(await username.inputValue()).toBe('lost.answer');
    expect(await secret.inputValue()).toBe(password);
    await page.getByRole('button', { name: 'Create account' }).click();
    expect(await name.inputValue()).toBe('Lost Answer');
    await page.unroute('**/user/v1/register');
    await create.click();
    await ready(page);
    await me(page, 'Lost Answer: account and settings').waitFor();
  });

  it('lets anybody in as a guest, and opens a second guest beside, who writes', async () => {
    const page = await stage.visit();
    await page.getByRole('button', { name: 'Just look around as a guest' }).click();
    await ready(page);
    await heading(page, 'Lobby').waitFor();
    const mine = await nameOf(page);
    expect(mine).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
    await page.getByText('Try it with two people').waitFor();
    const opened = page.context().waitForEvent('page');
    await page.getByRole('link', { name: 'Open a guest friend' }).click();
    const friend = await opened;
    await ready(friend);
    await heading(friend, mine).waitFor();
    await friend.locator('.message.mine', { hasText: 'I am your guest friend' }).waitFor();

    const theirs = await nameOf(friend);
    const row = page.locator('.sidebar-item', { hasText: 'I am your guest friend' });
    await row.getByText('1 unread message').waitFor({ state: 'attached' });
    await row.getByRole('link').click();
    await heading(page, theirs).waitFor();
    await say(page, 'That was quick');
    await saying(friend, 'That was quick').waitFor();

    for (const [window, name, other] of [
      [page, mine, theirs],
      [friend, theirs, mine],
    ] as const) {
      await window.reload();
      await ready(window);
      await heading(window, other).waitFor();
      expect(await nameOf(window)).toBe(name);
    }
    await say(page, 'Still here');
    await saying(friend, 'Still here').waitFor();

    await fromMyMenu(page, 'Sign out');
    await dialog(page).getByText('nobody can sign in to this account again').waitFor();
    await confirm(page, 'Cancel');
    await saying(page, 'Still here').waitFor();
    await fromMyMenu(page, 'Sign out');
    await confirm(page, 'Sign out');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await say(friend, 'Are you there?');
    await saying(friend, 'Are you there?').waitFor();
  });

  it('makes nobody a guest by a link from elsewhere', async () => {
    const page = await stage.visit({ url: `${stage.server.url}/?guest=stranger&friend=whoever` });
    await page.getByRole('heading', { name: 'Create account' }).waitFor();
    await page.getByRole('button', { name: 'Just look around as a guest' }).click();
    await ready(page);
    expect(await page.locator('.sidebar-item').count()).toBe(1);
  });

  it('says so where drawing the page fails, and goes on after loading it again', async () => {
    const page = await stage.visit({ expected: /on purpose/ });
    await register(page, 'faulty', 'Fay Faulty');
    await page.evaluate(
      "Object.defineProperty(Intl.DateTimeFormat.prototype, 'format', { get() { throw new Error('on purpose'); } })",
    );
    await say(page, 'The last straw');
    await page.getByRole('heading', { name: 'This page has a fault' }).waitFor();
    await page.getByRole('button', { name: 'Load again' }).click();
    await saying(page, 'The last straw').waitFor();
  });

  it('has a hint wherever there is nothing yet', async () => {
    const page = await stage.visit();
    await register(page, 'newcomer', 'New Comer');
    await page.getByText('This is the beginning of Lobby').waitFor();
    await begin(page, 'Browse rooms');
    await dialog(page).getByText('No rooms yet').waitFor();
    await closeDialog(page);
    await begin(page, 'Message somebody');
    await dialog(page).getByText('Write the beginning of a name or a username to find people.').waitFor();
    await dialog(page).getByRole('combobox', { name: 'Search for people' }).fill('xyzzy');
    await dialog(page).getByText('Nobody’s name begins with “xyzzy”.').waitFor();
    await closeDialog(page);
    await page.getByRole('button', { name: 'Inbox' }).click();
    await dialog(page).getByText('Nothing for you yet').waitFor();
    await closeDialog(page);
    await fromMyMenu(page, 'Devices');
    await dialog(page).getByText('You are signed in nowhere else.').waitFor();
    await closeDialog(page);
    await page.getByRole('searchbox').fill('xyzzy');
    for (const text of [
      'None of your conversations is called that.',
      'Nobody’s name begins like that.',
      'Nobody wrote that in your conversations.',
      'No other room is called that.',
    ])
      await page.getByText(text).waitFor();
    await page.getByRole('button', { name: 'Clear the search' }).click();

    await page.getByRole('button', { name: 'Hide this hint' }).click();
    await page.getByText('Only the lobby so far').waitFor();
    await begin(page, 'New group');
    await dialog(page).getByLabel('Name', { exact: true }).fill('Alone');
    await confirm(page, 'Create group');
    await page.getByText('Nothing has been said yet. Somebody has to be the first.').waitFor();
    await listed(page, 'Alone').getByText('Nothing said yet').waitFor();
    await page.getByRole('button', { name: 'Say hello' }).click();
    await saying(page, '👋').waitFor();
    await page.goto(`${stage.server.url}/#/c/there-is-none`);
    await page.getByText('This conversation is not there').waitFor();
    await page.getByRole('button', { name: 'To the conversations' }).click();
    await page.getByText('Pick a conversation').waitFor();
    await open(page, 'Lobby');
    await composer(page).waitFor();
  });
});

/** Whose window it is; there, though not shown, where the list is not. */
const nameOf = async (page: Page) =>
  (await page.locator('.sidebar-me').getAttribute('aria-label'))?.split(':')[0] ?? '';
