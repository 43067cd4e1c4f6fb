import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import en from '../../client-demo/words/en/index.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createLink, type Link } from './proxy.ts';

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
  /** A window of its own, as of another person. What it complains of fails the suite, except for what it is `expected` to. */
  visit(options?: BrowserContextOptions & { url?: string; expected?: RegExp }): Promise<Page>;
  /** A way to the server that the test can cut, until it is over. */
  link(): Promise<Link>;
  /** Another tab of the same browser. */
  visitBeside(page: Page): Promise<Page>;
}

/** Suites that need a real browser: left out loudly where there is none, failing where everything is required. */
export const inChromium = (title: string, suite: (stage: Stage) => void, ...config: Parameters<typeof startServer>) => {
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
      stage.server = await startServer(...config);
      stage.browser = await chromium.launch({ executablePath: chromiumPath, args: quiet });
      stage.visit = async ({ url = stage.server.url, expected, ...options } = {}) => {
        const context = await stage.browser.newContext(options);
        context.setDefaultTimeout(15_000);
        context.on('page', page => watch(page, stage.problems, expected));
        const page = await context.newPage();
        await page.goto(url);
        return page;
      };
      stage.link = async () => {
        const link = await createLink(stage.server.url);
        onTestFinished(() => link.close());
        return link;
      };
      stage.visitBeside = async other => {
        const page = await other.context().newPage();
        await page.goto(new URL('/', other.url()).href);
        await ready(page);
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
export const watch = (page: Page, problems: string[], expected?: RegExp) => {
  page.on('pageerror', error => problems.push(`exception: ${error.message}`));
  page.on('dialog', dialog => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', message => {
    const text = message.text();
    const isNetwork = text.includes('net::ERR_') || text.includes('WebSocket connection to');
    const isRefusal = /^Failed to load resource: the server responded with a status of (4\d\d|503)/.test(text);
    if (message.type() === 'error' && !isNetwork && !isRefusal && !expected?.test(text))
      problems.push(`console: ${text}`);
  });
};

export const password = 'correct horse 1';

/** What is to be so sooner or later, on a machine that is busy with others. */
export const eventually = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 20_000 });

/** Creates an account as a person would. */
export const register = async (page: Page, username: string, fullName: string) => {
  await page.getByLabel('Your name').fill(fullName);
  await page.getByLabel('Username').fill(username);
  await passwordField(page).fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await ready(page);
};

export const signIn = async (page: Page, username: string) => {
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel('Username').fill(username);
  await passwordField(page).fill(password);
  await page.locator('button[type=submit]').click();
  await ready(page);
};

const passwordField = (page: Page) => page.getByLabel('Password', { exact: true });

/** The line that says what is the matter with the connection, or with what was written. */
export const banner = (page: Page) => page.locator('.banner-place[data-open=true]');

/** What it begins with where the server cannot be reached, as the page words it now. */
export const { away } = en.connection;

export const bannerSays = (page: Page, text: string) =>
  eventually(() => banner(page).allTextContents().then(String)).toContain(text);

/** Cuts the wait for the next try short, unless the page was faster. */
export const connectNow = async (page: Page) => {
  const button = page.getByRole('button', { name: 'Connect now' });
  await Promise.race([button.click(), button.waitFor({ state: 'detached' })]);
};

/** Signed in, connected, and the list is there. */
export const ready = async (page: Page) => {
  await page.locator('.sidebar-row').first().waitFor({ state: 'attached' });
  await banner(page).waitFor({ state: 'hidden' });
};

/** From now on the page opens without a network. */
export const installed = (page: Page) =>
  page.evaluate("navigator.serviceWorker.ready.then(() => caches.match('./')).then(kept => kept.status)");

/** The conversation of this title in the list. */
export const listed = (page: Page, title: string) =>
  page.locator('.sidebar-item', { has: page.locator('.sidebar-row-title', { hasText: exactly(title) }) });

/** The heading of the open conversation. */
export const heading = (page: Page, title: string) =>
  page.locator('.conversation-header').getByRole('heading', { name: title, exact: true });

export const open = async (page: Page, title: string) => {
  await listed(page, title).getByRole('link').click();
  await heading(page, title).waitFor();
  await loaded(page);
};

/** Whatever is to be shown of the open conversation is shown. */
export const loaded = (page: Page) => page.locator('.timeline .message, .timeline-beginning').first().waitFor();

/** Opens the direct conversation with somebody. */
export const openDirect = async (page: Page, fullName: string) => {
  await page.getByRole('button', { name: 'New conversation' }).click();
  await page.getByRole('menuitem', { name: 'Message somebody' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox', { name: 'Search for people' }).fill(fullName);
  await dialog.getByText(fullName, { exact: true }).click();
  await heading(page, fullName).waitFor();
};

export const composer = (page: Page) => page.locator('.composer').getByRole('textbox');

export const say = async (page: Page, text: string) => {
  await composer(page).fill(text);
  await composer(page).press('Enter');
};

/** The messages (not those that wait) that say exactly this. */
export const saying = (page: Page, text: string) =>
  page.locator('.message[data-seq]', { has: page.locator('.message-text', { hasText: exactly(text) }) });

/** What was written and is not confirmed, whatever became of it. */
export const waiting = (page: Page) => page.locator('.message[data-client-id]');

const exactly = (text: string) => new RegExp(`^${text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`);

/** What all messages of the open conversation say, in their order, with their seq. */
export const said = (page: Page): Promise<{ seq: number; text: string }[]> =>
  page.locator('.message[data-seq]').evaluateAll(nodes =>
    nodes.map(node => ({
      seq: Number(node.getAttribute('data-seq')),
      text: node.querySelector('.message-text')?.textContent ?? '',
    })),
  );
