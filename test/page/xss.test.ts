import { expect, it } from 'vitest';
import { api, clientId, signUp, someName } from '../support/clients.ts';
import { payloads } from './payloads.ts';
import { inChromium, open, openDirect, register, said, say } from './support.ts';

/** Elements that the page itself makes; anything else came from a payload. */
const foreign =
  "script:not([src='main.js']), iframe, object, embed, base, meta[http-equiv], form[action], video, audio, marquee, details, template, math, style, link:not([rel=icon]):not([href='styles.css']), img:not([src='icon.svg'])";

inChromium('hostile text on the demo page', stage => {
  it('[S48] a hundred payloads in messages, names, rooms and topics stay text', async () => {
    expect(payloads.length).toBeGreaterThanOrEqual(100);
    const page = await stage.visit();
    await page.addInitScript(
      "addEventListener('securitypolicyviolation', event => { (globalThis.violations ??= []).push(event.blockedURI); });",
    );
    await page.reload();
    await register(page, 'victim', 'Victim');

    // Names are shorter than messages and hold no control characters.
    const names = payloads.map(text => [...text.replaceAll(/\p{Cc}/gu, ' ')].slice(0, 80).join(''));
    for (const [index, message] of payloads.entries()) {
      const author = await signUp(stage.server, someName('x'));
      const rest = api(stage.server, author.token);
      const renamed = await rest('PUT', '/user/v1/profile', { full_name: names[index] });
      expect(renamed.status).toBe(200);
      const sent = await rest('POST', '/message/v1/send', { conversation_id: 'lobby', message, client_id: clientId() });
      expect(sent.status).toBe(201);
      if (index % 5 === 0) {
        const room = { kind: 'room', name: `${index} ${names[index]}`.slice(0, 80), topic: message.slice(0, 250) };
        const made = await rest('POST', '/conversation/v1', room);
        expect(made.status).toBe(201);
        await rest('POST', `/conversation/v1/${made.body.id}/members`, { user_ids: [await victimId()] });
      }
    }

    async function victimId() {
      return String(await page.evaluate("JSON.parse(sessionStorage.getItem('parley:session')).user.id"));
    }

    await page.reload();
    await open(page, 'Lobby');
    while ((await page.locator('.start', { hasText: 'This is where it begins' }).count()) === 0)
      await page.locator('.timeline').evaluate(node => {
        node.scrollTop = 0;
      });
    expect((await said(page)).map(({ text }) => text)).toEqual(payloads);
    const shownNames = await page.locator('.message .author').allTextContents();
    expect(shownNames).toEqual(names);
    await expectClean();

    const rooms = await page
      .locator('.conversation[data-conversation]')
      .evaluateAll(nodes => nodes.map(node => node.getAttribute('data-conversation')));
    expect(rooms.length).toBeGreaterThan(20);
    for (const id of rooms) {
      await page.locator(`[data-conversation="${id}"]`).click();
      await page.locator(`[data-open="${id}"]`).waitFor();
    }
    await page.getByRole('button', { name: 'Browse rooms' }).click();
    await page.locator('dialog .row').nth(20).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Message somebody' }).click();
    await page.getByRole('searchbox').fill('<');
    await page.locator('dialog .row').first().waitFor();
    await expectClean();
    await page.getByRole('button', { name: 'Close' }).click();

    const other = await stage.visit();
    await register(other, 'mallory', '"><img src=x onerror=alert(1)>');
    await openDirect(page, '"><img src=x onerror=alert(1)>');
    for (const text of payloads.slice(0, 12)) await say(page, text);
    await page.locator('.message[data-seq]').nth(11).waitFor();
    await expectClean();
  });

  async function expectClean() {
    for (const page of stage.browser.contexts().flatMap(context => context.pages())) {
      expect(await page.locator(foreign).evaluateAll(nodes => nodes.map(node => node.outerHTML))).toEqual([]);
      const facts = await page.evaluate(`({
        pwned: globalThis.pwned,
        violations: globalThis.violations,
        handlers: [...document.querySelectorAll('*')].flatMap(node => node.getAttributeNames().filter(name => name.startsWith('on') || name === 'style')),
        links: [...document.querySelectorAll('.text a')].map(link => link.protocol).filter(protocol => protocol !== 'http:' && protocol !== 'https:'),
        inside: [...document.querySelectorAll('.text *')].map(node => node.localName).filter(name => name !== 'a' && name !== 'span'),
      })`);
      expect(facts).toEqual({ pwned: undefined, violations: undefined, handlers: [], links: [], inside: [] });
    }
  }
});
