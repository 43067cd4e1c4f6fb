import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import {
  begin,
  confirm,
  dialog,
  fromItsMenu,
  fromMenuOf,
  fromMenuOfMember,
  hasFocus,
  idOf,
  member,
  notice,
} from './gestures.ts';
import { seeder } from './seed.ts';
import { composer, heading, inChromium, listed, open, register, say, saying } from './support.ts';

const panel = (page: Page) => page.getByRole('complementary', { name: 'Details' });

const actions = async (page: Page, name: string) => {
  const button = panel(page).getByRole('button', { name: `Actions for ${name}` });
  await button.click();
  const all = await page.getByRole('menu').getByRole('menuitem').allTextContents();
  await page.keyboard.press('Escape');
  await hasFocus(button);
  return all;
};

inChromium('the members of a room', stage => {
  let ann: Page;
  let ben: Page;
  let cleo: Page;

  it('are listed with their roles, and who is there', async () => {
    ann = await stage.visit();
    ben = await stage.visit();
    cleo = await stage.visit();
    await register(ann, 'ann', 'Ann');
    await register(ben, 'ben', 'Ben');
    await register(cleo, 'cleo', 'Cleo');
    const maker = await seeder(stage.server, 'maker', 'Maker');
    const { id } = await maker.ask('conversation:create', { kind: 'room', name: 'Club' });
    const [ann_id, ben_id, cleo_id] = await Promise.all(
      ['ann', 'ben', 'cleo'].map(name => idOf(stage.server, maker, name)),
    );
    await maker.ask('conversation:invite', {
      conversation_id: id,
      user_ids: [ann_id ?? '', ben_id ?? '', cleo_id ?? ''],
    });
    await maker.ask('conversation:role', { conversation_id: id, user_id: ann_id ?? '', role: 'owner' });
    await maker.ask('conversation:leave', { conversation_id: id });
    for (const page of [ann, ben, cleo]) {
      await open(page, 'Club');
      await page.getByRole('button', { name: 'Members', exact: true }).click();
      await panel(page).getByRole('heading', { name: '3 members' }).waitFor();
    }
    await member(ann, 'Ann').getByText('Owner').waitFor();
    await member(ann, 'Ann').getByText('you', { exact: true }).waitFor();
    await member(ann, 'Ben').getByText('Online').waitFor({ state: 'attached' });
    expect(await panel(ann).locator('.members-row .person-name').allTextContents()).toEqual(['Ann', 'Ben', 'Cleo']);
    expect(await actions(ben, 'Cleo')).toEqual(['Message']);
    expect(await panel(ben).getByRole('button', { name: 'Actions for Ben' }).count()).toBe(0);
  });

  it('get roles, which take effect at once', async () => {
    await fromMenuOfMember(ann, 'Ben', 'Make admin');
    await member(ben, 'Ben').getByText('Admin').waitFor();
    await member(cleo, 'Ben').getByText('Admin').waitFor();
    expect(await actions(ben, 'Cleo')).toEqual([
      'Message',
      'Mute for 15 minutes',
      'Mute for 1 hour',
      'Mute for 24 hours',
      'Remove',
      'Ban',
    ]);
    expect(await actions(ben, 'Ann')).toEqual(['Message']);
    // An admin takes back what members say.
    await say(cleo, 'something rude');
    await fromMenuOf(saying(ben, 'something rude'), 'Take back');
    await confirm(ben, 'Take back');
    await saying(cleo, 'This message was taken back').waitFor();
  });

  it('are muted: what they write in says so at once, and is back as soon', async () => {
    await composer(cleo).fill('what I was about to');
    await fromMenuOfMember(ben, 'Cleo', 'Mute for 15 minutes');
    await cleo.getByText(/^You are muted here until .+ You can read along\.$/).waitFor();
    expect(await composer(cleo).count()).toBe(0);
    await listed(cleo, 'Club').getByText('You are muted here').waitFor({ state: 'attached' });
    await member(ann, 'Cleo')
      .getByText(/^Muted until/)
      .waitFor({ state: 'attached' });
    await saying(cleo, 'This message was taken back').waitFor();
    await say(ben, 'Hush');
    await saying(cleo, 'Hush').hover();
    const beside = saying(cleo, 'Hush').getByRole('group', { name: 'Actions for this message' });
    await beside.getByRole('button', { name: 'More' }).waitFor();
    expect(await beside.getByRole('button', { name: 'Reply' }).count()).toBe(0);
    await fromMenuOfMember(ben, 'Cleo', 'Unmute');
    await composer(cleo).waitFor();
    expect(await composer(cleo).inputValue()).toBe('what I was about to');
    await say(cleo, 'I can speak again');
    await saying(ann, 'I can speak again').waitFor();
  });

  it('are not asked to say hello where they may not', async () => {
    const owner = await seeder(stage.server, 'owner', 'Owner');
    const mute = (muted_until: string | null) =>
      owner.ask('conversation:mute', { conversation_id: id, user_id, muted_until });
    const user_id = await idOf(stage.server, owner, 'cleo');
    const { id } = await owner.ask('conversation:create', { kind: 'group', name: 'Silent', members: [user_id] });
    const hello = cleo.getByRole('button', { name: 'Say hello' });
    await open(cleo, 'Silent');
    await hello.waitFor();
    await mute(new Date(Date.now() + 3_600_000).toISOString());
    await cleo.getByText(/You can read along/).waitFor();
    await hello.waitFor({ state: 'detached' });
    await mute(null);
    await hello.waitFor();
    await open(cleo, 'Club');
    await cleo.getByRole('button', { name: 'Members', exact: true }).click();
  });

  it('are removed and come back by themselves', async () => {
    // Typing, which nobody can be told of any more by then.
    await composer(cleo).fill('I was just');
    await fromMenuOfMember(ben, 'Cleo', 'Remove');
    await dialog(ben).getByRole('heading', { name: 'Remove Cleo?' }).waitFor();
    await confirm(ben, 'Remove');
    await listed(cleo, 'Club').waitFor({ state: 'detached' });
    await member(ann, 'Cleo').waitFor({ state: 'detached' });
    await cleo.getByRole('alert').getByText('You are no longer in this room.').waitFor();
    await cleo.getByRole('button', { name: 'Join', exact: true }).click();
    await saying(cleo, 'I can speak again').waitFor();
    await member(ann, 'Cleo').waitFor();
  });

  it('are banned, and stay out until that is lifted', async () => {
    await fromMenuOfMember(ann, 'Cleo', 'Ban');
    await confirm(ann, 'Ban');
    await listed(cleo, 'Club').waitFor({ state: 'detached' });
    await cleo.getByRole('heading', { name: 'This conversation is not there' }).waitFor();
    await cleo.getByRole('alert').getByText('You are no longer in Club, or it was deleted.').waitFor();
    await panel(cleo).getByText('This conversation is not there, or you are not in it.').waitFor();
    await begin(cleo, 'Browse rooms');
    await dialog(cleo).getByRole('button', { name: 'Join Club' }).click();
    await notice(cleo, 'You are banned from this room.').waitFor();
    const lift = panel(ann).getByRole('button', { name: 'Unban Cleo' });
    await lift.waitFor();
    await panel(ben).getByRole('button', { name: 'Unban Cleo' }).waitFor();
    await lift.click();
    await lift.waitFor({ state: 'detached' });
    await confirm(cleo, 'Join Club');
    await heading(cleo, 'Club').waitFor();
    await say(cleo, 'Back');
    await saying(ann, 'Back').waitFor();
  });

  it('are written to from their menu, and leave: the last owner not before there is another', async () => {
    await cleo.getByRole('button', { name: 'Members', exact: true }).click();
    await fromMenuOfMember(cleo, 'Ann', 'Message');
    await heading(cleo, 'Ann').waitFor();
    await fromItsMenu(ann, 'Leave');
    await confirm(ann, 'Leave');
    await notice(ann, 'Make somebody else an owner first, or delete it.').waitFor();
    await fromMenuOfMember(ann, 'Ben', 'Make owner');
    await member(ben, 'Ben').getByText('Owner').waitFor();
    await panel(ann).getByRole('button', { name: 'Leave' }).click();
    await confirm(ann, 'Leave');
    await heading(ann, 'Lobby').waitFor();
    await member(ben, 'Ann').waitFor({ state: 'detached' });
  });
});
