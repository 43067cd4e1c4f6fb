import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** The themes differ in nothing else. */
const colours = ['color-contrast', 'link-in-text-block'];

/** What is wrong with what stands on the page, by rule and element. */
const faults = async (page: Page, rules: readonly string[]) => {
  // What fades in has other colours meanwhile.
  await page.evaluate(`(async () => {
    const fades = () => document.getAnimations().filter(one => one.playState === 'running' && one.effect.getTiming().iterations !== Infinity);
    for (let fading = fades(); fading.length > 0; fading = fades()) {
      await Promise.all(fading.map(one => one.finished.catch(() => undefined)));
      await new Promise(resolve => requestAnimationFrame(resolve));
    }
  })()`);
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(axe);
  const options = JSON.stringify({ runOnly: rules, resultTypes: ['violations'] });
  return page.evaluate<
    string[]
  >(`axe.run(document, ${options}).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, any, all, none }) => id + ': ' + target.join(' ') + ' ' + [...any, ...all, ...none].map(one => one.message).join('; '))))`);
};

/** Looks at states of the page in both themes, and says at the end what is wrong in which. */
export const inspection = () => {
  let found: Record<string, string[]> = {};
  return {
    async check(page: Page, what: string) {
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.locator(`html[data-theme=${colorScheme}]`).waitFor();
        const wrong = await faults(page, colorScheme === 'light' ? tags : colours);
        if (wrong.length > 0) found[`${what}, ${colorScheme}`] = wrong;
      }
    },
    isFaultless() {
      const all = found;
      found = {};
      expect(all).toEqual({});
    },
  };
};
