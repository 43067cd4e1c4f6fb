import type { ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RequestHandler } from 'express';
import staticGzip from 'express-static-gzip';

/** Beside `src` and `dist` alike; `npm run build` fills it. */
const pageFolder = fileURLToPath(new URL('../../dist/page/', import.meta.url));
const neverChanging = join(pageFolder, 'assets') + sep;

/** The page's files, compressed beforehand for whoever takes them so. */
export const createDemo = (): RequestHandler =>
  staticGzip(pageFolder, {
    enableBrotli: true,
    orderPreference: ['br', 'gzip'],
    serveStatic: { dotfiles: 'ignore', redirect: false, cacheControl: false, setHeaders },
  });

/** Names below assets/ bear the hash of what is in them. A browser asks about the others each time, and is mostly told that nothing changed. */
const setHeaders = (reply: ServerResponse, path: string) =>
  void reply.setHeader(
    'Cache-Control',
    path.startsWith(neverChanging) ? 'public, max-age=31536000, immutable' : 'no-cache',
  );
