import { join } from 'node:path';
import Database from 'libsql';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { hasNote, notice } from './gestures.ts';
import { numbered, openId, type Seeder, seeder } from './seed.ts';
import {
  composer,
  eventually,
  inChromium,
  listed,
  open,
  openDirect,
  register,
  type Stage,
  said,
  say,
  saying,
  signIn,
  waiting,
} from './support.ts';

const dayMs = 86_400_000;
/** As if all that was said so far had been said so many days before. */
const passDays = async ({ server }: Stage, days: number) => {
  await server.app.close();
  const database = new Database(join(server.config.dataDir, 'log.db'));
  database.prepare('UPDATE events SET date = date - ?').run(days * dayMs);
  database.close();
  await server.restart();
};

const tick = (page: Page, text: string) => saying(page, text).locator('.tick');

inChromium('what is said on the demo page', stage => {
  let ada: Page;
  let bob: Page;
  let dora: Seeder;

  it('stands together by author and by day', async () => {
    const oldest = await seeder(stage.server, 'mary0', 'Mary Jackson');
    await oldest.say('lobby', ['long ago', 'and again']);
    await passDays(stage, 8);
    const older = await seeder(stage.server, 'mary1', 'Mary Jackson');
    await older.say('lobby', ['the day before']);
    await passDays(stage, 1);
    dora = await seeder(stage.server, 'dora', 'Dora Shaw');
    ada = await stage.visit();
    bob = await stage.visit();
    await register(ada, 'ada', 'Ada Lovelace');
    await register(bob, 'bob', 'Bob Noyce');
    for (const text of ['Hello from Ada', 'Me again']) await say(ada, text);
    await saying(bob, 'Me again').waitFor();
    await say(bob, 'Hello from Bob');
    await saying(ada, 'Hello from Bob').waitFor();
    await say(ada, 'And me');
    await saying(bob, 'And me').waitFor();
    await waiting(ada).waitFor({ state: 'detached' });
    expect((await said(ada)).map(({ text }) => text)).toEqual([
      'long ago',
      'and again',
      'the day before',
      'Hello from Ada',
      'Me again',
      'Hello from Bob',
      'And me',
    ]);
    expect(await said(bob)).toEqual(await said(ada));
    const days = await bob.locator('.timeline h2').allTextContents();
    expect(days.slice(1)).toEqual(['Yesterday', 'Today']);
    expect(days[0]).toMatch(/^[A-Z][a-z]+day, [A-Z][a-z]+ \d+/);
    // Each name once for what stands together; none over one's own.
    expect(await bob.locator('.message-name').allTextContents()).toEqual([
      'Mary Jackson',
      'Mary Jackson',
      'Ada Lovelace',
      'Ada Lovelace',
    ]);
  });

  it('shows how far it got, as the other side gets and reads it', async () => {
    await openDirect(ada, 'Dora Shaw');
    await say(ada, 'Did you see it?');
    await tick(ada, 'Did you see it?').getByText('Sent').waitFor({ state: 'attached' });
    const conversation_id = openId(ada);
    const seq = Number(await saying(ada, 'Did you see it?').getAttribute('data-seq'));
    const receipt = { conversation_id, seq };
    await dora.ask('receipt:delivered', receipt);
    await tick(ada, 'Did you see it?').getByText('Delivered').waitFor({ state: 'attached' });
    await dora.ask('receipt:read', receipt);
    await tick(ada, 'Did you see it?').getByText('Read').waitFor({ state: 'attached' });
    await say(ada, 'And this?');
    await tick(ada, 'And this?').getByText('Sent').waitFor({ state: 'attached' });
    await tick(ada, 'Did you see it?').getByText('Read').waitFor({ state: 'attached' });
  });

  it('shows how far it got after a reload as well, whether there is anything new or not', async () => {
    const eli = await seeder(stage.server, 'eli', 'Eli');
    const fay = await seeder(stage.server, 'fay', 'Fay');
    const { id } = await fay.ask('conversation:create', { kind: 'group', name: 'Ticks', members: [eli.id] });
    await fay.say(id, numbered('old', 3));
    const page = await stage.visit();
    await signIn(page, 'eli');
    await open(page, 'Ticks');
    await say(page, 'Seen by you?');
    await saying(page, 'Seen by you?').waitFor();
    const seq = Number(await saying(page, 'Seen by you?').getAttribute('data-seq'));
    await fay.ask('receipt:read', { conversation_id: id, seq });
    const isRead = () => tick(page, 'Seen by you?').getByText('Read').waitFor({ state: 'attached' });
    await isRead();
    await page.reload();
    await isRead();
    await open(page, 'Lobby');
    await fay.say(id, numbered('new', 3));
    await listed(page, 'Ticks').getByText('3 unread messages').waitFor({ state: 'attached' });
    await page.reload();
    await open(page, 'Ticks');
    await isRead();
  });

  it('keeps the time and the ticks in the page’s own direction where a message runs the other way', async () => {
    await open(ada, 'Lobby');
    await say(ada, 'שלום לכולם, מה שלומכם היום?');
    const meta = saying(ada, 'שלום לכולם, מה שלומכם היום?').locator('.message-meta');
    await meta.locator('.tick').waitFor();
    const [text, time, ticks] = await Promise.all(
      [meta.locator('xpath=..'), meta.locator('time'), meta.locator('.tick')].map(each =>
        each.evaluate(node => {
          const { left, right } = node.getBoundingClientRect();
          return { left, right, direction: node.ownerDocument.defaultView?.getComputedStyle(node).direction };
        }),
      ),
    );
    expect([text?.direction, time?.direction]).toEqual(['rtl', 'ltr']);
    expect(ticks?.left).toBeGreaterThanOrEqual(time?.right ?? Infinity);
    // At the end of its last line, as everywhere.
    expect((time?.left ?? Infinity) - (text?.left ?? 0)).toBeLessThan(2);
  });

  it('counts what is unread, in the title too, and marks it as read where it is seen', async () => {
    await openDirect(ada, 'Bob Noyce');
    await say(ada, 'Just between us');
    await listed(bob, 'Ada Lovelace').getByText('1 unread message').waitFor({ state: 'attached' });
    await expect.poll(() => bob.title(), { timeout: 10_000 }).toBe('(1) Parley');
    await tick(ada, 'Just between us').getByText('Delivered').waitFor({ state: 'attached' });
    await say(ada, 'and one more');
    await expect.poll(() => bob.title(), { timeout: 10_000 }).toBe('(2) Parley');
    await open(bob, 'Ada Lovelace');
    await saying(bob, 'and one more').waitFor();
    await listed(bob, 'Ada Lovelace').locator('.sidebar-badge').waitFor({ state: 'detached' });
    await expect.poll(() => bob.title(), { timeout: 10_000 }).toBe('Parley');
    await tick(ada, 'and one more').getByText('Read').waitFor({ state: 'attached' });
  });

  it('shows who is typing, and that they stopped', async () => {
    const line = ada.locator('.conversation-header').getByText('Bob Noyce is typing…');
    const row = listed(ada, 'Bob Noyce').getByText('typing…');
    await composer(bob).pressSequentially('thinking');
    await line.waitFor();
    await row.waitFor();
    await composer(bob).fill('');
    await line.waitFor({ state: 'detached' });
    await row.waitFor({ state: 'detached' });
    await composer(bob).pressSequentially('again');
    await line.waitFor();
    await composer(bob).press('Enter');
    await saying(ada, 'again').waitFor();
    await line.waitFor({ state: 'detached' });
  });

  it('takes several lines, typed or pasted, as one message', async () => {
    await composer(ada).fill('one line');
    await composer(ada).press('Shift+Enter');
    await composer(ada).pressSequentially('another line');
    await composer(ada).press('Enter');
    await saying(bob, 'one line\nanother line').waitFor();
    await ada.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await ada.evaluate(`navigator.clipboard.writeText('a list:\\n- first\\n- second\\n\\n')`);
    await composer(ada).focus();
    await ada.keyboard.press('Control+v');
    expect(await composer(ada).inputValue()).toBe('a list:\n- first\n- second\n\n');
    await composer(ada).press('Enter');
    await saying(bob, 'a list:\n- first\n- second').waitFor();
    await composer(ada).fill(' \n ');
    expect(await ada.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true);
    await composer(ada).fill('');
  });

  it('takes 8,000 characters and says so before and beyond', async () => {
    const send = ada.getByRole('button', { name: 'Send', exact: true });
    await composer(ada).fill('x'.repeat(7_600));
    await hasNote(composer(ada), '400 characters left');
    await composer(ada).fill('x'.repeat(8_001));
    await hasNote(composer(ada), 'Too long by 1 character. Shorten it to send it.');
    expect(await composer(ada).getAttribute('aria-invalid')).toBe('true');
    expect(await send.isDisabled()).toBe(true);
    const before = (await said(ada)).length;
    await composer(ada).press('Enter');
    expect((await composer(ada).inputValue()).length).toBe(8_001);
    await composer(ada).press('Backspace');
    await hasNote(composer(ada), '0 characters left');
    await send.click();
    await saying(bob, 'x'.repeat(8_000)).waitFor();
    await waiting(ada).waitFor({ state: 'detached' });
    expect((await said(ada)).length).toBe(before + 1);
  });

  it.each(['paste', 'drop'])('says on a %s that a file cannot be sent, above what one writes in', async kind => {
    await ada.reload();
    await composer(ada).waitFor();
    const isTaken = await composer(ada).evaluate((node, type) => {
      const { DataTransfer, File, DragEvent, ClipboardEvent } = node.ownerDocument.defaultView;
      const files = new DataTransfer();
      files.items.add(new File(['x'], 'x.png', { type: 'image/png' }));
      const common = { bubbles: true, cancelable: true };
      const make = (name: string) =>
        type === 'paste'
          ? new ClipboardEvent(name, { ...common, clipboardData: files })
          : new DragEvent(name, { ...common, dataTransfer: files });
      // Without the first the browser never comes to the second, but opens the file.
      const names = type === 'paste' ? ['paste'] : ['dragover', 'drop'];
      return names.map(name => !node.dispatchEvent(make(name)));
    }, kind);
    expect(isTaken).not.toContain(false);
    await notice(ada, 'Only text can be sent here.').waitFor();
    const edge = async (selector: string, side: 'top' | 'bottom') =>
      Number(await ada.evaluate(`document.querySelector('${selector}').getBoundingClientRect().${side}`));
    await eventually(async () => (await edge('.notice', 'bottom')) <= (await edge('.composer-box', 'top'))).toBe(true);
  });

  it('leads out by safe links only, and shows emoji alone large', async () => {
    const text = 'See https://example.org/a_(b)?x=1#y. Not javascript:alert(1), nor <b>this</b>';
    await say(ada, text);
    const links = saying(bob, text).getByRole('link');
    await links.waitFor();
    expect(await links.evaluateAll(nodes => nodes.map(node => [node.href, node.target, node.rel]))).toEqual([
      ['https://example.org/a_(b)?x=1#y', '_blank', 'noopener noreferrer nofollow'],
    ]);
    await say(ada, '🎉 👩‍🚀');
    await say(ada, '🎉 done');
    const size = (words: string) =>
      saying(bob, words)
        .locator('.message-text')
        .evaluate(node => Number.parseFloat(node.ownerDocument.defaultView.getComputedStyle(node).fontSize));
    await saying(bob, '🎉 done').waitFor();
    expect(await size('🎉 👩‍🚀')).toBeGreaterThan(1.5 * (await size('🎉 done')));
  });
});
