import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { api } from '../support/clients.ts';
import { comesInSight, hasFocus, idOf } from './gestures.ts';
import { numbered, type Seeder, seeder } from './seed.ts';
import {
  composer,
  eventually,
  heading,
  inChromium,
  listed,
  open,
  openDirect,
  register,
  say,
  saying,
} from './support.ts';

const titles = (page: Page) => page.locator('.sidebar-item .sidebar-row-title').allTextContents();
const search = (page: Page) => page.getByLabel('Search conversations, people, messages and rooms');

inChromium('the list of conversations', stage => {
  let ada: Page;
  let bob: Page;
  let quentin: Seeder;

  it('shows what was said last, when, and how much of it is new', async () => {
    ada = await stage.visit();
    bob = await stage.visit();
    await register(ada, 'ada', 'Ada Lovelace');
    await register(bob, 'bob', 'Bob Noyce');
    await openDirect(bob, 'Ada Lovelace');
    const row = listed(ada, 'Bob Noyce');
    for (const [count, text] of [
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
    ] as const) {
      await say(bob, text);
      await row.getByText(`${count} unread message`).waitFor({ state: 'attached' });
      await row.locator('.sidebar-line-text', { hasText: text }).waitFor();
    }
    expect(await row.locator('.sidebar-badge').textContent()).toBe('3');
    expect(await row.locator('time').textContent()).toMatch(/^\d{1,2}:\d{2}/);
    expect(await titles(ada)).toEqual(['Lobby', 'Bob Noyce']);
    await open(ada, 'Bob Noyce');
    await row.locator('.sidebar-badge').waitFor({ state: 'detached' });
    await say(ada, 'I see');
    await row.locator('.sidebar-line', { hasText: /^You:\s*I see$/ }).waitFor();
    await open(bob, 'Lobby');
    await say(bob, 'Hello, all');
    await listed(ada, 'Lobby')
      .locator('.sidebar-line', { hasText: /^Bob Noyce:\s*Hello, all$/ })
      .waitFor();
  });

  it('shows who is there, from when they come until they go', async () => {
    await openDirect(ada, 'Bob Noyce');
    const eve = await stage.visit();
    await register(eve, 'eve', 'Eve Moneypenny');
    await openDirect(ada, 'Eve Moneypenny');
    const dot = listed(ada, 'Eve Moneypenny').locator('.presence-dot');
    await dot.waitFor();
    await ada.locator('.conversation-line', { hasText: 'Online' }).waitFor();
    await eve.context().close();
    await dot.waitFor({ state: 'detached', timeout: 30_000 });
    await ada
      .locator('.conversation-header')
      .getByText(/^Last seen/)
      .waitFor();
    await listed(ada, 'Bob Noyce').locator('.presence-dot').waitFor();
  });

  it('keeps what somebody began to write, also through a reload', async () => {
    const row = listed(ada, 'Bob Noyce');
    await open(ada, 'Bob Noyce');
    await composer(ada).fill('half a thought');
    await open(ada, 'Lobby');
    await row.locator('.sidebar-line', { hasText: /^Draft:\s*half a thought$/ }).waitFor();
    expect(await composer(ada).inputValue()).toBe('');
    await open(ada, 'Bob Noyce');
    expect(await composer(ada).inputValue()).toBe('half a thought');
    await composer(ada).pressSequentially(' more');
    await ada.reload();
    await heading(ada, 'Bob Noyce').waitFor();
    await expect.poll(() => composer(ada).inputValue(), { timeout: 15_000 }).toBe('half a thought more');
    await composer(ada).press('Enter');
    await saying(ada, 'half a thought more').waitFor();
    await open(ada, 'Lobby');
    await row.locator('.sidebar-line', { hasText: /^You:\s*half a thought more$/ }).waitFor();
  });

  it('finds conversations, people, messages and rooms, and leads to them', async () => {
    quentin = await seeder(stage.server, 'quentin', 'Quentin Quartz');
    await quentin.say('lobby', ['the quokka question', ...numbered('filler', 120)]);
    const room = { kind: 'room', name: 'Quarry', topic: 'Stones' } as const;
    await quentin.ask('conversation:create', room);
    // What was just said is searched for once only: by then the index has it.
    const found = async () => (await api(stage.server, quentin.token)('GET', '/message/v1/search?q=quokka')).body;
    await eventually(async () => JSON.stringify(await found())).toContain('the quokka question');
    const group = (name: string) => ada.getByRole('region', { name });

    await ada.keyboard.press('Control+k');
    await hasFocus(search(ada));
    await search(ada).fill('bob');
    await group('Conversations').getByRole('button', { name: 'Bob Noyce' }).click();
    await heading(ada, 'Bob Noyce').waitFor();
    expect(await search(ada).inputValue()).toBe('');

    await open(ada, 'Lobby');
    await comesInSight(saying(ada, 'filler 120'));
    await search(ada).fill('quokka');
    await group('Messages').getByRole('button').filter({ hasText: 'the quokka question' }).click();
    await heading(ada, 'Lobby').waitFor();
    await comesInSight(saying(ada, 'the quokka question'));

    await search(ada).fill('quent');
    await group('People').getByRole('button', { name: 'Quentin Quartz' }).click();
    await heading(ada, 'Quentin Quartz').waitFor();

    await search(ada).fill('quar');
    const toJoin = group('Rooms to join').getByRole('button', { name: 'Quarry' });
    await toJoin.getByText('1 member · Stones').waitFor();
    await toJoin.click();
    await heading(ada, 'Quarry').waitFor();
    await listed(ada, 'Quarry').waitFor();
    await search(ada).fill('quar');
    await group('Conversations').getByRole('button', { name: 'Quarry' }).waitFor();
    await ada.getByText('No other room is called that.').waitFor();
    await search(ada).press('Escape');
    await listed(ada, 'Lobby').waitFor();
  });

  it('can be filtered down to what is unread, where it is long', async () => {
    const filter = (name: RegExp) => ada.getByRole('group', { name: 'Show' }).getByRole('button', { name });
    const members = [await idOf(stage.server, quentin, 'ada')];
    const made = [];
    for (const name of ['First', 'Second', 'Third'])
      made.push(await quentin.ask('conversation:create', { kind: 'group', name, members }));
    for (const { id } of made.slice(0, 2)) await quentin.say(id, ['news', 'more news']);
    await open(ada, 'Bob Noyce');
    await listed(ada, 'Second').getByText('2 unread messages').waitFor({ state: 'attached' });
    await filter(/^Unread/).click();
    await expect.poll(() => titles(ada), { timeout: 10_000 }).toEqual(['Second', 'First', 'Bob Noyce']);
    await open(ada, 'First');
    await open(ada, 'Second');
    await expect.poll(() => titles(ada), { timeout: 10_000 }).toEqual(['Second']);
    await filter(/^All/).click();
    await listed(ada, 'Third').waitFor();
  });
});
