import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { api } from '../support/clients.ts';

/** Chooses from what opens when the pointer is over a message. */
export const fromMenuOf = async (message: Locator, item: string) => {
  await message.hover();
  await message.getByRole('button', { name: 'More', exact: true }).click();
  await message.page().getByRole('menuitem', { name: item, exact: true }).click();
};

/** Presses a button of what stands beside a message while the pointer is over it. */
export const besides = async (message: Locator, name: string) => {
  await message.hover();
  await message
    .getByRole('group', { name: 'Actions for this message' })
    .getByRole('button', { name, exact: true })
    .click();
};

const choose = async (page: Page, button: Locator, item: string) => {
  await button.click();
  await page.getByRole('menuitem', { name: item }).click();
};

/** Chooses from the menu of one's own account. */
export const fromMyMenu = (page: Page, item: string) =>
  choose(page, page.getByRole('button', { name: /: account and settings$/ }), item);

/** Chooses from what can be begun. */
export const begin = (page: Page, item: string) =>
  choose(page, page.getByRole('button', { name: 'New conversation' }), item);

/** Chooses from what can be done with the open conversation. */
export const fromItsMenu = (page: Page, item: string) =>
  choose(page, page.getByRole('button', { name: 'More about this conversation' }), item);

/** Chooses from what can be done with a member; the panel is open. */
export const fromMenuOfMember = (page: Page, name: string, item: string) =>
  choose(page, page.getByRole('button', { name: `Actions for ${name}` }), item);

/** The line of somebody in the panel of members. */
export const member = (page: Page, name: string) =>
  page.locator('.members-row', { has: page.getByText(name, { exact: true }) });

export const dialog = (page: Page) => page.getByRole('dialog');

/** Presses a button of the dialog, which goes by that. */
export const confirm = async (page: Page, name: string) => {
  await dialog(page).getByRole('button', { name, exact: true }).click();
  await dialog(page).waitFor({ state: 'hidden' });
};

export const closeDialog = async (page: Page) => {
  await dialog(page).locator('.dialog-head').getByRole('button', { name: 'Close' }).click();
  await dialog(page).waitFor({ state: 'hidden' });
};

/** What passes by at the edge of the window. */
export const notice = (page: Page, text: string | RegExp) => page.locator('.notice', { hasText: text });

/** What is said below a field, as those hear it who do not see it. */
const noteOf = (field: Locator): Promise<string> =>
  field.evaluate(node =>
    (node.getAttribute('aria-describedby') ?? '')
      .split(' ')
      .map((id: string) => node.ownerDocument.getElementById(id)?.textContent ?? '')
      .join(' ')
      .trim(),
  );

export const hasNote = (field: Locator, note: string) =>
  expect.poll(() => noteOf(field), { timeout: 10_000 }).toBe(note);

export const isFocused = (element: Locator): Promise<boolean> =>
  element.evaluate(node => node === node.ownerDocument.activeElement);

/** Waits until it has the focus. */
export const hasFocus = (element: Locator) =>
  expect.poll(() => isFocused(element), { timeout: 10_000, message: String(element) }).toBe(true);

/** The focus is somewhere, and where it is can be seen. */
export const focusIsSeen = (page: Page) =>
  expect
    .poll(() => page.evaluate('document.activeElement?.localName'), { timeout: 10_000, message: 'the focus is lost' })
    .not.toBe('body');

/** Whether any of it is within the part of the timeline that one sees. */
export const isInSight = (element: Locator): Promise<boolean> =>
  element.evaluate(node => {
    const frame = node.closest('.timeline')?.getBoundingClientRect();
    const { top, bottom } = node.getBoundingClientRect();
    return frame !== undefined && bottom > frame.top && top < frame.bottom;
  });

export const comesInSight = (element: Locator) =>
  expect.poll(() => isInSight(element), { timeout: 15_000, message: String(element) }).toBe(true);

/** As where another window lies over this one, or none does any more. */
export const look = (page: Page, at: 'away' | 'here') =>
  page.evaluate(`
    Object.defineProperty(document, 'visibilityState', { value: '${at === 'away' ? 'hidden' : 'visible'}', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  `);

/** The id of somebody whom another one looks up. */
export const idOf = async (server: { url: string }, { token }: { token: string }, username: string) => {
  const { body } = await api(server, token)<{ items: { id: string; username: string }[] }>(
    'GET',
    `/user/v1/search?q=${username}`,
  );
  const found = body.items.find(user => user.username === username);
  if (!found) throw new Error(`Nobody is called ${username}.`);
  return found.id;
};
