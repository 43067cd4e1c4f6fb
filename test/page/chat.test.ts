import { expect, it } from 'vitest';
import { composer, inChromium, listed, open, openDirect, register, said, say, saying, waiting } from './support.ts';

inChromium('two people on the demo page', stage => {
  it('register, chat in the lobby, see typing and presence, and count what is unread', async () => {
    const ada = await stage.visit();
    const bob = await stage.visit();
    await register(ada, 'ada', 'Ada Lovelace');
    await register(bob, 'bob', 'Bob Noyce');

    await open(ada, 'Lobby');
    await open(bob, 'Lobby');
    await say(ada, 'Hello from Ada');
    await saying(bob, 'Hello from Ada').waitFor();
    await say(bob, 'Hello from Bob');
    await saying(ada, 'Hello from Bob').waitFor();
    await waiting(ada).waitFor({ state: 'detached' });
    expect((await said(ada)).map(({ text }) => text)).toEqual(['Hello from Ada', 'Hello from Bob']);
    expect(await said(bob)).toEqual(await said(ada));

    await composer(bob).pressSequentially('thinking');
    await ada.locator('.typists', { hasText: 'Bob Noyce is typing…' }).waitFor();
    await composer(bob).fill('');
    await ada.locator('.typists', { hasText: /^$/ }).waitFor({ state: 'attached' });
    await ada.locator('.message .dot.online').first().waitFor();

    await openDirect(ada, 'Bob Noyce');
    await say(ada, 'Just between us');
    await listed(bob, 'Ada Lovelace').locator('[data-unread="1"]').waitFor();
    await say(ada, 'and one more');
    await listed(bob, 'Ada Lovelace').locator('[data-unread="2"]').waitFor();
    expect(await bob.title()).toBe('(2) Parley');
    await ada.locator('.message.mine .ticks.delivered').last().waitFor();

    await open(bob, 'Ada Lovelace');
    await saying(bob, 'and one more').waitFor();
    await listed(bob, 'Ada Lovelace').locator('[data-unread]').waitFor({ state: 'detached' });
    expect(await bob.title()).toBe('Parley');
    await ada.locator('.message.mine .ticks.read').last().waitFor();
    await bob.locator('.bar .facts', { hasText: 'Online' }).waitFor();

    await ada.close();
    await bob.locator('.bar .facts', { hasText: /Last seen/ }).waitFor({ timeout: 20_000 });
  });

  it('edit, unsend, reply and react, each seen by the other', async () => {
    const eve = await stage.visit();
    const dan = await stage.visit();
    await register(eve, 'eve', 'Eve');
    await register(dan, 'dan', 'Dan');
    await openDirect(eve, 'Dan');
    await say(eve, 'First words');
    await open(dan, 'Eve');
    await saying(dan, 'First words').hover();
    await dan.getByRole('button', { name: 'Reply' }).click();
    await say(dan, 'An answer');
    await saying(eve, 'An answer').locator('.quote', { hasText: 'First words' }).waitFor();

    await composer(eve).press('ArrowUp');
    await eve.locator('.about', { hasText: 'Editing your message' }).waitFor();
    await composer(eve).press('Escape');
    await eve.locator('.about').waitFor({ state: 'hidden' });
    await composer(eve).press('ArrowUp');
    await composer(eve).fill('Better words');
    await composer(eve).press('Enter');
    await saying(dan, 'Better words').locator('footer', { hasText: 'edited' }).waitFor();
    await saying(dan, 'An answer').locator('.quote', { hasText: 'Better words' }).waitFor();

    await saying(dan, 'Better words').hover();
    await saying(dan, 'Better words').getByRole('button', { name: 'React', exact: true }).click();
    await dan.getByRole('button', { name: 'React with 🎉' }).click();
    const party = saying(eve, 'Better words').getByRole('button', { name: '🎉 1' });
    await party.click();
    await saying(dan, 'Better words').getByRole('button', { name: '🎉 2' }).click();
    await saying(eve, 'Better words').getByRole('button', { name: '🎉 1' }).waitFor();

    await saying(eve, 'Better words').hover();
    await saying(eve, 'Better words').getByRole('button', { name: 'Unsend' }).click();
    await eve.locator('dialog').getByRole('button', { name: 'Unsend' }).click();
    await saying(dan, 'Message unsent').waitFor();
    await saying(dan, 'An answer').locator('.quote', { hasText: 'Message unsent' }).waitFor();
    expect(await dan.locator('body').textContent()).not.toContain('Better words');
  });

  it('create a room, find it in the directory, join it and leave it', async () => {
    const ann = await stage.visit();
    const ben = await stage.visit();
    await register(ann, 'ann', 'Ann');
    await register(ben, 'ben', 'Ben');
    await ann.getByRole('button', { name: 'New room or group' }).click();
    await ann.getByLabel('Name').fill('Gardening');
    await ann.getByLabel('Topic').fill('Beds and pots');
    await ann.getByRole('button', { name: 'Create', exact: true }).click();
    await ann.locator('.conversation-view h2', { hasText: 'Gardening' }).waitFor();
    await say(ann, 'Welcome');

    await ben.getByRole('button', { name: 'Browse rooms' }).click();
    await ben.getByRole('searchbox').fill('gard');
    await ben.getByRole('button', { name: 'Join Gardening' }).click();
    await saying(ben, 'Welcome').waitFor();
    await say(ben, 'Thank you');
    await saying(ann, 'Thank you').waitFor();

    await ben.getByRole('button', { name: 'Members' }).click();
    await ben.locator('dialog .row', { hasText: 'Ann' }).waitFor();
    await ben.getByRole('button', { name: 'Leave' }).click();
    await ben.locator('dialog').last().getByRole('button', { name: 'Leave' }).click();
    await listed(ben, 'Gardening').waitFor({ state: 'detached' });
    await say(ann, 'Bye');
    await open(ben, 'Lobby');
    expect(await listed(ben, 'Gardening').count()).toBe(0);

    await ann.getByRole('button', { name: 'New room or group' }).click();
    await ann.getByRole('radio', { name: 'Group' }).check();
    await ann.getByLabel('Name').fill('Two of us');
    await ann.getByRole('searchbox').fill('ben');
    await ann.getByRole('button', { name: 'Invite Ben' }).click();
    await ann.getByRole('button', { name: 'Create', exact: true }).click();
    await listed(ben, 'Two of us').waitFor();
  });

  it('keeps the open conversation through a reload, and works by keyboard alone', async () => {
    const kim = await stage.visit();
    await register(kim, 'kim', 'Kim');
    await open(kim, 'Lobby');
    await composer(kim).fill('one line');
    await composer(kim).press('Shift+Enter');
    await composer(kim).pressSequentially('another line');
    await composer(kim).press('Enter');
    await kim.locator('.message[data-seq] .text', { hasText: /^one line\nanother line$/ }).waitFor();
    await kim.reload();
    await kim.locator('.message[data-seq] .text', { hasText: /^one line\nanother line$/ }).waitFor();
    expect(await kim.locator('.conversation[aria-current=page] .title').textContent()).toBe('Lobby');
  });
});
