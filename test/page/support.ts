import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startServer, type TestServer } from '../support/server.ts';

const names = ['chromium', 'chromium-browser', 'chromium-headless-shell', 'chrome-headless-shell', 'google-chrome'];

const isProgram = (file: string) => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const chromiumPath =
  process.env.PARLEY_CHROMIUM ||
  (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap(folder => names.map(name => join(folder, name)))
    .find(isProgram);

const quiet = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Stage {
  server: TestServer;
  browser: Browser;
  /** A window of its own, as of another person; `problems` are to be empty at the end. */
  visit(options?: BrowserContextOptions & { url?: string }): Promise<Page>;
}

/** Suites that need a real browser: left out loudly where there is none, failing where everything is required. */
export const inChromium = (
  title: string,
  suite: (stage: Stage) => void,
  config: Parameters<typeof startServer>[0] = {},
) => {
  if (chromiumPath === undefined) {
    if (process.env.PARLEY_TEST_REQUIRE === 'all')
      return it(title, () =>
        expect.fail('Chromium is required (PARLEY_TEST_REQUIRE=all) and was not found; PARLEY_CHROMIUM names it.'),
      );
    console.warn(`SKIPPED, no Chromium on PATH nor in PARLEY_CHROMIUM: ${title}`);
    return describe.skip(title, () => suite({} as Stage));
  }
  // A browser on a busy machine takes its time; what a test waits for has deadlines of its own.
  vi.setConfig({ testTimeout: 120_000 });
  return describe(title, () => {
    const stage = { problems: [] as string[] } as Stage & { problems: string[] };
    beforeAll(async () => {
      stage.server = await startServer(config);
      stage.browser = await chromium.launch({ executablePath: chromiumPath, args: quiet });
      stage.visit = async ({ url = stage.server.url, ...options } = {}) => {
        const context = await stage.browser.newContext(options);
        context.setDefaultTimeout(15_000);
        const page = await context.newPage();
        watch(page, stage.problems);
        await page.goto(url);
        return page;
      };
    });
    afterAll(async () => {
      await stage.browser?.close();
      await stage.server?.close();
      expect(stage.problems).toEqual([]);
    });
    suite(stage);
  });
};

/** Whatever a page complains of: exceptions, refused content, dialogs. Requests that fail while the network is gone are no fault of it. */
export const watch = (page: Page, problems: string[]) => {
  page.on('pageerror', error => problems.push(`exception: ${error.message}`));
  page.on('dialog', dialog => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', message => {
    const text = message.text();
    const isNetwork = text.includes('net::ERR_') || text.includes('WebSocket connection to');
    const isRefusal = /^Failed to load resource: the server responded with a status of (4\d\d|503)/.test(text);
    if (message.type() === 'error' && !isNetwork && !isRefusal) problems.push(`console: ${text}`);
  });
};

export const password = 'correct horse 1';

/** Creates an account as a person would. */
export const register = async (page: Page, username: string, fullName: string, stay = false) => {
  await page.getByRole('button', { name: 'Create account' }).first().click();
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Full name').fill(fullName);
  await page.getByLabel('Password').fill(password);
  if (stay) await page.getByLabel('Stay signed in').check();
  await page.locator('button[type=submit]').click();
  await ready(page);
};

export const signIn = async (page: Page, username: string, stay = false) => {
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(password);
  if (stay) await page.getByLabel('Stay signed in').check();
  await page.locator('button[type=submit]').click();
  await ready(page);
};

/** Signed in, connected, and the list is there. */
export const ready = async (page: Page) => {
  await page.locator('.conversation').first().waitFor();
  await page.locator('.banner').waitFor({ state: 'hidden' });
};

/** The conversation of this title in the list. */
export const listed = (page: Page, title: string) =>
  page.locator('.conversation', { has: page.locator('.title', { hasText: title }) });

export const open = async (page: Page, title: string) => {
  await listed(page, title).click();
  await page.locator('.conversation-view h2', { hasText: title }).waitFor();
  await page.locator('.start', { hasNotText: 'Loading…' }).waitFor({ state: 'attached' });
};

/** Opens the direct conversation with somebody. */
export const openDirect = async (page: Page, fullName: string) => {
  await page.getByRole('button', { name: 'Message somebody' }).click();
  await page.getByRole('searchbox').fill(fullName);
  await page.getByRole('button', { name: `Message ${fullName}` }).click();
  await page.locator('.conversation-view h2', { hasText: fullName }).waitFor();
};

export const composer = (page: Page) => page.getByRole('textbox', { name: 'Message' });

export const say = async (page: Page, text: string) => {
  await composer(page).fill(text);
  await composer(page).press('Enter');
};

/** The messages (not those that wait) that say exactly this. */
export const saying = (page: Page, text: string) =>
  page.locator('.message[data-seq]', { has: page.locator('.text', { hasText: exactly(text) }) });

export const waiting = (page: Page) => page.locator('.message.pending');

const exactly = (text: string) => new RegExp(`^${text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`);

/** What all messages of the open conversation say, in their order, with their seq. */
export const said = (page: Page): Promise<{ seq: number; text: string }[]> =>
  page.locator('.message[data-seq]').evaluateAll(nodes =>
    nodes.map(node => ({
      seq: Number(node.getAttribute('data-seq')),
      text: node.querySelector('.text')?.textContent ?? '',
    })),
  );
