import { expect, it } from 'vitest';
import { api } from '../support/clients.ts';
import { openId, seeder } from './seed.ts';
import {
  away,
  banner,
  bannerSays,
  composer,
  connectNow,
  eventually,
  inChromium,
  open,
  password,
  ready,
  register,
  said,
  say,
  saying,
  signIn,
  waiting,
} from './support.ts';

inChromium('what the page says of a connection', stage => {
  it('[G10] says what the server refuses for good, to be sent again or discarded', async () => {
    const owner = await seeder(stage.server, 'owner');
    const gil = await seeder(stage.server, 'gil', 'Gil');
    const room = { kind: 'room' as const, name: 'Strict', members: [gil.id] };
    const { id } = await owner.ask('conversation:create', room);
    const mute = (muted_until: string | null) =>
      owner.ask('conversation:mute', { conversation_id: id, user_id: gil.id, muted_until });
    const wire = await stage.link();
    const page = await stage.visit({ url: wire.url });
    await signIn(page, 'gil');
    await open(page, 'Strict');
    wire.cut();
    await banner(page).waitFor();
    await say(page, 'too late');
    await say(page, 'never mind');
    await mute(new Date(Date.now() + 3_600_000).toISOString());
    wire.heal();
    await connectNow(page);
    const verdict = (text: string) => waiting(page).filter({ hasText: text }).getByRole('alert');
    await verdict('too late').getByText('Not sent').waitFor();
    await verdict('too late')
      .getByText(/^You are muted here/)
      .waitFor();
    await verdict('never mind').getByText('Not sent').waitFor();
    await page.getByText(/You can read along/).waitFor();
    await composer(page).waitFor({ state: 'detached' });

    await mute(null);
    await composer(page).waitFor();
    await verdict('too late').getByRole('button', { name: 'Send again' }).click();
    await saying(page, 'too late').waitFor();
    await verdict('never mind').getByRole('button', { name: 'Discard' }).click();
    await waiting(page).first().waitFor({ state: 'detached' });
    await page.reload();
    await ready(page);
    await saying(page, 'too late').waitFor();
    expect((await said(page)).map(({ text }) => text)).toEqual(['too late']);
    expect(await waiting(page).count()).toBe(0);
  });

  it('[G2] leaves an edit whose answer was lost as soon as it is known that it worked', async () => {
    const owner = await seeder(stage.server, 'editor');
    const ned = await seeder(stage.server, 'ned', 'Ned');
    const { id } = await owner.ask('conversation:create', { kind: 'group', name: 'Drafts', members: [ned.id] });
    const wire = await stage.link();
    const page = await stage.visit({ url: wire.url });
    await signIn(page, 'ned');
    await open(page, 'Drafts');
    await say(page, 'teh cat');
    await saying(page, 'teh cat').waitFor();
    await composer(page).press('ArrowUp');
    await composer(page).fill('the cat');
    wire.deafen();
    await composer(page).press('Enter');
    const kept = async () =>
      (await owner.ask('message:history', { conversation_id: id })).items.map(one => one.message);
    await eventually(kept).toEqual(['the cat']);
    wire.cut();
    await page.locator('.composer-error').waitFor();
    expect(await composer(page).inputValue()).toBe('the cat');
    wire.heal();
    await connectNow(page);
    await saying(page, 'the cat').waitFor();
    await page.locator('.composer-error').waitFor({ state: 'detached' });
    await eventually(() => composer(page).inputValue()).toBe('');
  });

  it('[G9] goes back to the sign-in where the session was ended meanwhile, and sends what waited after it', async () => {
    const wire = await stage.link();
    const page = await stage.visit({ url: wire.url });
    await register(page, 'hal', 'Hal');
    await open(page, 'Lobby');
    wire.cut();
    await banner(page).waitFor();
    await say(page, 'written before the sign-out');
    const { body } = await api(stage.server)('POST', '/user/v1/login', { username: 'hal', password });
    const rest = api(stage.server, String(body.token));
    const changed = { current_password: password, new_password: `${password}!` };
    expect((await rest('PUT', '/user/v1/password', changed)).status).toBe(200);
    wire.heal();
    await page.getByText('You were signed out. What you had not sent yet is kept').waitFor({ timeout: 20_000 });
    await page.getByLabel('Username').fill('hal');
    await page.getByLabel('Password', { exact: true }).fill(`${password}!`);
    await page.locator('form').getByRole('button', { name: 'Sign in' }).click();
    await ready(page);
    await open(page, 'Lobby');
    await saying(page, 'written before the sign-out').waitFor();
    await waiting(page).first().waitFor({ state: 'detached' });
  });

  it('[G9] leaves at once when the session is revoked while it is connected, and shows nothing more', async () => {
    const page = await stage.visit();
    await register(page, 'ivy', 'Ivy');
    await open(page, 'Lobby');
    await say(page, 'my secret');
    await saying(page, 'my secret').waitFor();
    const { body } = await api(stage.server)('POST', '/user/v1/login', { username: 'ivy', password });
    const rest = api(stage.server, String(body.token));
    const { body: sessions } = await rest<{ items: { id: string; current: boolean }[] }>('GET', '/user/v1/sessions');
    await rest('DELETE', `/user/v1/sessions/${sessions.items.find(one => !one.current)?.id}`);
    await page.getByText('You were signed out.').waitFor();
    expect(await page.locator('body').textContent()).not.toContain('my secret');
    await page.reload();
    await page.getByLabel('Username').waitFor();
    expect(await page.locator('body').textContent()).not.toContain('my secret');
  });

  it('counts down to the next try, which can be had at once', async () => {
    const wire = await stage.link();
    const page = await stage.visit({ url: wire.url });
    await register(page, 'joe', 'Joe');
    wire.cut();
    await bannerSays(page, away);
    const seconds = async () => {
      const text = await banner(page).locator('.banner-countdown').textContent();
      return Number(/Next try in (\d+) s/.exec(text ?? '')?.[1] ?? Number.NaN);
    };
    // Waits grow: one that is long enough to be seen shrinking comes.
    await eventually(seconds).toBeGreaterThan(4);
    const from = await seconds();
    await eventually(seconds).toBeLessThan(from);
    await eventually(seconds).toBeGreaterThan(6);
    wire.heal();
    const asked = Date.now();
    const left = await seconds();
    await connectNow(page);
    await bannerSays(page, 'Back online');
    expect(Date.now() - asked).toBeLessThan(left * 1_000);
    await ready(page);
  });

  it('says where something answers that is no Parley server, and comes back from it', async () => {
    const wire = await stage.link();
    const page = await stage.visit({ url: wire.url });
    await register(page, 'kay', 'Kay');
    await open(page, 'Lobby');
    wire.babble();
    await bannerSays(page, 'Something answers that is no Parley server');
    await say(page, 'through a hotel');
    wire.heal();
    await connectNow(page);
    await saying(page, 'through a hotel').waitFor();
    await ready(page);
    const guest = await stage.visit();
    await guest.route('**/api/**', route => route.fulfill({ contentType: 'text/html', body: '<p>Welcome' }));
    await guest.getByLabel('Your name').fill('Lou');
    await guest.getByLabel('Username').fill('lou');
    await guest.getByLabel('Password', { exact: true }).fill(password);
    await guest.getByRole('button', { name: 'Create account' }).click();
    await guest.getByRole('alert').filter({ hasText: 'No Parley server answered.' }).waitFor();
  });

  it('works in memory where the browser keeps nothing, and says so', async () => {
    const page = await stage.visit({ expected: /^Parley: Error: This device does not keep what is written/ });
    await page.addInitScript("indexedDB.open = () => { throw new DOMException('Forbidden', 'SecurityError'); };");
    await page.reload();
    await register(page, 'mim', 'Mim');
    const note = page.getByText('This browser keeps nothing: what you write is gone when you close the page.');
    await note.waitFor();
    await open(page, 'Lobby');
    await say(page, 'from memory');
    await saying(page, 'from memory').waitFor();
    expect(openId(page)).toBe('lobby');
    await page.getByRole('status').filter({ has: note }).getByRole('button', { name: 'Close' }).click();
    await note.waitFor({ state: 'detached' });
    await page.reload();
    await page.getByLabel('Username').waitFor();
  });
});
