// Takes the pictures of docs/screenshots/ anew: `npm run screenshots`. Needs Chromium, and a font that has emoji.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { type ChatClient, createClient } from '../src/client/index.ts';
import { startEmbedded } from '../test/support/server.ts';
import { realParts } from './real-parts.mjs';

const folder = join(fileURLToPath(new URL('..', import.meta.url)), 'docs/screenshots');
const password = 'correct horse 1';
const devices = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};

const person = async (url: string, username: string, full_name: string): Promise<ChatClient> => {
  const client = createClient({ url });
  await client.signUp({ username, password, full_name });
  await client.synced();
  return client;
};

/** Says something, and waits until the server has it. */
const say = async (client: ChatClient, conversation_id: string, message: string, reply_to?: string) => {
  const { client_id } = client.conversation(conversation_id).send(message, reply_to === undefined ? {} : { reply_to });
  return new Promise<string>(resolve => {
    const stop = client.on('event', event => {
      if (event.client_id !== client_id) return;
      stop();
      resolve(event.id);
    });
  });
};

/** A morning of five people; returns what is shown. */
const seed = async (url: string) => {
  const ada = await person(url, 'ada', 'Ada Lovelace');
  const grace = await person(url, 'grace', 'Grace Hopper');
  const alan = await person(url, 'alan', 'Alan Turing');
  const hedy = await person(url, 'hedy', 'Hedy Lamarr');
  const amir = await person(url, 'amir', 'أمير الخوارزمي');
  const everybody = [ada, grace, alan, hedy, amir];
  const idOf = (client: ChatClient) => client.user.get()?.id ?? '';

  const room = await ada.create({ kind: 'room', name: 'Engine room', topic: 'What runs, what does not, and why' });
  for (const client of everybody.slice(1)) await client.join({ conversation_id: room.id });
  const garden = await hedy.create({ kind: 'room', name: 'Garden 🌻', topic: 'Everything that grows' });
  await grace.create({ kind: 'room', name: 'Compilers', topic: 'From words to work' });
  await alan.join({ conversation_id: garden.id });
  const group = await grace.create({
    ...{ kind: 'group', name: 'Release on Friday', topic: 'Only what is tested' },
    members: everybody.map(idOf).filter(id => id !== idOf(grace)),
  });

  await say(ada, 'lobby', 'Good morning! ☀️');
  await say(hedy, 'lobby', 'Morning, everybody');
  await say(hedy, garden.id, 'The sunflowers are taller than me now');

  await say(grace, room.id, 'The new log went through a million messages tonight.');
  await say(grace, room.id, 'Not one lost, not one twice. Killed it eleven times.');
  const question = await say(alan, room.id, 'How does a phone know what it missed after an hour in a tunnel?');
  const answer = await say(
    ...[ada, room.id],
    'It keeps one number: the last event up to which it holds everything. It asks for the rest, in order, and shows each once.',
    question,
  );
  await say(alan, room.id, 'So a lost answer is no lost message. @grace, you wrote that part?');
  await say(grace, room.id, 'I did 🙂 The notes are at https://example.org/notes/once.html');
  await say(amir, room.id, 'صباح الخير! هل يعمل هذا من اليمين إلى اليسار أيضًا؟');
  await say(hedy, room.id, 'It does 👏');
  for (const client of [alan, grace, hedy]) await client.conversation(room.id).react(answer, '🎉');
  await ada.conversation(room.id).react(question, '🤔');

  await say(grace, group.id, 'Three things are left on the list:\n1. the notes\n2. the pictures\n3. cake');
  await say(hedy, group.id, 'I bring the cake');
  const direct = await ada.direct(idOf(grace));
  await say(grace, direct.id, 'Shall we look at the numbers together?');
  await say(ada, direct.id, 'Gladly. After lunch?');
  const plan = await say(grace, direct.id, 'Half past one, then. I bring the printout.');
  await ada.conversation(direct.id).react(plan, '👍');
  await say(ada, direct.id, 'See you there');
  grace.conversation(direct.id).markRead();
  const other = await ada.direct(idOf(amir));
  await say(amir, other.id, 'شكرًا على الكتاب، قرأته في ليلة واحدة');

  return { everybody, room: room.id, direct: direct.id, group: group.id };
};

const signIn = async (page: Page, url: string) => {
  await page.goto(url);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel('Username').fill('ada');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.locator('button[type=submit]').click();
  await page.locator('.sidebar').waitFor();
};

type Shot = (page: Page, url: string, ids: Awaited<ReturnType<typeof seed>>) => Promise<unknown>;

