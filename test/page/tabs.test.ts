import { expect, it } from 'vitest';
import { inChromium, open, ready, register, said, say, saying, watch } from './support.ts';

inChromium(
  'two tabs of one person',
  stage => {
    it('[S06] refresh at the same moment, and both stay signed in', async () => {
      const first = await stage.visit();
      await register(first, 'tabby', 'Tabby', true);
      const second = await first.context().newPage();
      const problems: string[] = [];
      watch(second, problems);
      await second.goto(stage.server.url);
      await ready(second);
      let refreshes = 0;
      first.context().on('request', request => {
        if (request.url().endsWith('/api/user/v1/refresh-token')) refreshes++;
      });
      const read = () => first.evaluate("JSON.parse(localStorage.getItem('parley:session')).refresh_token");
      const before = await read();
      // A session:expiring reaches both tabs at the same moment; the access token lives for 25 s here.
      await expect.poll(read, { timeout: 40_000, interval: 200 }).not.toBe(before);
      await open(first, 'Lobby');
      await open(second, 'Lobby');
      await say(first, 'from the first');
      await saying(second, 'from the first').waitFor();
      await say(second, 'from the second');
      await saying(first, 'from the second').waitFor();
      expect(await said(first)).toEqual(await said(second));
      // The lock lets one tab at a time ask, but what it stored can reach the other tab's process later than the lock does: that tab
      // then presents the same token again and is answered with the same successor. Never more than one request a tab and generation.
      const generation = (token: unknown) => Number(String(token).split('.')[1]);
      const generations = async () => generation(await read()) - generation(before);
      await expect
        .poll(async () => refreshes >= (await generations()) && refreshes <= 2 * (await generations()))
        .toBe(true);
      const held = (page: typeof first) => page.evaluate("localStorage.getItem('parley:session')");
      await expect.poll(async () => (await held(first)) === (await held(second))).toBe(true);
      expect(problems).toEqual([]);
    });

    it('share one outbox and one sign-out', async () => {
      const first = await stage.visit();
      await register(first, 'twice', 'Twice', true);
      const second = await first.context().newPage();
      await second.goto(stage.server.url);
      await ready(second);
      await open(first, 'Lobby');
      await open(second, 'Lobby');
      await Promise.all([say(first, 'a'), say(second, 'a')]);
      await expect.poll(async () => (await said(first)).filter(({ text }) => text === 'a').length).toBe(2);
      expect(await said(second)).toEqual(await said(first));
      await first.getByRole('button', { name: 'Sign out' }).click();
      await second.getByLabel('Username').waitFor();
    });
  },
  { accessTokenTtlSeconds: 25 },
);
