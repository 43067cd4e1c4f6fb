import { expect, it } from 'vitest';
import { seeder } from './seed.ts';
import { eventually, inChromium, open, say, saying, signIn, waiting } from './support.ts';

const slowMs = 90_000;
/** The server's clock goes on with that of the page. */
let ahead = 0;
const clock = { now: () => Date.now() + ahead };

inChromium(
  'the page in slow mode',
  stage => {
    it('tells how long a message is held back, moves and says nothing meanwhile, and sends it then', async () => {
      const owner = await seeder(stage.server, 'owner');
      const writer = await seeder(stage.server, 'writer');
      const room = { kind: 'room' as const, name: 'Slow', members: [writer.id] };
      const { id } = await owner.ask('conversation:create', room);
      await owner.ask('conversation:update', { conversation_id: id, slow_mode_ms: slowMs });
      const page = await stage.visit();
      await page.clock.install();
      await page.reload();
      await signIn(page, writer.username);
      await open(page, 'Slow');
      await say(page, 'In time');
      await saying(page, 'In time').waitFor();
      await say(page, 'Too soon');
      await say(page, 'Behind it');

      const held = waiting(page).filter({ hasText: 'Too soon' });
      const line = held.locator('.entry-delay-text');
      const later = async (ms: number) => {
        ahead += ms;
        await page.clock.runFor(ms);
      };
      const says = (text: RegExp) => eventually(() => line.textContent()).toMatch(text);
      const isStill = (row: typeof held) =>
        row.evaluate(node =>
          node.getAnimations({ subtree: true }).every((each: { playState: string }) => each.playState === 'finished'),
        );
      const shape = () => Promise.all([line.boundingBox(), held.boundingBox(), held.ariaSnapshot()]);

      await says(/^Slow mode: sent in 2 min$/);
      await eventually(async () => (await line.boundingBox())?.height ?? 0).toBeGreaterThan(10);
      await eventually(() => isStill(held)).toBe(true);
      const before = await shape();
      expect(before[2]).toContain('Slow mode: waiting to be sent');
      expect(before[2]).not.toContain('sent in');
      await later(35_000);
      await says(/^Slow mode: sent in [1-5]\d s$/);
      expect(await shape()).toEqual(before);
      const left = Number(/\d+/.exec((await line.textContent()) ?? ''));
      await later((left - 8) * 1_000);
      await says(/^Slow mode: sent in [1-9] s$/);
      expect(await shape()).toEqual(before);
      // When the one behind it may go is known to nobody yet.
      await waiting(page).filter({ hasText: 'Behind it' }).getByText('Waiting to be sent', { exact: true }).waitFor();
      expect(await page.locator('.entry-delay-text').count()).toBe(1);

      await later(10_000);
      await saying(page, 'Too soon').waitFor();
    });
  },
  { pingTimeoutMs: 2 * slowMs },
  { clock },
);
