import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import en from '../../client-demo/words/en/index.ts';
import { api, password } from '../support/clients.ts';
import { besides, idOf } from './gestures.ts';
import { type Seeder, seeder } from './seed.ts';
import { eventually, heading, inChromium, listed, loaded, open, ready, register, saying } from './support.ts';

const before = 'Ada the First';
const later = 'آدا 👩🏽‍🚀';
const { deletedAccount } = en.app;

/** All that a window says, to the eye or to whoever listens, and what its browser keeps. */
const everything = async (page: Page) => {
  const text: string = await page.evaluate(`document.documentElement.outerHTML`);
  const kept: string = await page.evaluate(`(async () => {
    const asked = request => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const all = [];
    for (const { name } of await indexedDB.databases()) {
      const database = await asked(indexedDB.open(name));
      for (const store of database.objectStoreNames)
        all.push(await asked(database.transaction(store).objectStore(store).getAll()));
      database.close();
    }
    return JSON.stringify([all, { ...localStorage }]);
  })()`);
  return `${text}${kept}`;
};

inChromium('the names of others', stage => {
  let ben: Page;
  let ada: Seeder;
  let group: string;

  const authors = () => ben.locator('.timeline .message-name').allTextContents();
  const quoted = () => ben.locator('.timeline .quote-name').allTextContents();

  it('change over what a window shows, as soon as anything tells it', async () => {
    ben = await stage.visit();
    await register(ben, 'ben', 'Ben');
    ada = await seeder(stage.server, 'ada', before);
    const ben_id = await idOf(stage.server, ada, 'ben');
    ({ id: group } = await ada.ask('conversation:create', { kind: 'group', name: 'Club', members: [ben_id] }));
    const direct = await ada.ask('conversation:direct', { user_id: ben_id });
    await ada.say(direct.id, ['psst']);
    const [asked] = await ada.say(group, ['a question']);
    await ada.ask('message:send', {
      ...{ conversation_id: group, message: 'to myself', client_id: 'reply', reply_to: asked?.id ?? '' },
    });
    await open(ben, 'Club');
    await saying(ben, 'to myself').waitFor();
    await ben.getByRole('button', { name: 'Members', exact: true }).click();
    const members = ben.getByRole('complementary', { name: 'Details' }).locator('.person-name');
    await eventually(() => members.allTextContents()).toEqual([before, 'Ben']);
    await besides(saying(ben, 'a question'), 'Reply');
    const target = ben.locator('.composer-target-title');
    await eventually(() => target.textContent()).toContain(before);

    await api(stage.server, ada.token)('PUT', '/user/v1/profile', { full_name: later });
    await ada.say('lobby', ['hello everybody']);
    await eventually(authors).toEqual([later]);
    await eventually(quoted).toEqual([later]);
    await eventually(() => members.allTextContents()).toEqual([later, 'Ben']);
    await eventually(() => target.textContent()).toContain(later);
    await listed(ben, later).waitFor();
    await eventually(() => everything(ben)).not.toContain(before);
  });

  it('are gone from a window that is open when an account is erased, and stay so after a reload', async () => {
    await api(stage.server, ada.token)('DELETE', '/user/v1/account', { password });
    await eventually(authors).toEqual([deletedAccount]);
    await eventually(quoted).toEqual([deletedAccount]);
    expect(await saying(ben, 'a question').isVisible()).toBe(true);
    await eventually(() => ben.locator('.composer-target-title').textContent()).toContain(deletedAccount);
    await listed(ben, deletedAccount).waitFor();
    await eventually(() => everything(ben)).not.toContain(later);

    await ben.reload();
    await ready(ben);
    await loaded(ben);
    expect(await authors()).toEqual([deletedAccount]);
    await listed(ben, deletedAccount).getByRole('link').click();
    await heading(ben, deletedAccount).waitFor();
    await saying(ben, 'psst').waitFor();
    expect(await everything(ben)).not.toContain(later);
  });
});
