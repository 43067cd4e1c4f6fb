import { expect, it } from 'vitest';
import { api, clientId } from '../support/clients.ts';
import { inChromium, open, password, register, said, say, saying } from './support.ts';

const count = 230;

inChromium('history on the demo page', stage => {
  it('[G3] comes in while scrolling, whole and in order, and the reader’s place does not jump', async () => {
    const page = await stage.visit();
    await register(page, 'reader', 'Reader');
    const { body } = await api(stage.server)('POST', '/user/v1/login', { username: 'reader', password });
    const rest = api(stage.server, String(body.token));
    for (let n = 1; n <= count; n++)
      await rest('POST', '/message/v1/send', {
        conversation_id: 'lobby',
        message: `message ${n}${n % 7 === 0 ? '\nand\na\nfew\nmore\nlines' : ''}`,
        client_id: clientId(),
      });
    await page.reload();
    await open(page, 'Lobby');
    await page.locator('.message .text', { hasText: `message ${count}` }).waitFor();
    expect((await said(page)).length).toBeLessThan(count);

    const timeline = page.locator('.timeline');
    const isLoading = () =>
      timeline.evaluate(
        node => node.scrollTop < 700 && node.querySelector('.start')?.textContent?.startsWith('Loading'),
      );
    let jumps = 0;
    while ((await page.locator('.start', { hasText: 'This is where it begins' }).count()) === 0) {
      const place = await timeline.evaluate(async node => {
        const edge = node.getBoundingClientRect().top;
        const inSight = () =>
          [...node.querySelectorAll('.message[data-seq]')].find(one => one.getBoundingClientRect().bottom > edge);
        node.scrollTop = Math.max(0, node.scrollTop - 600);
        await new Promise(resolve => setTimeout(resolve, 0));
        const one = inSight();
        return { seq: one?.getAttribute('data-seq'), top: one?.getBoundingClientRect().top ?? 0 };
      });
      const before = (await said(page)).length;
      await expect
        .poll(async () => (await said(page)).length === before && (await isLoading()), { timeout: 10_000 })
        .toBe(false);
      const now = await page
        .locator(`.message[data-seq="${place.seq}"]`)
        .evaluate(node => node.getBoundingClientRect().top);
      if (Math.abs(now - place.top) > 1.5) jumps++;
    }
    expect(jumps).toBe(0);
    const all = await said(page);
    expect(all.map(({ text }) => text.split('\n')[0])).toEqual(
      Array.from({ length: count }, (_, index) => `message ${index + 1}`),
    );
    expect(all.map(({ seq }) => seq)).toEqual(all.map(({ seq }) => seq).toSorted((a, b) => a - b));

    // Somebody who reads old messages is not pulled away by a new one, but told of it.
    await timeline.evaluate(node => {
      node.scrollTop = 0;
    });
    await rest('POST', '/message/v1/send', { conversation_id: 'lobby', message: 'fresh', client_id: clientId() });
    await saying(page, 'fresh').waitFor({ state: 'attached' });
    expect(await timeline.evaluate(node => node.scrollTop)).toBe(0);
    await page.getByRole('button', { name: 'Go to the newest message' }).click();
    await say(page, 'seen');
    await saying(page, 'seen').waitFor();
    expect(await timeline.evaluate(node => node.scrollHeight - node.scrollTop - node.clientHeight)).toBeLessThan(2);
  });
});
