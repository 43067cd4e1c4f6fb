import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);

/** The pictures that a page of the documentation shows, as paths from the root. */
const shownIn = (page: string) =>
  [...readFileSync(new URL(page, root), 'utf8').matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, path]) =>
    posix.join(posix.dirname(page), path ?? ''),
  );

test.each(['README.md', 'docs/page.md'])(
  'the pictures of %s are there, each with words for who cannot see it',
  page => {
    const shown = shownIn(page);
    expect(shown.length).toBeGreaterThan(5);
    expect(shown.filter(path => !existsSync(new URL(path, root)))).toEqual([]);
  },
);

test('docs/page.md shows each picture', () => {
  const all = readdirSync(new URL('docs/screenshots/', root)).map(name => `docs/screenshots/${name}`);
  expect(all.filter(path => !shownIn('docs/page.md').includes(path))).toEqual([]);
});
