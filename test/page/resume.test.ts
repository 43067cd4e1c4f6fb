import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { numbered, seeder, seederAgain } from './seed.ts';
import { banner, eventually, inChromium, listed, open, ready, said, say, saying, signIn, waiting } from './support.ts';

const hour = 3_600_000;
/** The server's clock goes on while everybody sleeps. */
let ahead = 0;
const clock = { now: () => Date.now() + ahead };

inChromium(
  'the page comes back',
  stage => {
    const texts = async (page: Page) => (await said(page)).map(({ text }) => text);
    const unread = (page: Page, title: string) => listed(page, title).locator('.sidebar-badge').allTextContents();
    /** The one end of what is shown is `last`, and there is no hole before it. */
    const isWhole = async (page: Page, prefix: string, last: number) => {
      await saying(page, `${prefix} ${last}`).waitFor({ timeout: 20_000 });
      const shown = (await texts(page)).filter(text => text.startsWith(prefix));
      expect(shown).toEqual(numbered(prefix, last).slice(-shown.length));
      const seqs = (await said(page)).map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index));
      return shown.length;
    };

    const twoRooms = async (prefix: string) => {
      const talker = await seeder(stage.server, `${prefix}talker`);
      const sleeper = await seeder(stage.server, `${prefix}sleeper`);
      const make = async (name: string) => {
        const group = { kind: 'group' as const, name, members: [sleeper.id] };
        const { id } = await talker.ask('conversation:create', group);
        await talker.say(id, [`welcome to ${name}`]);
        return id;
      };
      const near = await make('Near');
      const far = await make('Far');
      return { talker, sleeper, near, far };
    };

    it('[G5] after an hour asleep, with tokens that ran out meanwhile, and 600 messages', async () => {
      const wire = await stage.link();
      const { talker, sleeper, near, far } = await twoRooms('long');
      const page = await stage.visit({ url: wire.url });
      await page.clock.install();
      await page.reload();
      await signIn(page, sleeper.username);
      await open(page, 'Near');
      await open(page, 'Far');
      await open(page, 'Near');
      wire.cut();
      await banner(page).waitFor();
      await say(page, 'good night');
      await talker.say(near, numbered('near', 600));
      await talker.say(far, numbered('far', 65));
      ahead += hour;
      wire.heal();
      await page.clock.fastForward(hour);
      await saying(page, 'good night').waitFor({ timeout: 20_000 });
      await waiting(page).first().waitFor({ state: 'detached' });
      await ready(page);
      await eventually(() => unread(page, 'Far')).toEqual(['65']);
      await eventually(() => unread(page, 'Near')).toEqual([]);
      expect((await texts(page)).at(-1)).toBe('good night');
      expect(await isWhole(page, 'near', 600)).toBeGreaterThanOrEqual(50);
      const fresh = await seederAgain(stage.server, talker.username);
      await fresh.say(near, ['good morning']);
      await saying(page, 'good morning').waitFor();
      await open(page, 'Far');
      await eventually(() => texts(page)).toContain('far 1');
      await page.getByRole('button', { name: /jump to latest/i }).click();
      await isWhole(page, 'far', 65);
      await eventually(() => unread(page, 'Far')).toEqual([]);
    });

    it('[G5] after the browser froze it, with all that was told to it meanwhile', async () => {
      const { talker, sleeper, near, far } = await twoRooms('frozen');
      const page = await stage.visit();
      await signIn(page, sleeper.username);
      await open(page, 'Near');
      const cdp = await page.context().newCDPSession(page);
      await cdp.send('Page.setWebLifecycleState', { state: 'frozen' });
      await talker.say(near, numbered('near', 600));
      await talker.say(far, numbered('far', 30));
      await cdp.send('Page.setWebLifecycleState', { state: 'active' });
      await isWhole(page, 'near', 600);
      await eventually(() => unread(page, 'Far')).toEqual(['31']);
      await say(page, 'awake');
      await saying(page, 'awake').waitFor();
      expect((await texts(page)).at(-1)).toBe('awake');
    });

    it('[G6] on two devices of one person: what one reads the other counts as read, and both show one order', async () => {
      const { talker, sleeper, near, far } = await twoRooms('double');
      const [phone, desk] = [await stage.visit(), await stage.visit()];
      await signIn(phone, sleeper.username);
      await signIn(desk, sleeper.username);
      await open(phone, 'Near');
      await open(desk, 'Near');
      await talker.say(far, numbered('far', 4));
      for (const page of [phone, desk]) await eventually(() => unread(page, 'Far')).toEqual(['5']);
      await open(phone, 'Far');
      for (const page of [phone, desk]) await eventually(() => unread(page, 'Far')).toEqual([]);
      await open(phone, 'Near');
      await Promise.all([
        talker.say(near, numbered('talker', 20)),
        ...[phone, desk].map(async (page, device) => {
          for (const text of numbered(`device ${device},`, 10)) await say(page, text);
        }),
      ]);
      for (const page of [phone, desk]) await eventually(async () => (await said(page)).length).toBe(41);
      expect(await said(phone)).toEqual(await said(desk));
    });
  },
  {},
  { clock },
);
