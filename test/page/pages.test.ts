import { expect, it } from 'vitest';
import { numbered, seeder } from './seed.ts';
import { banner, eventually, inChromium, signIn } from './support.ts';

const rooms = 120;
const pageSize = 50;

inChromium('a list that loads more', stage => {
  it('goes on where it ended, holds each once, and stays as long as it is while the connection is lost and comes back', async () => {
    const owner = await seeder(stage.server, 'owner');
    await Promise.all(numbered('Room', rooms).map(name => owner.ask('conversation:create', { kind: 'room', name })));
    await seeder(stage.server, 'reader');
    const wire = await stage.link();
    const page = await stage.visit({ url: wire.url });
    await signIn(page, 'reader');
    await page.getByRole('button', { name: 'New conversation' }).click();
    await page.getByRole('menuitem', { name: 'Browse rooms' }).click();
    const dialog = page.getByRole('dialog');
    const more = dialog.getByRole('button', { name: 'Show more' });
    const titles = () => dialog.locator('.rooms-name').allTextContents();
    await eventually(async () => (await titles()).length).toBe(pageSize);
    const first = await titles();
    await more.click();
    await eventually(async () => (await titles()).length).toBe(2 * pageSize);
    const shown = await titles();
    expect(shown.slice(0, pageSize)).toEqual(first);

    wire.cut();
    await banner(page).waitFor();
    await more.click();
    await page.locator('.notice.bad').waitFor();
    expect(await titles()).toEqual(shown);
    wire.heal();
    await banner(page).waitFor({ state: 'hidden', timeout: 40_000 });
    expect(await titles()).toEqual(shown);
    await more.click();
    await eventually(async () => (await titles()).length).toBe(rooms);
    expect([...(await titles())].sort()).toEqual(numbered('Room', rooms).sort());
    expect(await more.count()).toBe(0);
  });

  it('begins anew with the connection where it was not read on in', async () => {
    const owner = await seeder(stage.server, 'founder');
    await seeder(stage.server, 'guest');
    const wire = await stage.link();
    const page = await stage.visit({ url: wire.url });
    await signIn(page, 'guest');
    await page.getByRole('button', { name: 'New conversation' }).click();
    await page.getByRole('menuitem', { name: 'Browse rooms' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('.rooms-name').first().waitFor();
    wire.cut();
    await banner(page).waitFor();
    await owner.ask('conversation:create', { kind: 'room', name: 'A new one' });
    expect(await dialog.getByText('A new one').count()).toBe(0);
    wire.heal();
    await dialog.getByText('A new one').waitFor({ timeout: 40_000 });
  });
});
