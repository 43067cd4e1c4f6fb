import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Before any test: the page that servers serve is that of this checkout. */
export const setup = () => {
  const script = fileURLToPath(new URL('../../scripts/build-page.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' });
  if (status !== 0) throw new Error('The page could not be built.');
};
