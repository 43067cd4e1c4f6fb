import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { inChromium } from './support.ts';

interface Manifest {
  name: string;
  display: string;
  theme_color: string;
  icons: { src: string; sizes: string; type: string; purpose: string }[];
}

/** A picture as the browser draws it. `isWhole`: it covers all its corners. */
const draw = (page: Page, src: string) =>
  page.evaluate<{ type: string; size: string; isWhole: boolean; middle: number[] }>(`(async () => {
    const answer = await fetch(${JSON.stringify(src)});
    const image = await createImageBitmap(await answer.blob());
    const { width, height } = image;
    const context = new OffscreenCanvas(width, height).getContext('2d');
    context.drawImage(image, 0, 0);
    const at = (x, y) => [...context.getImageData(x, y, 1, 1).data];
    const corners = [at(0, 0), at(width - 1, 0), at(0, height - 1), at(width - 1, height - 1)];
    return {
      type: answer.headers.get('content-type'),
      size: width + 'x' + height,
      isWhole: corners.every(([, , , alpha]) => alpha === 255),
      middle: at(width / 2, height / 2),
    };
  })()`);

inChromium('the page as an app of its own', stage => {
  it('has a manifest in which a browser finds no fault, and each icon as that says', async () => {
    const page = await stage.visit();
    const cdp = await page.context().newCDPSession(page);
    const { url, errors, data } = await cdp.send('Page.getAppManifest');
    expect(errors).toEqual([]);
    expect((await fetch(url)).headers.get('content-type')).toMatch(/^application\/manifest\+json\b/);
    const { icons, ...facts } = JSON.parse(data ?? '') as Manifest;
    expect(facts).toMatchObject({ name: 'Parley', display: 'standalone' });
    const ground = await page.locator('meta[name=theme-color]').first().getAttribute('content');
    expect(facts.theme_color).toBe(ground);

    const pictures = icons.filter(({ type }) => type === 'image/png');
    expect(pictures.map(({ sizes, purpose }) => `${purpose} ${sizes}`)).toEqual([
      'any 192x192',
      'any 512x512',
      'maskable 512x512',
    ]);
    for (const { src, sizes, type, purpose } of pictures) {
      const drawn = await draw(page, src);
      expect(drawn).toMatchObject({ type, size: sizes, isWhole: purpose === 'maskable' });
      expect(drawn.middle[3]).toBe(255);
    }
    const apple = await page.locator('link[rel=apple-touch-icon]').getAttribute('href');
    expect(await draw(page, apple ?? '')).toMatchObject({ type: 'image/png', size: '180x180', isWhole: true });
  });
});
