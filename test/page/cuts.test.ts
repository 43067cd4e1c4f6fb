import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { Link } from './proxy.ts';
import { seeder } from './seed.ts';
import { eventually, inChromium, open, said, say, signIn, waiting } from './support.ts';

/** Bytes after which the network goes: through all that a send is made of in this direction, its answer and the event included. */
const steps = {
  up: [0, 1, 7, 40, 80, 120, 160, 200, 300, 450],
  down: [0, 1, 7, 60, 150, 300, 450, 600, 800, 1_000],
} as const;

/** Without TLS a browser takes an answer whose head was cut off for a whole one that says nothing, and the library tells of that. */
const halfAnswer = /^Parley: ChatError: odd_answer/;

inChromium('the network goes in the midst of a send', stage => {
  const comeBack = (page: Page, wire: Link) =>
    eventually(async () => {
      if (!wire.isWhole()) wire.heal();
      // As a browser says that has a network again.
      await page.evaluate("dispatchEvent(new Event('online'))");
      return waiting(page).count();
    }).toBe(0);

  for (const way of ['up', 'down'] as const)
    it(`[G2][G4] after each so many bytes ${way}: all is there once, in order`, async () => {
      const wire = await stage.link();
      const writer = await seeder(stage.server, `writer${way}`);
      const other = await seeder(stage.server, `other${way}`);
      const group = { kind: 'group' as const, name: 'Cuts', members: [writer.id] };
      const { id } = await other.ask('conversation:create', group);
      const page = await stage.visit({ url: wire.url, expected: halfAnswer });
      await signIn(page, writer.username);
      await open(page, 'Cuts');

      const wanted: string[] = [];
      let cuts = 0;
      for (const bytes of steps[way]) {
        const text = `cut after ${bytes}`;
        wanted.push(text);
        wire.cutAfter(bytes, way);
        await say(page, text);
        await eventually(async () => !wire.isWhole() || (await waiting(page).count()) === 0).toBe(true);
        if (!wire.isWhole()) cuts += 1;
        await comeBack(page, wire);
      }
      await eventually(async () => (await said(page)).map(({ text }) => text)).toEqual(wanted);
      const { items: kept } = await other.ask('message:history', { conversation_id: id });
      expect(kept.map(({ message }) => message)).toEqual(wanted);
      // Otherwise it would be no test.
      expect(cuts).toBeGreaterThan(steps[way].length / 2);
    });
});
