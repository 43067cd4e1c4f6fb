// Draws the page's icon anew as pictures, for home screens that take no SVG: `npm run icons`. Needs Chromium.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { programOf } from './real-parts.mjs';

const folder = join(fileURLToPath(new URL('..', import.meta.url)), 'client-demo/public');
const colour = '#4f5bd5';

const icon = readFileSync(join(folder, 'icon.svg'), 'utf8');
const swapped = icon.replaceAll(colour, 'ground').replaceAll('#fff', colour).replaceAll('ground', '#fff');
const shapes = swapped.replace(/<\/?svg[^>]*>/g, '');
/** For systems that cut out a shape of their own: to every edge its colour, and what is drawn on it within the circle that they all leave. */
const tile = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
  <path fill="${colour}" d="M0 0h32v32H0z"/>
  <g transform="translate(16 16) scale(0.64) translate(-16 -15)">${shapes}</g>
</svg>`;

const pictures = [
  { file: 'icon-192.png', size: 192, drawing: icon },
  { file: 'icon-512.png', size: 512, drawing: icon },
  { file: 'icon-maskable-512.png', size: 512, drawing: tile },
  { file: 'apple-touch-icon.png', size: 180, drawing: tile },
];

const browser = await chromium.launch({
  executablePath: programOf('Chromium'),
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  for (const { file, size, drawing } of pictures) {
    const page = await browser.newPage({ viewport: { width: size, height: size } });
    await page.setContent(`<style>body { margin: 0 } svg { display: block }</style>${drawing}`);
    await page.screenshot({ path: join(folder, file), omitBackground: true });
    await page.close();
  }
} finally {
  await browser.close();
}
