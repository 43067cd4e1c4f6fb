import type { Page } from 'playwright-core';
import { afterEach, expect, it } from 'vitest';
import { api } from '../support/clients.ts';
import { createLink, type Link } from './proxy.ts';
import { inChromium, open, openDirect, password, ready, register, said, say, saying, waiting } from './support.ts';

inChromium('the demo page without a connection', stage => {
  const links: Link[] = [];
  const link = async () => {
    const made = await createLink(stage.server.url);
    links.push(made);
    return made;
  };
  afterEach(async () => {
    for (const made of links.splice(0)) await made.close();
  });

  const texts = async (page: Page) => (await said(page)).map(({ text }) => text);

  it('[G2][G4] shows what waits, and delivers it in order exactly once when the connection is back', async () => {
    const wire = await link();
    const ada = await stage.visit({ url: wire.url });
    const bob = await stage.visit();
    await register(ada, 'ada', 'Ada');
    await register(bob, 'bob', 'Bob');
    await openDirect(ada, 'Bob');
    await say(ada, 'before');
    await open(bob, 'Ada');
    await saying(bob, 'before').waitFor();

    wire.cut();
    await ada.context().setOffline(true);
    await say(ada, 'one');
    await say(ada, 'two');
    await say(ada, 'three');
    await ada.locator('.banner', { hasText: 'You are offline. 3 messages wait to be sent.' }).waitFor();
    await ada.locator('.pending[data-state=waiting]').nth(2).waitFor();
    expect(await ada.locator('.pending .text').allInnerTexts()).toEqual(['one', 'two', 'three']);
    await say(bob, 'are you there?');

    wire.heal();
    await ada.context().setOffline(false);
    await saying(bob, 'three').waitFor();
    await waiting(ada).first().waitFor({ state: 'detached' });
    await ready(ada);
    const all = ['before', 'are you there?', 'one', 'two', 'three'];
    expect(await texts(ada)).toEqual(all);
    expect(await texts(bob)).toEqual(all);
  });

  it('[G2] sends again what was stored but never acknowledged, and it is there once', async () => {
    const wire = await link();
    const cal = await stage.visit({ url: wire.url });
    const dot = await stage.visit();
    await register(cal, 'cal', 'Cal');
    await register(dot, 'dot', 'Dot');
    await openDirect(cal, 'Dot');
    await say(cal, 'hello');
    await open(dot, 'Cal');
    await saying(cal, 'hello').waitFor();
    wire.deafen();
    await say(cal, 'heard by the server only');
    await saying(dot, 'heard by the server only').waitFor();
    await waiting(cal).waitFor();
    wire.cut();
    wire.heal();
    await saying(cal, 'heard by the server only').waitFor({ timeout: 20_000 });
    await waiting(cal).first().waitFor({ state: 'detached' });
    await say(cal, 'last');
    await saying(dot, 'last').waitFor();
    expect(await texts(dot)).toEqual(['hello', 'heard by the server only', 'last']);
    expect(await texts(cal)).toEqual(await texts(dot));
  });

  it('[G2] keeps a full outbox through a reload, and through a restart of the server', async () => {
    const wire = await link();
    const page = await stage.visit({ url: wire.url });
    const context = page.context();
    await register(page, 'fay', 'Fay');
    await open(page, 'Lobby');
    wire.cut();
    const wanted = Array.from({ length: 40 }, (_, index) => `kept ${index}`);
    for (const text of wanted) await say(page, text);
    await page.locator('.banner', { hasText: '40 messages wait' }).waitFor();
    // The page itself has to come from somewhere, but no connection comes about: the handshake is refused.
    wire.heal();
    await context.route('**/socket.io/?**', route => route.abort());
    await page.reload();
    await page.locator('.banner', { hasText: '40 messages wait' }).waitFor();
    await stage.server.restart();
    await context.unroute('**/socket.io/?**');
    await page.getByRole('button', { name: 'Try now' }).click();
    await saying(page, 'kept 39').waitFor({ timeout: 20_000 });
    await waiting(page).first().waitFor({ state: 'detached' });
    expect((await texts(page)).filter(text => text.startsWith('kept'))).toEqual(wanted);
    await page.reload();
    await saying(page, 'kept 39').waitFor();
    expect((await texts(page)).filter(text => text.startsWith('kept'))).toEqual(wanted);
  });

  it('[G10] says what the server refuses for good, to be tried again or discarded', async () => {
    const gil = await stage.visit();
    await register(gil, 'gil', 'Gil');
    const own = await stage.visit();
    await register(own, 'own', 'Owner');
    await own.getByRole('button', { name: 'New room or group' }).click();
    await own.getByLabel('Name').fill('Strict');
    await own.getByRole('button', { name: 'Create', exact: true }).click();
    await own.locator('.conversation-view h2', { hasText: 'Strict' }).waitFor();
    await gil.getByRole('button', { name: 'Browse rooms' }).click();
    await gil.getByRole('button', { name: 'Join Strict' }).click();
    await gil.locator('.conversation-view h2', { hasText: 'Strict' }).waitFor();

    const { body } = await api(stage.server)('POST', '/user/v1/login', { username: 'own', password });
    const rest = api(stage.server, String(body.token));
    const id = await gil.locator('[data-open]').getAttribute('data-open');
    const members = await rest<{ items: { user: { id: string; username: string } }[] }>(
      'GET',
      `/conversation/v1/${id}/members`,
    );
    const user = members.body.items.find(one => one.user.username === 'gil')?.user;
    const mute = (muted_until: string | null) =>
      rest('PATCH', `/conversation/v1/${id}/members/${user?.id}`, { muted_until });
    const muted = async (holds: boolean) => gil.locator('.composer').waitFor({ state: holds ? 'hidden' : 'visible' });

    await gil.context().route('**/socket.io/?**', route => route.abort());
    await stage.server.restart();
    await gil.locator('.banner').waitFor();
    await say(gil, 'too late');
    await mute(new Date(Date.now() + 3_600_000).toISOString());
    await gil.context().unroute('**/socket.io/?**');
    await gil.getByRole('button', { name: 'Try now' }).click();
    await gil.locator('.pending[data-state=failed]', { hasText: /muted/i }).waitFor();
    await muted(true);
    await mute(null);
    await muted(false);
    await gil.getByRole('button', { name: 'Try again' }).click();
    await saying(gil, 'too late').waitFor();
    expect(await waiting(gil).count()).toBe(0);
  });

  it('[G9] goes back to the sign-in form when the session was ended elsewhere, and keeps what waits', async () => {
    const wire = await link();
    const page = await stage.visit({ url: wire.url });
    await register(page, 'hal', 'Hal');
    await open(page, 'Lobby');
    wire.cut();
    await page.locator('.banner').waitFor();
    await say(page, 'written before the sign-out');
    const { body } = await api(stage.server)('POST', '/user/v1/login', { username: 'hal', password });
    const changed = await api(stage.server, String(body.token))('PUT', '/user/v1/password', {
      current_password: password,
      new_password: `${password}!`,
    });
    expect(changed.status).toBe(200);
    wire.heal();
    await page.getByText('You were signed out.').waitFor();
    await page.getByLabel('Username').fill('hal');
    await page.getByLabel('Password').fill(`${password}!`);
    await page.locator('button[type=submit]').click();
    await ready(page);
    await open(page, 'Lobby');
    await saying(page, 'written before the sign-out').waitFor();
    await waiting(page).first().waitFor({ state: 'detached' });
  });

  it('[G9] leaves at once when this session is revoked while it is connected', async () => {
    const page = await stage.visit();
    await register(page, 'ivy', 'Ivy');
    const { body } = await api(stage.server)('POST', '/user/v1/login', { username: 'ivy', password });
    const rest = api(stage.server, String(body.token));
    const { body: sessions } = await rest<{ items: { id: string; current: boolean }[] }>('GET', '/user/v1/sessions');
    await rest('DELETE', `/user/v1/sessions/${sessions.items.find(one => !one.current)?.id}`);
    await page.getByText('You were signed out.').waitFor();
  });
});
