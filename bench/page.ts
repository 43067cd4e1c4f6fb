// What the page weighs when it is opened for the first time.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** As `npm run build` left it; this file is dist/bench/page.js. */
const folder = fileURLToPath(new URL('../page/', import.meta.url));

/** KiB. */
const aimKib = 120;

/** The document, and the files of ours that it names. */
const firstLoad = () => {
  const html = readFileSync(`${folder}index.html`, 'utf8');
  return ['index.html', ...[...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path]) => path ?? '')];
};

/** Rows of a table. */
export const measurePage = (): string[] => {
  const compressed = new Set(readdirSync(folder, { recursive: true, encoding: 'utf8' }));
  const bytes = firstLoad().map(
    path => readFileSync(folder + (compressed.has(`${path}.gz`) ? `${path}.gz` : path)).length,
  );
  const kib = bytes.reduce((sum, size) => sum + size, 0) / 1_024;
  return [
    `| the page, first load, everything gzipped | ${kib.toFixed(1)} KiB | at most ${aimKib} KiB: ${kib <= aimKib ? 'met' : 'missed'} |`,
  ];
};
