import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a program of one of these names is, on PATH; undefined where there is none. */
const onPath = (...names) => {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of names) {
      const file = join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch (error) {
        if (error.code !== 'ENOENT' && error.code !== 'EACCES' && error.code !== 'ENOTDIR') throw error;
      }
    }
  }
  return undefined;
};

/**
 * The real programs that some suites need, one row each.
 * `suites`: folders below test/ that cannot run without it. `env`: told to the tests, as the program's path.
 */
export const realParts = [
  {
    name: 'Chromium',
    suites: ['test/page'],
    env: 'PARLEY_CHROMIUM',
    find: () =>
      process.env.PARLEY_CHROMIUM ||
      onPath('chromium', 'chromium-browser', 'chromium-headless-shell', 'chrome-headless-shell', 'google-chrome'),
  },
];

/** Folders below test/ that run after the others, one file at a time: each of their files loads the machine by itself. */
export const heavySuites = ['test/page'];
