import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { closeDialog, comesInSight, dialog, fromMyMenu, idOf, look } from './gestures.ts';
import { numbered, type Seeder, seeder } from './seed.ts';
import { heading, inChromium, listed, open, register, saying } from './support.ts';

/** Keeps what the system would be told, by whichever way. */
const record = `
  globalThis.told = [];
  const keep = (title, { body, tag, data }) => told.push({ title, body, tag, url: data?.url });
  ServiceWorkerRegistration.prototype.showNotification = async (title, options) => void keep(title, options);
  const { Notification: Real } = globalThis;
  globalThis.Notification = class {
    static get permission() { return Real.permission; }
    static requestPermission() { return Real.requestPermission(); }
    constructor(title, options) { keep(title, options); }
    close() {}
  };
`;

const told = (page: Page) =>
  page.evaluate('told') as Promise<{ title: string; body: string; tag: string; url: string }[]>;
const inbox = (page: Page, name: string | RegExp) => page.getByRole('button', { name });

inChromium('notifications', stage => {
  let ada: Page;
  let mary: Seeder;
  let direct: string;
  let group: string;

  it('are told to the system while nobody looks, once they are allowed', async () => {
    ada = await stage.visit();
    await ada.addInitScript(record);
    await ada.context().grantPermissions(['notifications']);
    await ada.reload();
    await register(ada, 'ada', 'Ada Lovelace');
    mary = await seeder(stage.server, 'mary', 'Mary Jackson');
    const user_id = await idOf(stage.server, mary, 'ada');
    direct = (await mary.ask('conversation:direct', { user_id })).id;
    await mary.say(direct, ['before it was allowed']);
    await listed(ada, 'Mary Jackson').getByText('1 unread message').waitFor({ state: 'attached' });

    await fromMyMenu(ada, 'Settings');
    const toggle = dialog(ada).getByRole('switch', { name: 'Notifications' });
    expect(await toggle.getAttribute('aria-checked')).toBe('false');
    await toggle.click();
    await dialog(ada).getByRole('switch', { name: 'Notifications', checked: true }).waitFor();
    await closeDialog(ada);
    await mary.say(direct, ['while she looks']);
    await inbox(ada, 'Inbox (2 new)').waitFor();
    await look(ada, 'away');
    await mary.say(direct, ['are you there?']);
    await expect
      .poll(async () => (await told(ada)).map(({ body }) => body), { timeout: 15_000 })
      .toEqual(['are you there?']);
    const [first] = await told(ada);
    expect(first).toMatchObject({ title: 'Mary Jackson', tag: expect.stringContaining(direct) });
    expect(first?.url).toMatch(new RegExp(`^${stage.server.url}/#/c/${direct}/at/\\d+$`));
  });

  it('tell of mentions and groups, not of what is said to everybody', async () => {
    const members = [await idOf(stage.server, mary, 'ada')];
    ({ id: group } = await mary.ask('conversation:create', { kind: 'group', name: 'Workshop', members }));
    await mary.say(group, ['in the group']);
    await mary.say('lobby', ['to everybody', 'to you, @ada', 'and the last word']);
    await expect
      .poll(
        async () =>
          (await told(ada))
            .slice(1)
            .map(({ title, body }) => `${title} | ${body}`)
            .toSorted(),
        { timeout: 15_000 },
      )
      .toEqual([
        'Lobby | Mary Jackson: to you, @ada',
        'Workshop | Mary Jackson: You were added here.',
        'Workshop | Mary Jackson: in the group',
      ]);
    await expect.poll(() => ada.title(), { timeout: 10_000 }).toBe('(7) Parley');
    await look(ada, 'here');
    // The lobby is open: what was said there is read now.
    await inbox(ada, 'Inbox (4 new)').waitFor();
    await mary.say(direct, ['she is back']);
    await inbox(ada, 'Inbox (5 new)').waitFor();
    expect((await told(ada)).length).toBe(4);
  });

  it('are kept in the inbox, which leads to what they are about', async () => {
    await open(ada, 'Workshop');
    await mary.say('lobby', ['far up, @ada']);
    await mary.say('lobby', numbered('filler', 80));
    await inbox(ada, /^Inbox \(\d+ new\)$/).click();
    const row = dialog(ada).getByRole('button', { name: 'Mary Jackson mentioned you in Lobby' });
    await row.filter({ hasText: 'far up, @ada' }).getByText('New', { exact: true }).waitFor({ state: 'attached' });
    await dialog(ada).getByRole('button', { name: 'Mary Jackson added you to Workshop' }).waitFor();
    await dialog(ada).getByRole('button', { name: 'Mary Jackson wrote to you' }).first().waitFor();
    await row.filter({ hasText: 'far up, @ada' }).click();
    await heading(ada, 'Lobby').waitFor();
    await comesInSight(saying(ada, 'far up, @ada'));
  });

  it('are marked as read, one by one or all', async () => {
    await inbox(ada, /^Inbox \(\d+ new\)$/).click();
    const fresh = dialog(ada).getByText('New', { exact: true });
    const read = dialog(ada).getByRole('button').filter({ hasText: 'far up, @ada' });
    await read.waitFor();
    expect(await read.getByText('New', { exact: true }).count()).toBe(0);
    expect(await fresh.count()).toBeGreaterThan(0);
    await dialog(ada).getByRole('button', { name: 'Mark all as read' }).click();
    await fresh.first().waitFor({ state: 'detached' });
    expect(await fresh.count()).toBe(0);
    await closeDialog(ada);
    await inbox(ada, /^Inbox$/).waitFor();
    await ada.reload();
    await inbox(ada, /^Inbox$/).waitFor();
  });
});