const at = async (page: Page, url: string, hash: string) => {
  await page.goto(`${url}/#/${hash}`);
  // Where it points at nothing.
  await page.mouse.move(0, 0);
};
const conversation = async (page: Page, url: string, id: string) => {
  await at(page, url, `c/${id}`);
  await page.locator('.message[data-seq]').last().waitFor();
};
const fromMenu = async (page: Page, button: RegExp | string, item: string) => {
  await page.locator('.sidebar').getByRole('button', { name: button }).click();
  await page.getByRole('menuitem', { name: item }).click();
  await page.getByRole('dialog').waitFor();
};
const account = /account and settings$/;

/** Each main screen, as Ada sees it. */
const shots: Record<string, Shot> = {
  async list(page, url) {
    await at(page, url, '');
    await page.locator('.sidebar').getByText('Engine room').waitFor();
  },
  conversation: (page, url, { room }) => conversation(page, url, room),
  direct: (page, url, { direct }) => conversation(page, url, direct),
  async members(page, url, { room }) {
    await at(page, url, `c/${room}/members`);
    await page.getByText('@hedy').waitFor();
  },
  async emoji(page, url, { direct }) {
    await conversation(page, url, direct);
    await page.locator('.composer').getByRole('button', { name: 'Emoji' }).click();
    await page.getByRole('button', { name: 'grinning face', exact: true }).first().waitFor();
  },
  async offline(page, url, { direct }) {
    await conversation(page, url, direct);
    await page.context().setOffline(true);
    const field = page.locator('.composer').getByRole('textbox');
    for (const text of ['The train is in a tunnel', 'but what I write is kept', 'and goes out by itself']) {
      await field.fill(text);
      await field.press('Control+Enter');
    }
    await page.locator('.banner').waitFor();
  },
  async search(page, url) {
    await page.context().setOffline(false);
    await at(page, url, '');
    await page.getByRole('searchbox').fill('a');
    await page.locator('.found-group[aria-busy=false]').nth(2).waitFor();
  },
  async directory(page, url) {
    await at(page, url, '');
    await fromMenu(page, 'New conversation', 'Browse rooms');
    await page.getByText('From words to work').waitFor();
  },
  async 'new-group'(page, url) {
    await at(page, url, '');
    await fromMenu(page, 'New conversation', 'New group');
  },
  async inbox(page, url) {
    await at(page, url, '');
    await page
      .locator('.sidebar')
      .getByRole('button', { name: /^Inbox/ })
      .click();
    await page.getByRole('dialog').getByRole('listitem').first().waitFor();
  },
  async profile(page, url) {
    await at(page, url, '');
    await fromMenu(page, account, 'Profile');
  },
  async devices(page, url) {
    await at(page, url, '');
    await fromMenu(page, account, 'Devices');
    await page.getByText('This device').waitFor();
  },
  async settings(page, url) {
    await at(page, url, '');
    await fromMenu(page, account, 'Settings');
  },
};

/** Who is here for the first time. */
const firstVisit = async (context: BrowserContext, url: string, path: string) => {
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole('button', { name: 'Just look around as a guest' }).click();
  await page.getByRole('link', { name: 'Open a guest friend' }).waitFor();
  await page.screenshot({ path });
  await context.close();
};

/** All pictures of one look, on a server of their own: what is done for one picture is not seen in those of another look. */
const take = async (browser: Browser, look: BrowserContextOptions, suffix: string) => {
  const server = await startEmbedded();
  const { url } = server;
  const path = (name: string) => join(folder, `${name}-${suffix}.png`);
  const ids = await seed(url);
  try {
    const context = await browser.newContext(look);
    const page = await context.newPage();
    await page.goto(url);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.screenshot({ path: path('sign-in') });
    await firstVisit(await browser.newContext(look), url, path('first-visit'));
    await signIn(page, url);
    for (const [name, show] of Object.entries(shots)) {
      await page.goto('about:blank');
      await show(page, url, ids);
      await page.screenshot({ path: path(name) });
    }
    await context.close();
  } finally {
    for (const client of ids.everybody) await client.close();
    await server.close();
  }
};

const main = async () => {
  mkdirSync(folder, { recursive: true });
  const executablePath = realParts.find(({ name }) => name === 'Chromium')?.find();
  if (!executablePath) throw new Error('Chromium is not installed: scripts/install-test-servers');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    for (const colorScheme of ['light', 'dark'] as const)
      for (const [name, device] of Object.entries(devices))
        await take(
          browser,
          { ...device, colorScheme, reducedMotion: 'reduce', locale: 'en-GB' },
          `${name}-${colorScheme}`,
        );
  } finally {
    await browser.close();
  }
};

await main();
