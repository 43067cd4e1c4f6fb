import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { numbered, seeder } from './seed.ts';
import {
  composer,
  eventually,
  inChromium,
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

inChromium('two tabs of one person', stage => {
  const texts = async (page: Page) => (await said(page)).map(({ text }) => text);

  it('[G2] share one outbox: both show what waits, and the server has it once', async () => {
    const server = await seeder(stage.server, 'witness');
    const first = await stage.visit();
    await register(first, 'twice', 'Twice');
    const second = await stage.visitBeside(first);
    await open(first, 'Lobby');
    await open(second, 'Lobby');
    await first.context().setOffline(true);
    await say(first, 'from the first');
    await waiting(second).getByText('from the first').waitFor();
    await say(second, 'from the second');
    await waiting(first).getByText('from the second').waitFor();
    await say(first, 'and the first again');
    const all = ['from the first', 'from the second', 'and the first again'];
    await eventually(() => waiting(second).locator('.message-text').allTextContents()).toEqual(all);
    await first.context().setOffline(false);
    for (const page of [first, second]) {
      await saying(page, 'and the first again').waitFor({ timeout: 20_000 });
      await waiting(page).first().waitFor({ state: 'detached' });
      expect(await texts(page)).toEqual(all);
    }
    const { items } = await server.ask('message:history', { conversation_id: 'lobby' });
    expect(items.map(({ message }) => message)).toEqual(all);
  });

  it('[G2] hand over what the tab that is closed was sending', async () => {
    const wire = await stage.link();
    const server = await seeder(stage.server, 'heir');
    const writer = await seeder(stage.server, 'leaver');
    const { id } = await server.ask('conversation:create', { kind: 'group', name: 'Relay', members: [writer.id] });
    const first = await stage.visit({ url: wire.url });
    await signIn(first, 'leaver');
    await open(first, 'Relay');
    const second = await stage.visitBeside(first);
    await open(second, 'Relay');
    wire.deafen();
    await say(first, 'not answered');
    await say(first, 'not sent');
    const heard = async () => (await server.ask('message:history', { conversation_id: id })).items;
    await eventually(async () => (await heard()).length).toBe(1);
    await waiting(second).getByText('not sent').waitFor();
    await first.close();
    wire.cut();
    wire.heal();
    await saying(second, 'not sent').waitFor({ timeout: 20_000 });
    await waiting(second).first().waitFor({ state: 'detached' });
    expect(await texts(second)).toEqual(['not answered', 'not sent']);
    expect((await heard()).map(({ message }) => message)).toEqual(['not answered', 'not sent']);
  });

  it('count the same as unread, whichever of them reads', async () => {
    const friend = await seeder(stage.server, 'friend', 'Friend');
    const reader = await seeder(stage.server, 'reader', 'Reader');
    const { id } = await friend.ask('conversation:direct', { user_id: reader.id });
    const first = await stage.visit();
    await signIn(first, 'reader');
    const second = await stage.visitBeside(first);
    await friend.say(id, numbered('hello', 7));
    for (const page of [first, second]) {
      await listed(page, 'Friend').getByText('7 unread messages').waitFor({ state: 'attached' });
      await eventually(() => page.title()).toBe('(7) Parley');
    }
    await open(first, 'Friend');
    for (const page of [first, second]) {
      await listed(page, 'Friend').locator('.sidebar-badge').waitFor({ state: 'detached' });
      await eventually(() => page.title()).toBe('Parley');
    }
  });

  it('share drafts, and leave the one alone that somebody writes in', async () => {
    const drafter = await seeder(stage.server, 'drafter');
    const friend = await seeder(stage.server, 'pen', 'Pen');
    await friend.ask('conversation:direct', { user_id: drafter.id });
    const first = await stage.visit();
    await signIn(first, 'drafter');
    const second = await stage.visitBeside(first);
    await open(first, 'Lobby');
    await open(second, 'Pen');
    await composer(first).fill('dear all');
    await listed(second, 'Lobby').getByText('dear all').waitFor();
    await composer(second).fill('dear Pen');
    await listed(first, 'Pen').getByText('dear Pen').waitFor();
    expect(await composer(first).inputValue()).toBe('dear all');
    await open(second, 'Lobby');
    expect(await composer(second).inputValue()).toBe('dear all');
    await say(second, 'dear everybody');
    await saying(first, 'dear everybody').waitFor();
    await eventually(() => composer(first).inputValue()).toBe('');
    await first.reload();
    await ready(first);
    await open(first, 'Pen');
    expect(await composer(first).inputValue()).toBe('dear Pen');
  });

  it('[G9] sign out together, and in together', async () => {
    const first = await stage.visit();
    await register(first, 'leaving', 'Leaving');
    const second = await stage.visitBeside(first);
    await first.getByRole('button', { name: /account and settings/ }).click();
    await first.getByRole('menuitem', { name: 'Sign out' }).click();
    await second.getByLabel('Username').waitFor();
    await first.getByLabel('Username').waitFor();
    await first.getByLabel('Username').fill('leaving');
    await first.getByLabel('Password', { exact: true }).fill('correct horse 1');
    await first.locator('form').getByRole('button', { name: 'Sign in' }).click();
    await ready(first);
    await ready(second);
  });
});
