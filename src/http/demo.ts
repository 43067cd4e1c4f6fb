import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type NextFunction, type Request, Router } from 'express';
import staticGzip from 'express-static-gzip';
import type { Reply } from './context.ts';

/** What the page says of this server before anybody talks to it; the server itself has the last word. */
export interface PageFacts {
  /** In characters. */
  passwordMinLength: number;
}

/** Beside `src` and `dist` alike; `npm run build` fills it. */
const pageFolder = fileURLToPath(new URL('../../dist/page/', import.meta.url));
const neverChanging = join(pageFolder, 'assets') + sep;

/** The page's files, compressed beforehand for whoever takes them so; but for its HTML, which is small. */
export const createDemo = (facts: PageFacts): Router => {
  const router = Router();
  router.get(['/', '/index.html'], createIndex(facts));
  router.use(
    staticGzip(pageFolder, {
      enableBrotli: true,
      orderPreference: ['br', 'gzip'],
      serveStatic: { dotfiles: 'ignore', redirect: false, cacheControl: false, setHeaders },
    }),
  );
  return router;
};

/** Read each time, as a build may write it anew. */
const createIndex = (facts: PageFacts) => async (_request: Request, reply: Reply, next: NextFunction) => {
  const html = await readFile(join(pageFolder, 'index.html'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (html === undefined) return next();
  const told = html.replace(/(?<=name="password-min-length" content=")\d+/, String(facts.passwordMinLength));
  const tag = createHash('sha256').update(told).digest('base64url');
  reply
    .set({ 'Cache-Control': 'no-cache', ETag: `"${tag}"` })
    .type('html')
    .send(told);
};

/** Names below assets/ bear the hash of what is in them. A browser asks about the others each time, and is mostly told that nothing changed. */
const setHeaders = (reply: ServerResponse, path: string) =>
  void reply.setHeader(
    'Cache-Control',
    path.startsWith(neverChanging) ? 'public, max-age=31536000, immutable' : 'no-cache',
  );
