// Takes the pictures of docs/screenshots/ anew: `npm run screenshots`. Needs Chromium (PARLEY_CHROMIUM, or on the PATH as a test finds it).
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type ChatClient, createClient } from '../src/client/index.ts';
import { startEmbedded } from '../test/support/server.ts';
import { realParts } from './real-parts.mjs';

const folder = join(fileURLToPath(new URL('..', import.meta.url)), 'docs/screenshots');
const password = 'correct horse 1';
const widths = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const themes = ['light', 'dark'] as const;

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

const at = (page: Page, url: string, hash: string) => page.goto(`${url}/#/${hash}`);
const opened = (page: Page) => page.locator('.message[data-seq]').last().waitFor();
const dialog = (page: Page) => page.getByRole('dialog').waitFor();

/** Each main screen, from whoever is signed in as Ada. */
const shots: Record<string, Shot> = {
  async list(page, url) {
    await at(page, url, '');
    await page.getByText('Engine room').first().waitFor();
  },
  async conversation(page, url, { room }) {
    await at(page, url, `c/${room}`);
    await opened(page);
  },
  async direct(page, url, { direct }) {
    await at(page, url, `c/${direct}`);
    await opened(page);
  },
  async members(page, url, { room }) {
    await at(page, url, `c/${room}/members`);
    await page.getByText('@hedy').waitFor();
  },
};

const main = async () => {
  mkdirSync(folder, { recursive: true });
  const executablePath = realParts.find(({ name }) => name === 'Chromium')?.find();
  if (!executablePath) throw new Error('Chromium is not installed: scripts/install-test-servers');
  const server = await startEmbedded();
  const browser: Browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const ids = await seed(server.url);
    for (const theme of themes) {
      for (const [width, viewport] of Object.entries(widths)) {
        const context = await browser.newContext({ viewport, colorScheme: theme, reducedMotion: 'reduce', locale: 'en-GB' });
        const page = await context.newPage();
        await page.goto(server.url);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.screenshot({ path: join(folder, `sign-in-${width}-${theme}.png`) });
        await signIn(page, server.url);
        for (const [name, show] of Object.entries(shots)) {
          await show(page, server.url, ids);
          await page.screenshot({ path: join(folder, `${name}-${width}-${theme}.png`) });
        }
        await context.close();
      }
    }
    for (const client of ids.everybody) await client.close();
  } finally {
    await browser.close();
    await server.close();
  }
};

await main();
