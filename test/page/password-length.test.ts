import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { dialog, fromMyMenu, hasNote } from './gestures.ts';
import { inChromium, ready } from './support.ts';

const atLeast8 = 'eight 88';
const atLeast12 = 'twelve 12 12';

inChromium(
  'the page of a server that wants longer passwords than others',
  stage => {
    const secret = (page: Page) => page.getByLabel('Password', { exact: true });
    const fill = async (page: Page, username: string) => {
      await page.getByLabel('Your name').fill(username);
      await secret(page).fill(atLeast8);
    };
    const create = (page: Page) => page.getByRole('button', { name: 'Create account' }).click();

    it('says so beforehand, to whoever signs up and to whoever changes theirs', async () => {
      const page = await stage.visit();
      await hasNote(secret(page), 'At least 12 characters');
      await fill(page, 'early');
      await create(page);
      await hasNote(secret(page), 'Use at least 12 characters.');
      await secret(page).fill(atLeast12);
      await create(page);
      await ready(page);

      await fromMyMenu(page, 'Profile');
      await dialog(page).locator('summary', { hasText: 'Change password' }).click();
      const next = dialog(page).getByLabel('New password');
      await hasNote(next, 'At least 12 characters');
      await dialog(page).getByLabel('Current password').fill(atLeast12);
      await next.fill(atLeast8);
      await dialog(page).getByRole('button', { name: 'Change password' }).click();
      await hasNote(next, 'Use at least 12 characters.');
      await next.fill('x'.repeat(73));
      await dialog(page).getByRole('button', { name: 'Change password' }).click();
      await hasNote(next, 'This password is too long.');
    });

    it('says so where the server refuses one, though the page is a copy of before', async () => {
      const html = await (await fetch(stage.server.url)).text();
      expect(html).toContain('content="12"');
      const context = await stage.browser.newContext({ serviceWorkers: 'block' });
      const page = await context.newPage();
      await page.route(`${stage.server.url}/`, route =>
        route.fulfill({ contentType: 'text/html; charset=utf-8', body: html.replace('content="12"', 'content="8"') }),
      );
      await page.goto(stage.server.url);
      await hasNote(secret(page), 'At least 8 characters');
      await fill(page, 'late');
      await create(page);
      await hasNote(secret(page), 'Use at least 12 characters.');
      await context.close();
    });
  },
  { passwordMinLength: 12 },
);
