import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, expect, it } from 'vitest';
import { openSqliteLog } from '../../src/storage/log/sqlite/log.ts';
import { clientId, command, connect, signUp } from '../support/clients.ts';
import { createLink, type Link } from './proxy.ts';
import { inChromium, open, ready, register, said, say, saying } from './support.ts';

/** Beyond what the page replays event by event: it goes on at the head instead. */
const many = 6_500;
const few = 150;

inChromium('the demo page comes back', stage => {
  let link: Link | undefined;
  afterEach(() => link?.close());

  const sayAll = async (prefix: string, count: number) => {
    const author = await signUp(stage.server);
    const socket = await connect(stage.server, author.token);
    for (let from = 0; from < count; from += 250)
      await Promise.all(
        Array.from({ length: Math.min(250, count - from) }, (_, index) =>
          command(socket, 'message:send', {
            conversation_id: 'lobby',
            message: `${prefix} ${from + index + 1}`,
            client_id: clientId(),
          }),
        ),
      );
    socket.disconnect();
  };

  /** Somebody reacts to what is shown while the page is away; counts are those of the server, whatever was folded before. */
  const reactTo = async (page: Page, wire: Link) => {
    const ids = await page
      .locator('.message[data-seq]')
      .evaluateAll(nodes => nodes.slice(-40).map(node => node.getAttribute('data-id') ?? ''));
    wire.cut();
    await page.locator('.banner').waitFor();
    for (let person = 1; person <= 2; person++) {
      const socket = await connect(stage.server, (await signUp(stage.server)).token);
      for (const id of ids) await command(socket, 'message:react', { id, emoji: '👍' });
      socket.disconnect();
    }
    wire.heal();
    await ready(page);
    await expect.poll(() => page.getByRole('button', { name: '👍 2' }).count()).toBe(ids.length);
  };

  it('[G5] with everything that it missed, whether that is little or more than it would replay', async () => {
    link = await createLink(stage.server.url);
    const page = await stage.visit({ url: link.url });
    await register(page, 'away', 'Away');
    await open(page, 'Lobby');
    await say(page, 'before');
    await saying(page, 'before').waitFor();

    for (const [prefix, count] of [
      ['little', few],
      ['much', many],
    ] as const) {
      link.cut();
      await page.locator('.banner').waitFor();
      await sayAll(prefix, count);
      link.heal();
      await ready(page);
      await saying(page, `${prefix} ${count}`).waitFor();
      await expect.poll(async () => (await said(page)).at(-1)?.text).toBe(`${prefix} ${count}`);
      const shown = (await said(page)).map(({ text }) => text).filter(text => text.startsWith(prefix));
      const first = count - shown.length + 1;
      expect(shown).toEqual(Array.from(shown, (_, index) => `${prefix} ${first + index}`));
      if (count !== few) continue;
      expect(shown.length).toBe(few);
      await reactTo(page, link);
    }
    await say(page, 'after');
    await saying(page, 'after').waitFor();
    const seqs = (await said(page)).map(({ seq }) => seq);
    expect(seqs).toEqual(Array.from(seqs, (_, index) => (seqs[0] ?? 0) + index));
  });

  it('[G5] and begins anew where the log is another one', async () => {
    const page = await stage.visit();
    await register(page, 'restored', 'Restored');
    await open(page, 'Lobby');
    await say(page, 'old epoch');
    await saying(page, 'old epoch').waitFor();
    await stage.server.app.close();
    const log = await openSqliteLog({ file: join(stage.server.config.dataDir, 'log.db') });
    await log.renewEpoch();
    await log.close();
    await stage.server.restart();
    await say(page, 'new epoch');
    await saying(page, 'new epoch').waitFor({ timeout: 30_000 });
    await ready(page);
    expect((await said(page)).slice(-2).map(({ text }) => text)).toEqual(['old epoch', 'new epoch']);
  });

  it('[G4] counts each event once, in whatever order and however often it comes', async () => {
    const page = await stage.visit();
    const outcome = await page.evaluate(`import('/log.js').then(({ createLog }) => {
      let seed = 20240611;
      const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
      const from = { id: 'u', username: 'u', full_name: 'U' };
      const event = seq => ({ id: 'c.' + seq, conversation_id: 'c', epoch: 'e', seq, n: seq, kind: 'message', from, date: '', client_id: String(seq), message: String(seq), mentions: [] });
      const log = createLog({ epoch: 'e', cursor: 0 });
      log.setNewest([], false);
      const packets = Array.from({ length: 900 }, () => 1 + Math.floor(random() * 300));
      const applied = packets.flatMap(seq => log.receive(event(seq)).applied.map(one => one.seq));
      for (let seq = 1; seq <= 300; seq++) applied.push(...log.receive(event(seq)).applied.map(one => one.seq));
      return { applied, shown: log.messages().map(one => one.seq), foreign: log.receive({ ...event(301), epoch: 'other' }) };
    })`);
    const all = Array.from({ length: 300 }, (_, index) => index + 1);
    expect(outcome).toEqual({ applied: all, shown: all, foreign: { applied: [], gap: true } });
  });
});
