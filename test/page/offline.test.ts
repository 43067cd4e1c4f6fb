import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { dialog, fromMyMenu } from './gestures.ts';
import { numbered, seeder } from './seed.ts';
import {
  away,
  bannerSays,
  composer,
  connectNow,
  eventually,
  heading,
  inChromium,
  installed,
  listed,
  open,
  ready,
  register,
  said,
  say,
  saying,
  signIn,
  waiting,
} from './support.ts';

inChromium('the page without a connection', stage => {
  const texts = async (page: Page) => (await said(page)).map(({ text }) => text);
  const pending = (page: Page) => waiting(page).locator('.message-text').allTextContents();

  it('[G2][G4] shows what waits, and delivers it in order exactly once when the connection is back', async () => {
    const wire = await stage.link();
    const [ada, bob] = [await stage.visit({ url: wire.url }), await stage.visit()];
    await register(ada, 'ada', 'Ada');
    await register(bob, 'bob', 'Bob');
    await open(ada, 'Lobby');
    await open(bob, 'Lobby');
    await say(ada, 'before');
    await saying(bob, 'before').waitFor();

    wire.cut();
    await ada.context().setOffline(true);
    await bannerSays(ada, 'You are offline.');
    for (const text of ['one', 'two', 'three']) await say(ada, text);
    await bannerSays(ada, 'You are offline. 3 messages are waiting');
    expect(await pending(ada)).toEqual(['one', 'two', 'three']);
    expect(await waiting(ada).getByText('Waiting to be sent').count()).toBe(3);
    await listed(ada, 'Lobby').getByText('Not sent yet').waitFor({ state: 'attached' });
    await say(bob, 'are you there?');

    wire.heal();
    await ada.context().setOffline(false);
    await saying(bob, 'three').waitFor();
    await waiting(ada).first().waitFor({ state: 'detached' });
    await ready(ada);
    const all = ['before', 'are you there?', 'one', 'two', 'three'];
    expect(await texts(ada)).toEqual(all);
    expect(await texts(bob)).toEqual(all);
  });

  it('[G2] sends again what was stored but never acknowledged, and it is there once', async () => {
    const wire = await stage.link();
    const dot = await seeder(stage.server, 'dot', 'Dot');
    const cal = await stage.visit({ url: wire.url });
    await register(cal, 'cal', 'Cal');
    await open(cal, 'Lobby');
    await say(cal, 'hello');
    await saying(cal, 'hello').waitFor();
    wire.deafen();
    await say(cal, 'heard by the server only');
    const last = async () => (await dot.ask('message:history', { conversation_id: 'lobby' })).items.at(-1)?.message;
    await eventually(last).toBe('heard by the server only');
    expect(await pending(cal)).toEqual(['heard by the server only']);
    wire.cut();
    wire.heal();
    await saying(cal, 'heard by the server only').waitFor({ timeout: 20_000 });
    await waiting(cal).first().waitFor({ state: 'detached' });
    await say(cal, 'last');
    await saying(cal, 'last').waitFor();
    expect((await texts(cal)).slice(-3)).toEqual(['hello', 'heard by the server only', 'last']);
    const { items } = await dot.ask('message:history', { conversation_id: 'lobby' });
    expect(items.slice(-3).map(({ message }) => message)).toEqual(['hello', 'heard by the server only', 'last']);
  });

  it('[G2] keeps a full outbox through a reload without any network, and through a restart of the server', async () => {
    const wire = await stage.link();
    const page = await stage.visit({ url: wire.url });
    await register(page, 'fay', 'Fay');
    await open(page, 'Lobby');
    await installed(page);
    wire.cut();
    const wanted = numbered('kept', 40);
    for (const text of wanted) await say(page, text);
    await bannerSays(page, '40 messages are waiting');
    await page.reload();
    await heading(page, 'Lobby').waitFor();
    await bannerSays(page, `${away} 40 messages are waiting`);
    expect(await pending(page)).toEqual(wanted);
    await stage.server.restart();
    wire.heal();
    await connectNow(page);
    await saying(page, 'kept 40').waitFor({ timeout: 20_000 });
    await waiting(page).first().waitFor({ state: 'detached' });
    await ready(page);
    expect((await texts(page)).filter(text => text.startsWith('kept'))).toEqual(wanted);
    await page.reload();
    await saying(page, 'kept 40').waitFor();
    expect((await texts(page)).filter(text => text.startsWith('kept'))).toEqual(wanted);
  });

  it('asks before signing out, as nobody can sign in again', async () => {
    const wire = await stage.link();
    const page = await stage.visit({ url: wire.url });
    await register(page, 'olga', 'Olga');
    wire.cut();
    await bannerSays(page, away);
    await fromMyMenu(page, 'Sign out');
    await dialog(page).getByText('There is no connection to the server: you cannot sign in again').waitFor();
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    wire.heal();
    await connectNow(page);
    await ready(page);
    await fromMyMenu(page, 'Sign out');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it('reads, finds and switches conversations, and keeps drafts, from what this device holds alone', async () => {
    const wire = await stage.link();
    const eve = await seeder(stage.server, 'eve', 'Eve');
    const sam = await seeder(stage.server, 'sam', 'Sam');
    let kitchen = '';
    for (const name of ['Garden', 'Kitchen']) {
      const { id } = await eve.ask('conversation:create', { kind: 'group', name, members: [sam.id] });
      await eve.say(id, numbered(name, 30));
      kitchen = id;
    }
    const page = await stage.visit({ url: wire.url });
    await signIn(page, 'sam');
    await open(page, 'Garden');
    await saying(page, 'Garden 30').waitFor();
    await open(page, 'Kitchen');
    await saying(page, 'Kitchen 30').waitFor();
    await installed(page);
    // Gone a moment after it came: what the device holds is written as the page goes.
    await eve.say(kitchen, ['Kitchen 31']);
    await saying(page, 'Kitchen 31').waitFor();
    wire.cut();
    await page.reload();
    await bannerSays(page, away);
    await saying(page, 'Kitchen 31').waitFor();
    expect((await texts(page)).filter(text => text.startsWith('Kitchen'))).toEqual(numbered('Kitchen', 31));
    await composer(page).fill('a thought for later');

    const search = page.getByRole('searchbox', { name: /^Search conversations/ });
    await search.fill('gard');
    const found = page.locator('.sidebar').getByRole('region', { name: 'Conversations' });
    await found.getByRole('button', { name: 'Garden' }).click();
    await heading(page, 'Garden').waitFor();
    await saying(page, 'Garden 30').waitFor();
    await search.press('Escape');
    await say(page, 'watered');
    expect(await pending(page)).toEqual(['watered']);
    await listed(page, 'Kitchen').getByText('a thought for later').waitFor();
    await page.reload();
    await listed(page, 'Kitchen').getByRole('link').click();
    await heading(page, 'Kitchen').waitFor();
    expect(await composer(page).inputValue()).toBe('a thought for later');

    wire.heal();
    await open(page, 'Garden');
    await saying(page, 'watered').waitFor({ timeout: 20_000 });
    await waiting(page).first().waitFor({ state: 'detached' });
  });
});
