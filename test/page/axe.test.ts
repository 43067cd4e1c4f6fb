import type { Page } from 'playwright-core';
import { beforeAll, it } from 'vitest';
import { inspection } from './axe.ts';
import { type Seeder, seeder } from './seed.ts';
import {
  banner,
  bannerSays,
  composer,
  connectNow,
  inChromium,
  listed,
  open,
  saying,
  signIn,
  waiting,
} from './support.ts';

const looks = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
] as const;

inChromium('the page for everybody', stage => {
  let ada: Seeder;
  let bob: Seeder;
  let group: string;

  beforeAll(async () => {
    ada = await seeder(stage.server, 'ada', 'Ada Lovelace');
    bob = await seeder(stage.server, 'bob', 'Bob');
    const eve = await seeder(stage.server, 'eve', 'إيف');
    const made = { kind: 'group' as const, name: 'Everything', topic: 'All there is', members: [bob.id, eve.id] };
    ({ id: group } = await ada.ask('conversation:create', made));
    const [first, code, link, gone] = await bob.say(group, [
      'Has somebody seen this?',
      'Some `code`, and\n```\na block of it\n```',
      'See https://example.org/a/path and @ada, @eve',
      'never mind',
    ]);
    await eve.say(group, ['مرحبا', '🎉']);
    const reply = { reply_to: first?.id ?? '' };
    await ada.ask('message:send', { conversation_id: group, message: 'I have', client_id: 'reply', ...reply });
    const [edited] = await ada.say(group, ['A tpyo']);
    await ada.ask('message:edit', { id: edited?.id ?? '', message: 'A typo' });
    for (const { id } of [first, code, link].filter(one => one !== undefined))
      for (const who of [bob, ada]) await who.ask('message:react', { id, emoji: '👍' });
    await bob.ask('message:unsend', { id: gone?.id ?? '' });
    await ada.ask('conversation:create', { kind: 'room', name: 'Garden', topic: 'Beds and pots' });
    await bob.ask('conversation:create', { kind: 'room', name: 'Somewhere else' });
    const direct = await bob.ask('conversation:direct', { user_id: ada.id });
    await bob.say(direct.id, ['just between us']);
    await ada.ask('conversation:direct', { user_id: eve.id });
  });

  for (const viewport of looks) {
    const { width } = viewport;
    const isPhone = width < 768;
    const options = { viewport, hasTouch: isPhone, reducedMotion: 'reduce' } as const;
    const { check, isFaultless } = inspection();
    const visit = async (username: string, url = stage.server.url) => {
      const page = await stage.visit({ ...options, url });
      await signIn(page, username);
      return page;
    };
    const back = async (page: Page) => {
      if (isPhone) await page.getByRole('button', { name: 'Back to the conversations' }).click();
    };
    const dialogs = (page: Page) => page.getByRole('dialog');
    const shut = async (page: Page) => {
      await dialogs(page).getByRole('button', { name: 'Close' }).click();
      await dialogs(page).waitFor({ state: 'detached' });
    };
    const menu = async (page: Page, button: string | RegExp, what: string) => {
      await page.getByRole('button', { name: button }).click();
      await page.getByRole('menu').waitFor();
      await check(page, what);
    };

    it(`signs in and up, ${width} wide`, async () => {
      const page = await stage.visit(options);
      await page.getByRole('button', { name: 'Create account' }).waitFor();
      await check(page, 'sign-up');
      await page.getByRole('button', { name: 'Create account' }).click();
      await page.getByText('Please fill this in.').first().waitFor();
      await check(page, 'sign-up with errors');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByLabel('Username').fill('nobody');
      await page.getByLabel('Password', { exact: true }).fill('wrong');
      await page.locator('form').getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('alert').waitFor();
      await check(page, 'sign-in with an error');
      await seeder(stage.server, `new-${width}`, 'New').then(({ username }) =>
        page.getByLabel('Username').fill(username),
      );
      await page.getByLabel('Password', { exact: true }).fill('correct horse 1');
      await page.locator('form').getByRole('button', { name: 'Sign in' }).click();
      await listed(page, 'Lobby').waitFor();
      await check(page, 'first steps');
      if (isPhone) await open(page, 'Lobby');
      await page.getByText('This is the beginning of Lobby').waitFor();
      await check(page, 'an empty conversation');
      await back(page);
      await page.getByRole('button', { name: /^Inbox/ }).click();
      await dialogs(page).getByText('Nothing for you yet').waitFor();
      await check(page, 'an empty inbox');
      isFaultless();
    });

    it(`shows conversations and all that opens there, ${width} wide`, async () => {
      const page = await visit('ada');
      await listed(page, 'Bob').waitFor();
      await check(page, 'list');
      await menu(page, /account and settings$/, 'menu of the account');
      await page.keyboard.press('Escape');
      await menu(page, 'New conversation', 'menu of what is new');
      await page.keyboard.press('Escape');
      await open(page, 'Everything');
      await saying(page, 'A typo').waitFor();
      await check(page, 'conversation');
      await composer(page).fill('@b');
      await page.getByRole('option', { name: /Bob/ }).waitFor();
      await check(page, 'people to mention');
      await composer(page).fill('');

      const message = saying(page, 'I have');
      await message.focus();
      await message.press('Enter');
      await page.getByRole('menu').waitFor();
      await check(page, 'menu of a message');
      await page.getByRole('menuitem', { name: 'Reply' }).click();
      await check(page, 'replying');
      await page.getByRole('button', { name: 'Do not reply' }).click();
      await message.press('+');
      await page.getByRole('menuitem', { name: 'More emoji' }).click();
      await page.getByLabel('Search emoji').waitFor();
      await page
        .getByRole('button', { name: /grinning face/ })
        .or(page.getByRole('option', { name: /grinning face/ }))
        .first()
        .waitFor();
      await check(page, 'emoji picker');
      await page.keyboard.press('Escape');
      await message.press('Enter');
      await page.getByRole('menuitem', { name: 'Who has read it' }).click();
      await dialogs(page).waitFor();
      await check(page, 'readers');
      await shut(page);
      await message.press('Delete');
      await check(page, 'confirmation');
      await shut(page);

      await menu(page, 'More about this conversation', 'menu of the conversation');
      await page.getByRole('menuitem', { name: 'Settings' }).click();
      await check(page, 'settings of the conversation');
      await shut(page);
      await page.getByRole('button', { name: 'More about this conversation' }).click();
      await page.getByRole('menuitem', { name: 'Invite people' }).click();
      await check(page, 'invite');
      await shut(page);
      await page.getByRole('button', { name: 'Members', exact: true }).click();
      await page.locator('.members-row').nth(2).waitFor();
      await check(page, 'members');
      await menu(page, 'Actions for Bob', 'menu of a member');
      await page.keyboard.press('Escape');
      isFaultless();
    });

    it(`shows each dialog and what a search finds, ${width} wide`, async () => {
      const page = await visit('ada');
      for (const item of ['Profile', 'Devices', 'Settings', /^Inbox/, 'Keyboard shortcuts']) {
        await page.getByRole('button', { name: /account and settings$/ }).click();
        await page.getByRole('menuitem', { name: item }).click();
        await dialogs(page).waitFor();
        await check(page, String(item));
        await shut(page);
      }
      for (const item of ['Message somebody', 'New group', 'New room', 'Browse rooms']) {
        await page.getByRole('button', { name: 'New conversation' }).click();
        await page.getByRole('menuitem', { name: item }).click();
        await dialogs(page).waitFor();
        if (item === 'Browse rooms') await dialogs(page).getByText('Somewhere else').waitFor();
        await check(page, item);
        await shut(page);
      }
      const search = page.getByRole('searchbox', { name: /^Search conversations/ });
      await search.fill('so');
      await page.getByRole('region', { name: 'Rooms to join' }).getByRole('button').first().waitFor();
      await check(page, 'found');
      await search.fill('xyzzy');
      await page.getByText('Nobody wrote that in your conversations.').waitFor();
      await check(page, 'nothing found');
      isFaultless();
    });

    it(`says what is wrong, ${width} wide`, async () => {
      const wire = await stage.link();
      const until = (muted_until: string | null) =>
        ada.ask('conversation:mute', { conversation_id: group, user_id: bob.id, muted_until });
      await until(null);
      const page = await visit('bob', wire.url);
      await open(page, 'Everything');
      wire.cut();
      await banner(page).waitFor();
      for (const text of ['refused', 'refused as well']) {
        await composer(page).fill(text);
        // Enter begins a line where there is no mouse.
        await page.getByRole('button', { name: 'Send' }).click();
      }
      await check(page, 'offline, with what waits');
      await until(new Date(Date.now() + 3_600_000).toISOString());
      wire.heal();
      await connectNow(page);
      await waiting(page).getByText('Not sent').nth(1).waitFor();
      await page.getByText(/You can read along/).waitFor();
      await check(page, 'failed, and muted');
      await back(page);
      if (!isPhone) await open(page, 'Lobby');
      await bannerSays(page, '2 messages could not be sent.');
      await check(page, 'failed elsewhere');
      isFaultless();
    });
  }
});
